from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.tools import SQL

from ...tools.actions import window_of
from ...tools.columns import write_columns
from ...tools.counting import count_of
from .ledger import CONTACTS, kind_of

#: Participants are written about months that ended at most so many days ago; older
#: ones, of a program that is moved to Odoo, are caught up without a word.
MAIL_DAYS = 62


class ReferralAccrual(models.Model):
    """The participants' statements of a posted month, in one statement of SQL."""

    _inherit = "referral.accrual"

    statement_ids = fields.One2many("referral.statement", "accrual_id", "Statements")
    statement_count = fields.Integer(
        compute=count_of("statement_count", "referral.statement", "accrual_id")
    )
    statements_on = fields.Datetime(
        "Statements Made On",
        readonly=True,
        copy=False,
        help="When the participants' statements of the month were made.",
    )

    def _make_statements(self):
        """Freeze the month for each participant with a compensation or a movement.

        Months are frozen in order, so earlier ones are made first. Nothing happens
        to a month that is not posted, or that has its statements.

        :raise UserError: if the program is being accrued at this moment
        """
        for accrual in self.sorted(lambda a: (a.program_id.id, a.period_start)):
            if accrual._lacks_statements():
                accrual.program_id._lock_for_accrual()
                accrual._freeze_in_order()

    def _make_statements_in_job(self):
        """Do the same for one month.

        :raise ConcurrencyError: if another worker is at the program
        """
        self.ensure_one()
        if self._lacks_statements():
            self.program_id._take_for_step()
            self._freeze_in_order()

    def _lacks_statements(self):
        return self.state == "posted" and not self.statements_on

    def _freeze_in_order(self):
        """Freeze the month after those before it; the caller has locked the program."""
        # sudo: statements are made by the program, nobody may write them
        for due in self.sudo().search(
            [
                ("program_id", "=", self.program_id.id),
                ("state", "=", "posted"),
                ("statements_on", "=", False),
                ("period_start", "<=", self.period_start),
            ],
            order="period_start",
        ):
            due._freeze()

    def _freeze(self):
        """Write the month's statements, and take the marks that led to them.

        The caller has locked the program.
        """
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(self._statements_query())
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM referral_statement_mark mark
                 USING referral_participant participant
                 WHERE participant.id = mark.participant_id
                   AND participant.program_id = %s
                   AND mark.date <= %s
                """,
                self.program_id.id,
                self.period_end,
            )
        )
        write_columns(self, statements_on=fields.Datetime.now())
        self._seal_statements()
        self.invalidate_recordset()
        self.env["referral.statement"].invalidate_model()

    def _statements_query(self):
        """Return the ``INSERT`` of the month's statements.

        An accrual's item belongs to its accrual's month whatever its accounting
        date, any other item to the month of its accounting date. What came into an
        earlier month after that was frozen is the difference that nothing else
        explains: the adjustment. Balances from before the program's first month are
        its opening balances.
        """
        program = self.program_id.sudo()
        frozen_before = self.search_count(
            [("program_id", "=", program.id), ("statements_on", "!=", False)], limit=1
        )
        return SQL(
            """
            WITH candidate AS (
                SELECT participant_id
                  FROM referral_compensation
                 WHERE accrual_id = %(accrual)s
                 UNION
                SELECT mark.participant_id
                  FROM referral_statement_mark mark
                  JOIN referral_participant participant
                    ON participant.id = mark.participant_id
                 WHERE participant.program_id = %(program)s
                   AND mark.date <= %(end)s
            ), item AS (
                SELECT candidate.participant_id,
                       -item.balance AS amount,
                       CASE
                       WHEN accrual.id IS NOT NULL
                       THEN CASE WHEN accrual.period_start < %(start)s
                                 THEN 'before' ELSE 'accrual' END
                       WHEN item.date < %(start)s THEN 'before'
                       ELSE %(kind)s END AS kind
                  FROM candidate
                  JOIN (%(contacts)s) holder
                    ON holder.participant_id = candidate.participant_id
                  JOIN account_move_line item
                    ON item.partner_id = holder.partner_id
                   AND item.account_id = %(account)s
                   AND item.company_id IN %(companies)s
                   AND item.parent_state = 'posted'
                  JOIN account_move move ON move.id = item.move_id
                  LEFT JOIN referral_accrual accrual
                    ON accrual.id = move.referral_accrual_id
                   AND accrual.program_id = %(program)s
                 WHERE COALESCE(accrual.period_start, item.date) <= %(end)s
            ), ledger AS (
                SELECT participant_id,
                       SUM(amount) AS closing,
                       SUM(amount) FILTER (WHERE kind = 'before') AS before,
                       SUM(amount) FILTER (WHERE kind = 'withdrawn') AS withdrawn,
                       SUM(amount) FILTER (WHERE kind = 'used_for_invoices')
                           AS used_for_invoices,
                       BOOL_OR(kind <> 'before') AS moved
                  FROM item
                 GROUP BY participant_id
            ), evidence AS (
                SELECT id AS compensation_id, participant_id, amount, accrued
                  FROM referral_compensation
                 WHERE accrual_id = %(accrual)s
            ), figures AS (
                SELECT candidate.participant_id,
                       evidence.compensation_id,
                       COALESCE(previous.closing,
                                CASE WHEN %(first)s THEN ledger.before END,
                                0) AS opening,
                       COALESCE(evidence.accrued, 0) AS accrued,
                       COALESCE(evidence.amount - evidence.accrued, 0) AS reversed,
                       COALESCE(ledger.withdrawn, 0) AS withdrawn,
                       COALESCE(ledger.used_for_invoices, 0) AS used_for_invoices,
                       COALESCE(ledger.closing, 0) AS closing,
                       COALESCE(ledger.moved, FALSE) AS moved
                  FROM candidate
                  LEFT JOIN ledger USING (participant_id)
                  LEFT JOIN evidence USING (participant_id)
                  LEFT JOIN LATERAL (
                       SELECT statement.closing
                         FROM referral_statement statement
                        WHERE statement.participant_id = candidate.participant_id
                          AND statement.period_start < %(start)s
                        ORDER BY statement.period_start DESC
                        LIMIT 1) previous ON TRUE
            )
            INSERT INTO referral_statement
                   (name, participant_id, accrual_id, compensation_id, program_id,
                    company_id, currency_id, period_start, lang, opening, accrued,
                    reversed, withdrawn, used_for_invoices, adjusted, closing, made_on,
                    to_mail)
            SELECT %(prefix)s || LPAD(number::text,
                       GREATEST(5, LENGTH(number::text)), '0'),
                   participant_id, %(accrual)s, compensation_id, %(program)s,
                   %(company)s, %(currency)s, %(start)s, lang, opening, accrued,
                   reversed, withdrawn, used_for_invoices, adjusted, closing, %(now)s,
                   %(mail)s AND wanted AND (accrued <> 0 OR reversed <> 0)
              FROM (
                SELECT figures.*,
                       closing - opening - accrued - reversed - withdrawn
                           - used_for_invoices AS adjusted,
                       COALESCE(partner.lang, %(lang)s) AS lang,
                       COALESCE(participant.mail_statement, FALSE) AS wanted,
                       ROW_NUMBER() OVER (ORDER BY participant.id) AS number
                  FROM figures
                  JOIN referral_participant participant
                    ON participant.id = figures.participant_id
                  JOIN res_partner partner ON partner.id = participant.partner_id
                 WHERE compensation_id IS NOT NULL OR moved OR closing <> opening
                    OR %(first)s AND closing <> 0
              ) statement
             ORDER BY number
            """,
            accrual=self.id,
            program=program.id,
            company=program.company_id.id,
            companies=program._companies()._ids,
            currency=program.currency_id.id,
            account=program.liability_account_id.id,
            kind=kind_of(self.env),
            contacts=CONTACTS,
            first=not frozen_before,
            start=self.period_start,
            end=self.period_end,
            prefix=f"RB/{self.period_start:%Y/%m}/",
            lang=program.company_id.partner_id.lang or "en_US",
            now=fields.Datetime.now(),
            mail=program._today() <= self.period_end + relativedelta(days=MAIL_DAYS),
        )

    def action_view_statements(self):
        """Open the participants' statements of these months."""
        return window_of(self, "referral_statement_action", "accrual_id")
