from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date, formatLang

#: Participants whose change is shown, the largest first.
CHANGES = 15


class ReferralAccrual(models.Model):
    """Reviewing a month before it is posted: all that an accountant compares.

    The month before beside it, whose compensation changed most, what was not earned
    and why, and by which rates the rest was.
    """

    _inherit = "referral.accrual"

    not_earned = fields.Json(
        readonly=True,
        copy=False,
        help="Reason → number and base of this month's invoice lines that earn "
        "nothing, as found when the month was computed.",
    )
    review = fields.Html(compute="_compute_review", sanitize=False)

    # === FOUND WHEN IT IS COMPUTED === #

    def _store_not_earned(self):
        """Keep why this month's lines earn nothing."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE referral_accrual
                   SET not_earned = COALESCE((
                        SELECT JSONB_OBJECT_AGG(reason, JSONB_BUILD_ARRAY(lines, base))
                          FROM (SELECT reason, COUNT(*) AS lines, SUM(full_base) AS base
                                  FROM referral_result
                                 WHERE reason IS NOT NULL
                                   AND document_date BETWEEN %(start)s AND %(end)s
                                 GROUP BY reason) found
                       ), '{}')
                 WHERE id = %(accrual)s
                """,
                accrual=self.id,
                start=self.period_start,
                end=self.period_end,
            )
        )

    # === SHOWN === #

    @api.depends("state", "computed_on", "posted_on")
    @api.depends_context("lang")
    def _compute_review(self):
        for accrual in self:
            accrual.review = accrual.state != "draft" and self.env["ir.qweb"]._render(
                "referral_program.accrual_review", accrual._review_values()
            )

    def _review_values(self):
        """Return what the review shows, as plain data."""
        before = self._month_before()
        return {
            "month": self._month_name(self.period_start),
            "month_before": self._month_name(before.period_start) if before else "",
            "totals": self._review_totals(before),
            "changes": self._review_changes(before),
            "change_count": CHANGES,
            "rates": self._review_rates(),
            "not_earned": self._review_not_earned(),
            "is_known": isinstance(self.not_earned, dict),
        }

    def _month_before(self):
        """Return the accrual of the month before, perhaps none."""
        return self.search(
            [
                ("program_id", "=", self.program_id.id),
                ("period_start", "=", self.period_start - relativedelta(months=1)),
            ]
        )

    def _month_name(self, day):
        return format_date(self.env, day, date_format="LLLL y")

    def _review_money(self, amount):
        return formatLang(self.env, amount or 0.0, currency_obj=self.currency_id)

    def _review_change(self, amount, before):
        """Return a change with its sign, and in percent where there is a whole."""
        change = amount - before
        text = f"{'+' if change > 0 else ''}{self._review_money(change)}"
        if before:
            share = self.program_id._share(change, abs(before))
            text += f" ({'+' if change > 0 else ''}{share})"
        return text

    def _review_totals(self, before):
        """Return label, this month, the month before and the change of each total."""
        reversed_now, reversed_before = self._reversed(), before._reversed()
        rows = [
            (
                self.env._("Compensation"),
                self.amount,
                before.amount,
            ),
            (self.env._("Reversals in it"), reversed_now, reversed_before),
            (self.env._("Base"), self.base, before.base),
        ]
        totals = [
            (
                label,
                self._review_money(now),
                self._review_money(past) if before else "",
                self._review_change(now, past) if before else "",
            )
            for label, now, past in rows
        ]
        counts = self.compensation_count, before.compensation_count
        totals.append(
            (
                self.env._("Participants"),
                str(counts[0]),
                str(counts[1]) if before else "",
                f"{counts[0] - counts[1]:+d}" if before else "",
            )
        )
        return totals

    def _reversed(self):
        """Return what this month takes back of what earlier ones credited."""
        [[amount]] = self.env["referral.accrual.line"]._read_group(
            [("accrual_id", "in", self.ids), ("amount", "<", 0)], [], ["amount:sum"]
        )
        return amount or 0.0

    def _review_changes(self, before):
        """Return whose compensation changed most: participant, amounts, change."""
        months = dict.fromkeys((self, before)) if before else {self: None}
        found = {}
        for accrual in months:
            for compensation in accrual.compensation_ids:
                amounts = found.setdefault(compensation.participant_id, [0.0, 0.0])
                amounts[accrual != self] = compensation.amount
        changed = sorted(
            found.items(), key=lambda one: (-abs(one[1][0] - one[1][1]), one[0].id)
        )
        return [
            (
                participant,
                self._review_money(now),
                self._review_money(past),
                self._review_change(now, past),
                now < past,
            )
            for participant, (now, past) in changed[:CHANGES]
            if self.currency_id.compare_amounts(now, past)
        ]

    def _review_rates(self):
        """Return by which rates it was earned: label, clients, base, compensation."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT terms_id,
                       CASE WHEN amount >= 0 THEN ROUND(rate::numeric, 4)
                       END AS percent,
                       COUNT(DISTINCT partner_id), SUM(base), SUM(amount)
                  FROM referral_accrual_line
                 WHERE accrual_id = %s
                 GROUP BY 1, 2
                 ORDER BY percent NULLS LAST, terms_id
                """,
                self.id,
            )
        )
        return [
            (
                self._rate_name(self.env["referral.program.terms"].browse(terms), rate),
                str(clients),
                self._review_money(base),
                self._review_money(amount),
            )
            for terms, rate, clients, base, amount in rows
        ]

    def _rate_name(self, terms, rate):
        """Return what a rate of these terms is: their own, a tier's, a reversal's."""
        if rate is None:
            return self.env._("Reversals, at the rate that was credited")
        percent = formatLang(self.env, float(rate), digits=2)
        tiers = terms.tier_ids.filtered(
            lambda tier: abs(tier.rate - float(rate)) < 0.005
        )
        if tiers and abs(terms.rate - float(rate)) >= 0.005:
            return self.env._(
                "%(percent)s %%, tier above %(amount)s",
                percent=percent,
                amount=self._review_money(tiers[0].above),
            )
        return self.env._("%(percent)s %%", percent=percent)

    def _review_not_earned(self):
        """Return why lines earn nothing: label, lines, base; in the rule's order."""
        found = self.not_earned or {}
        return [
            (str(label), str(found[code][0]), self._review_money(found[code][1]))
            for code, label, _condition in self.env["referral.earning"]._reasons()
            if code in found
        ]

    def action_view_not_earned(self):
        """Open this month's lines that earn nothing, with their reasons."""
        self.ensure_one()
        self.check_access("read")
        explain = self.env["referral.explain"].create(
            {
                "program_id": self.program_id.id,
                "as_of": self.period_end,
                "date_from": self.period_start,
                "date_to": self.period_end,
                "excluded": True,
            }
        )
        return explain.action_explain()
