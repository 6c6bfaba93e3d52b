from odoo import models
from odoo.tools import SQL, format_date

from ..referral.referral_referral import IN_FORCE_STATES


class ReferralParticipant(models.Model):
    """Why a month gave what it gave, for the participant's own page.

    Only what is the participant's: their evidence, and lines of clients whose referral
    is theirs and in force. What others earned, and claims that staff have not decided
    on, are not in it.
    """

    _inherit = "referral.participant"

    # === WHICH MONTHS === #

    def _months_to_explain(self):
        """Return the credited months since the first referral, the newest first."""
        self.ensure_one()
        # sudo: participants read no accruals, nor who else brought their clients
        referrals = self.env["referral.referral"].sudo()
        [[first]] = referrals._read_group(
            self._of_shown_referrals(), [], ["date_start:min"]
        )
        own = [("compensation_ids.participant_id", "=", self.id)]
        if first:
            own = ["|", ("period_end", ">=", first), *own]
        accruals = self.env["referral.accrual"].sudo()
        return accruals.search(
            [
                ("program_id", "=", self.program_id.id),
                ("state", "=", "posted"),
                *own,
            ],
            order="period_start desc",
        )

    def _of_shown_referrals(self):
        """Return the domain of the referrals that the participant is told of."""
        return [("participant_id", "=", self.id), ("state", "in", IN_FORCE_STATES)]

    def _shown_referrals(self):
        """Return the referrals that the participant is told of, in superuser mode."""
        return self.env["referral.referral"].sudo().search(self._of_shown_referrals())

    # === AGAINST THE MONTH BEFORE === #

    def _compare_months(self, month, before):
        """Return what each client gave in two months, the largest change first.

        Amounts are exact: what is rounded is the participant's month.

        :param month: the ``referral.accrual`` asked about
        :param before: the one before it; may be empty
        :return: a list of dicts: referral, before, now, change and reversed, which is
            what the month took back, as a negative amount
        """
        self.ensure_one()
        clients = {}
        # sudo: the participant's own evidence, as on their statements
        lines = self.env["referral.accrual.line"].sudo()
        of_both = [("compensation_id", "in", self._credited(month | before).ids)]
        for referral, accrual, amount in lines._read_group(
            of_both, ["referral_id", "accrual_id"], ["amount:sum"]
        ):
            client = clients.setdefault(referral, {"before": 0.0, "now": 0.0})
            client["now" if accrual == month else "before"] = amount
        reversals = dict(
            lines._read_group(
                [
                    ("compensation_id", "in", self._credited(month).ids),
                    ("amount", "<", 0),
                ],
                ["referral_id"],
                ["amount:sum"],
            )
        )
        rows = [
            {
                "referral": referral,
                **client,
                "change": client["now"] - client["before"],
                "reversed": reversals.get(referral, 0.0),
            }
            for referral, client in clients.items()
        ]
        return sorted(rows, key=lambda row: (-abs(row["change"]), row["referral"].id))

    def _credited(self, accruals):
        """Return what the participant got in some months, in superuser mode."""
        # sudo: participants read no compensations
        compensations = self.env["referral.compensation"].sudo()
        return compensations.search(
            [("participant_id", "=", self.id), ("accrual_id", "in", accruals.ids)]
        )

    # === LINE BY LINE === #

    def _why_lines(self, accrual, line_key=None):
        """Return the lines that did not give all they could by a month's end.

        In the words of the accrual, as of its last day. Those that earn nothing come
        first, then those that wait.

        :param int line_key: only this line
        :return: ``referral.explanation`` in superuser mode
        """
        self.ensure_one()
        # sudo: the answer is for the participant, who reads neither lines nor invoices
        explains = self.env["referral.explain"].sudo()
        if self.env.user.share:
            # in place of what the page before was made of
            explains.search([("create_uid", "=", self.env.uid)]).unlink()
        explain = explains.create(
            {"program_id": self.program_id.id, "as_of": accrual.period_end}
        )
        explain._explain(
            self._why_groups(accrual),
            SQL(
                """
                line.participant_id = %(participant)s
                AND line.referral_id = ANY(%(referrals)s)
                AND (%(line)s IS NULL OR line.line_key = %(line)s)
                """,
                participant=self.id,
                referrals=self._shown_referrals().ids,
                line=SQL("%s::integer", line_key or None),
            ),
        )
        rows = explain.row_ids.filtered("reason")
        return rows.sorted(lambda row: (row.waits, row.partner_id.id, row.line_key))

    def _why_groups(self, accrual):
        """Return the ``SELECT`` of the invoices that a month's page is about.

        Those with evidence of the month, those with a document dated in it, and what
        was not paid: all of clients of this participant.
        """
        self.ensure_one()
        return SQL(
            """
            SELECT line.group_key AS group_id
              FROM referral_compensation compensation
              JOIN referral_accrual_line line
                ON line.compensation_id = compensation.id
             WHERE compensation.accrual_id = %(accrual)s
               AND compensation.participant_id = %(participant)s
             UNION
            SELECT COALESCE(move.referral_root_id, move.id)
              FROM referral_referral referral
              JOIN res_partner brought ON brought.id = referral.partner_id
              JOIN account_move move
                ON move.commercial_partner_id = brought.commercial_partner_id
             WHERE referral.participant_id = %(participant)s
               AND referral.id = ANY(%(referrals)s)
               AND move.move_type IN ('out_invoice', 'out_refund')
               AND move.state = 'posted'
               AND move.company_id IN %(companies)s
               AND move.invoice_date <= %(end)s
               AND (move.invoice_date >= %(start)s
                    OR move.payment_state NOT IN ('paid', 'reversed'))
            """,
            accrual=accrual.id,
            participant=self.id,
            referrals=self._shown_referrals().ids,
            companies=self.program_id._companies()._ids,
            start=accrual.period_start,
            end=accrual.period_end,
        )

    def _until_when(self, row):
        """Return until when a line waits, in words; a day only if it is to come.

        :param row: a ``referral.explanation``
        """
        if row.reason == "not_rendered" and row.end_date:
            if row.end_date >= self.program_id._today():
                return self.env._(
                    "until the service ends on %(date)s",
                    date=format_date(self.env, row.end_date, date_format="medium"),
                )
            return self.env._("until the end of the service")
        return {
            "not_rendered": self.env._("until the service is delivered"),
            "not_paid": self.env._("until the client pays"),
            "not_matched": self.env._("until the bank confirms the payment"),
            "participant_suspended": self.env._("until your participation is resumed"),
        }.get(row.reason, "")

    def _could_give(self, row):
        """Return the compensation that a waiting line would give in full."""
        return self.currency_id.round(row.unearned * row.rate / 100)
