from math import floor

from odoo import api, fields, models
from odoo.tools import format_date, formatLang

#: A line given in more months than these is summed up.
MOST_MONTHS = 3


class ReferralExplanation(models.TransientModel):
    """The explanation as one sentence, in the reader's language."""

    _inherit = "referral.explanation"

    explanation = fields.Text("Why", compute="_compute_explanation")

    @api.depends("line_key", "reason", "earned", "amount", "as_of")
    @api.depends_context("lang")
    def _compute_explanation(self):
        reasons = dict(self._fields["reason"]._description_selection(self.env))
        for row in self:
            label = reasons.get(row.reason, "")
            facts = label if row.reason == "gone" else row._facts()
            told = [
                row._what_is_earned(label),
                *row._what_was_credited(),
                row._to_come(),
            ]
            row.explanation = f"{facts}: {'; '.join(filter(None, told))}."

    # === WHAT HAS HAPPENED === #

    def _facts(self):
        """Return how much is paid and rendered."""
        return ", ".join((self._paid_text(), self._rendered_text()))

    def _paid_text(self):
        if self.full_base < 0 and self.move_id == self.invoice_id:
            return self.env._("A credit note that reverses no invoice")
        if not (self.paid or self.bonus or self.not_money):
            return self.env._("Not paid")
        values = {
            "paid": self._percent(self.paid),
            "bonus": self._percent(self.bonus),
            "other": self._percent(self.not_money),
        }
        if self.bonus and self.not_money:
            return self.env._(
                "Paid %(paid)s (another %(bonus)s by bonus, %(other)s by non-cash "
                "means)",
                **values,
            )
        if self.bonus:
            return self.env._("Paid %(paid)s (another %(bonus)s by bonus)", **values)
        if self.not_money:
            return self.env._(
                "Paid %(paid)s (another %(other)s by non-cash means)", **values
            )
        return self.env._("Paid %(paid)s", **values)

    def _rendered_text(self):
        if self.postpaid:
            return self.env._("counts as rendered, because the client is postpaid")
        if self.days:
            return self.env._(
                "rendered %(rendered)s of %(days)s days",
                rendered=self.days_rendered,
                days=self.days,
            )
        if self.rendered:
            return self.env._("rendered")
        return self.env._("not rendered yet")

    # === WHAT COMES OF IT === #

    def _what_is_earned(self, label):
        """Return what is earned, and why it is not all.

        :param str label: the reason's, or nothing
        """
        if self.reason == "gone":
            return ""
        if self.reason == "participant_suspended":
            return self.env._(
                "%(earned)s; new amounts wait until the participant is active again",
                earned=self._earned_text(),
            )
        why = label[:1].lower() + label[1:]
        if not self.earned:
            return self.env._("nothing earned (%(why)s)", why=why)
        if self.reason:
            return f"{self._earned_text()} ({why})"
        return self._earned_text()

    def _earned_text(self):
        base = self.credited_base + self.base
        rate = 100 * (self.credited_amount + self.amount) / base if base else self.rate
        return self.env._(
            "%(rate)s of %(base)s earned",
            rate=self._percent(rate, 4),
            base=self._money(self.earned),
        )

    def _what_was_credited(self):
        """Return what each month gave, or their sum if there are many."""
        lines = self.evidence_ids
        if self.env.user.share:
            # a client who was moved: participants are told of what is theirs
            lines = lines.filtered(
                lambda line: line.participant_id == self.participant_id
            )
        if len(lines) <= MOST_MONTHS:
            return [self._given_text(line) for line in lines]
        return [
            self.env._(
                "%(amount)s credited in %(count)s accruals, from %(first)s to %(last)s",
                amount=self._money(sum(lines.mapped("amount"))),
                count=len(lines),
                first=self._month(lines[0]),
                last=self._month(lines[-1]),
            )
        ]

    def _given_text(self, line):
        values = {"amount": self._money(abs(line.amount)), "month": self._month(line)}
        if line.amount < 0:
            text = self.env._("%(amount)s reversed for %(month)s", **values)
        else:
            text = self.env._("%(amount)s credited for %(month)s", **values)
        if line.state != "posted":
            return self.env._("%(given)s (not posted yet)", given=text)
        return text

    def _to_come(self):
        amount = self._money(abs(self.amount))
        if self.amount > 0:
            return self.env._(
                "%(amount)s will be credited by the next accrual", amount=amount
            )
        if self.amount < 0:
            return self.env._(
                "%(amount)s will be reversed by the next accrual", amount=amount
            )
        return ""

    # === AS THE READER READS IT === #

    def _month(self, line):
        return format_date(self.env, line.period_start, date_format="LLLL y")

    def _money(self, amount):
        return self.participant_id._money(amount, self.currency_id)

    def _percent(self, share, decimals=2):
        """Return a share, never rounded up: what is not all paid is not 100 %."""
        scale = 10**decimals
        exact = floor(round(share * scale, 4)) / scale
        digits = len(f"{exact:.{decimals}f}".rstrip("0").partition(".")[2])
        return f"{formatLang(self.env, exact, digits=digits)}\N{NO-BREAK SPACE}%"
