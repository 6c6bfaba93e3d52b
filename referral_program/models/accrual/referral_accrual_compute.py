from contextlib import contextmanager

from odoo import fields, models
from odoo.tools import SQL

from ...tools.rounding import rounded_query

#: What an accrual, or a dry run of one, needs to know of a line: what is left out
#: (what an explanation tells) is not computed.
RESULT = (
    "line_key",
    "group_id",
    "move_line_id",
    "participant_id",
    "referral_id",
    "is_further",
    "terms_id",
    "partner_id",
    "contact_id",
    "product_id",
    "move_name",
    "name",
    "invoice_date",
    "document_date",
    "start_date",
    "end_date",
    "paid",
    "rendered",
    "share",
    "full_base",
    "base",
    "rate",
    "amount",
    "reason",
    "look_again",
)


class ReferralAccrual(models.Model):
    """Computing a month: the evidence, in a handful of set-based statements."""

    _inherit = "referral.accrual"

    def _compute_if_possible(self):
        """Compute the month, anew if it was computed, unless entries are posted."""
        self.ensure_one()
        if self.move_ids:
            return
        self._compute_lines()
        self._update_state("computed", computed_on=fields.Datetime.now())
        if self.program_id.posting_policy == "review":
            self._ask_for_review()

    def _compute_lines(self):
        """Find what each line earned by the month's end, and store the evidence.

        Looks only at the groups that can have changed: those that events marked,
        those that an earlier month said to look at again, and those that this
        accrual holds already. Leaves marks for what a later month has to look at.
        """
        # a handful of statements, each over the whole month
        self.env.flush_all()
        self.env["referral.mark"]._write_marks()
        self._make_scope()
        self._take_marks()
        conditions = self.program_id._conditions(self)
        self._make_result(conditions, SQL("SELECT group_id FROM referral_scope"))
        self._store_compensations()
        self._store_lines()
        self._store_terms()
        self._store_not_earned()
        self._leave_marks()
        self._drop_result(conditions)
        self._drop_tables("referral_scope")
        self.env.invalidate_all(flush=False)

    def _make_result(self, conditions, scope):
        """Find what each line gives, and keep it in the table ``referral_result``.

        :param Conditions conditions: what to compute by
        :param SQL scope: a ``SELECT`` of the ids of the groups
        """
        earning = self.env["referral.earning"]
        earning._make_tables(conditions, scope)
        conditions = earning._what_occurs(conditions)
        self._make_table(
            "referral_result",
            SQL(
                "SELECT %s FROM (%s) line",
                SQL(", ").join(map(SQL.identifier, RESULT)),
                earning._line_query(conditions),
            ),
        )

    @contextmanager
    def _earned(self, conditions, groups):
        """Have the groups' facts at hand, for what explains or forecasts.

        The tables ``referral_scope`` and ``referral_group`` are there within the
        context, and gone after it.

        :param Conditions conditions: what to compute by
        :param SQL groups: a ``SELECT`` of the groups, ``group_id``
        :return SQL: the ``SELECT`` of what their lines have earned
        """
        earning = self.env["referral.earning"]
        self._make_table("referral_scope", groups, ("group_id",))
        earning._make_tables(conditions, SQL("SELECT group_id FROM referral_scope"))
        yield earning._line_query(earning._what_occurs(conditions))
        earning._drop_tables(conditions)
        self._drop_tables("referral_scope")

    def _make_table(self, name, query, planned_by=()):
        """Store a query's rows for the statements after it.

        :param tuple planned_by: the columns whose statistics the planner needs
        """
        self.env["referral.earning"]._make_table(
            SQL.identifier(name), query, planned_by
        )

    def _drop_result(self, conditions):
        """Drop what :meth:`_make_result` made."""
        self.env["referral.earning"]._drop_tables(conditions)
        self._drop_tables("referral_result")

    def _drop_tables(self, *names):
        """Drop temporary tables."""
        for name in names:
            self.env.cr.execute(SQL("DROP TABLE %s", SQL.identifier(name)))

    def _make_scope(self):
        """Collect the groups to look at."""
        self._make_table(
            "referral_scope",
            SQL(
                """
                WITH due AS (
                    SELECT group_id
                      FROM referral_mark
                     WHERE program_id = %(program)s
                       AND (date_from IS NULL OR date_from <= %(end)s)
                )
                SELECT group_id FROM due WHERE group_id IS NOT NULL
                 UNION
                SELECT group_id FROM referral_mark WHERE source_id = %(accrual)s
                 UNION
                SELECT line.group_key
                  FROM referral_compensation compensation
                  JOIN referral_accrual_line line
                    ON line.compensation_id = compensation.id
                 WHERE compensation.accrual_id = %(accrual)s
                 UNION
                SELECT everything.group_id
                  FROM (%(everything)s) everything
                 WHERE EXISTS (SELECT FROM due WHERE group_id IS NULL)
                """,
                program=self.program_id.id,
                end=self.period_end,
                accrual=self.id,
                everything=self._everything(),
            ),
            planned_by=("group_id",),
        )

    def _everything(self):
        """Return the ``SELECT`` of all groups that the program could ever look at."""
        return SQL(
            """
            SELECT COALESCE(move.referral_root_id, move.id) AS group_id
              FROM account_move move
             WHERE move.move_type IN ('out_invoice', 'out_refund')
               AND move.company_id IN %(companies)s
               AND move.commercial_partner_id IN (
                    SELECT brought.commercial_partner_id
                      FROM referral_referral referral
                      JOIN res_partner brought ON brought.id = referral.partner_id
                     WHERE referral.program_id = %(program)s
                     UNION
                    SELECT partner_id
                      FROM referral_referral
                     WHERE program_id = %(program)s
                   )
             UNION
            SELECT kept.move_id
              FROM referral_kept_invoice kept
              JOIN referral_referral referral ON referral.id = kept.referral_id
             WHERE referral.program_id = %(program)s
             UNION
            SELECT line.group_key
              FROM referral_accrual_line line
              JOIN referral_accrual accrual ON accrual.id = line.accrual_id
             WHERE accrual.program_id = %(program)s
            """,
            program=self.program_id.id,
            companies=self.program_id._companies()._ids,
        )

    def _take_marks(self):
        """Take the marks of the groups in scope, and what was computed before."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM referral_mark
                 WHERE program_id = %s
                   AND (group_id IN (SELECT group_id FROM referral_scope)
                        OR group_id IS NULL)
                """,
                self.program_id.id,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM referral_accrual_line
                 WHERE compensation_id IN (SELECT id FROM referral_compensation
                                            WHERE accrual_id = %s)
                """,
                self.id,
            )
        )
        for table in ("referral_compensation", "referral_accrual_terms_rel"):
            self.env.cr.execute(
                SQL(
                    "DELETE FROM %s WHERE accrual_id = %s",
                    SQL.identifier(table),
                    self.id,
                )
            )

    def _store_compensations(self):
        """Sum what each participant earned."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_compensation
                       (accrual_id, participant_id, base, amount, accrued)
                SELECT %(accrual)s, found.* FROM (%(found)s) found
                 ORDER BY participant_id
                """,
                accrual=self.id,
                found=self._compensation_query(),
            )
        )

    def _compensation_query(self):
        """Return the ``SELECT`` of each participant's month, rounded half up once.

        Lines have 6 decimals; their sum is rounded to the currency's unit, half of it
        away from zero. What was accrued is rounded the same way; the rest was taken
        back.
        """
        unit = self.currency_id.rounding
        return SQL(
            """
            SELECT participant_id,
                   SUM(base) AS base,
                   %(amount)s AS amount,
                   %(accrued)s AS accrued
              FROM referral_result
             WHERE base <> 0 OR amount <> 0
             GROUP BY participant_id
            """,
            amount=rounded_query(SQL("SUM(amount)"), unit),
            accrued=rounded_query(SQL("SUM(GREATEST(amount, 0))"), unit),
        )

    def _store_lines(self):
        """Store the evidence: a row for each line that gives or takes back."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_accrual_line
                       (accrual_id, compensation_id, participant_id, referral_id,
                        is_further, terms_id, partner_id, contact_id, product_id,
                        move_line_id, line_key, group_key, move_name, name,
                        invoice_date, document_date, start_date, end_date, paid,
                        rendered, share, base, rate, amount)
                SELECT %(accrual)s, compensation.id, result.participant_id,
                       result.referral_id, result.is_further,
                       result.terms_id, result.partner_id,
                       result.contact_id, result.product_id, result.move_line_id,
                       result.line_key, result.group_id, result.move_name, result.name,
                       result.invoice_date, result.document_date, result.start_date,
                       result.end_date, result.paid, result.rendered, result.share,
                       result.base, result.rate, result.amount
                  FROM referral_result result
                  JOIN referral_compensation compensation
                    ON compensation.accrual_id = %(accrual)s
                   AND compensation.participant_id = result.participant_id
                 WHERE result.base <> 0 OR result.amount <> 0
                """,
                accrual=self.id,
            )
        )

    def _store_terms(self):
        """Remember which terms were used."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_accrual_terms_rel (accrual_id, terms_id)
                SELECT DISTINCT %(accrual)s, terms_id
                  FROM referral_result
                 WHERE base <> 0 OR amount <> 0
                """,
                accrual=self.id,
            )
        )

    def _leave_marks(self):
        """Say which groups a later month has to look at, and from when on."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_mark (program_id, group_id, date_from, source_id)
                SELECT %(program)s, group_id, MIN(look_again), %(accrual)s
                  FROM (SELECT group_id, look_again
                          FROM referral_group WHERE look_again IS NOT NULL
                         UNION ALL
                        SELECT group_id, look_again
                          FROM referral_result WHERE look_again IS NOT NULL) later
                 GROUP BY group_id
                """,
                program=self.program_id.id,
                accrual=self.id,
            )
        )

    def _ask_for_review(self):
        """Plan the accountant's review, once, with the credit day as its deadline."""
        kind = "referral_program.mail_activity_accrual_review"
        if not self.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(kind)
        ):
            self.activity_schedule(
                kind,
                date_deadline=self.credit_date,
                user_id=self.program_id._accountant().id,
            )
