"""Months accrued on paper: by the accrual's own queries, and nothing is written.

A forecast accrues months to come, a simulation accrues past months by other terms.
Both ask what the accrual asks, month after month; what a month gives goes into a
temporary table, which the next month reads as evidence of what was credited.

No table of the database changes: temporary ones are made and dropped.
"""

from dataclasses import replace
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo.tools import SQL

#: A day after everything that is known.
END_OF_TIME = date(9999, 12, 31)
EVIDENCE = "dry_run_evidence"
#: What the evidence of a month consists of, in the order of its columns.
COLUMNS = (
    "accrual_id",
    "line_key",
    "group_key",
    "participant_id",
    "referral_id",
    "is_further",
    "terms_id",
    "partner_id",
    "contact_id",
    "move_line_id",
    "product_id",
    "move_name",
    "name",
    "invoice_date",
    "document_date",
    "start_date",
    "end_date",
    "base",
    "amount",
)


class DryRun:
    """Months of a program, accrued on paper, one run of months after the other.

    A context: while it is open, the temporary table ``dry_run_outcome`` has a row
    for each run, month and participant that got something, with ``run``, ``month``
    (its first day), ``participant_id``, ``base`` and ``amount``, rounded half up once
    as a participant's month is.
    """

    def __init__(self, program, first, scope):
        """Say what to look at.

        :param program: the ``referral.program``
        :param date first: the first day of the first month; what posted accruals of
            earlier months gave counts as credited
        :param SQL scope: a ``SELECT`` of the ids of the groups' invoices
        """
        self.program = program
        self.first = first
        self.scope = scope
        self.cr = program.env.cr
        self.accrual = program.env["referral.accrual"].new(
            {"program_id": program.id, "period_start": first}
        )

    def __enter__(self):
        self.program.env.flush_all()
        make_table = self.accrual._make_table
        make_table("dry_run_scope", SQL("SELECT DISTINCT * FROM (%s) g", self.scope))
        make_table(
            "dry_run_outcome",
            SQL(
                "SELECT ''::varchar AS run, NULL::date AS month, 0 AS participant_id,"
                " 0::numeric AS base, 0::numeric AS amount WHERE FALSE"
            ),
        )
        return self

    def __exit__(self, *error):
        # after an error PostgreSQL undoes the transaction, and these tables with it
        if error == (None, None, None):
            self.accrual._drop_tables("dry_run_scope", "dry_run_outcome")
        self.program.env["referral.program"].invalidate_model(["accrual_ids"])

    def run(self, name, months, rest=False, active=None, **changes):
        """Accrue months in order, beginning with what the books say was credited.

        :param str name: of the run, in ``dry_run_outcome``
        :param int months: how many at most; it ends when nothing is left to look at
        :param bool rest: whether what is left after them comes in a last step, as one
            month
        :param dict active: ids of the participants who count as active in a month,
            by its first day; without it their present state holds in all months
        :param changes: of the accrual's ``Conditions``
        """
        conditions = replace(
            self.program._conditions(self.accrual),
            accrual_id=0,
            evidence=EVIDENCE,
            **changes,
        )
        self._begin_run()
        for number in range(months + bool(rest)):
            start = self.first + relativedelta(months=number)
            end = start + relativedelta(months=1, days=-1)
            if number == months:
                end = END_OF_TIME
            if not self._is_due(end):
                continue
            conditions = replace(
                conditions, end=end, active_ids=tuple((active or {}).get(start, ()))
            )
            self._dry_run(name, start, conditions, states_vary=active is not None)
        self.accrual._drop_tables(EVIDENCE, "dry_run_due")

    def _begin_run(self):
        """Begin with the posted evidence of the groups; look at all of them."""
        self.accrual._make_table(
            EVIDENCE,
            SQL(
                """
                SELECT line.id::bigint AS id, %(columns)s
                  FROM dry_run_scope scope
                  JOIN referral_accrual_line line ON line.group_key = scope.group_id
                  JOIN referral_accrual accrual ON accrual.id = line.accrual_id
                 WHERE accrual.program_id = %(program)s
                   AND accrual.state = 'posted'
                   AND accrual.period_start < %(first)s
                """,
                columns=self._columns("line"),
                program=self.program.id,
                first=self.first,
            ),
        )
        for column in ("id", "group_key"):
            self.cr.execute(
                SQL(
                    "CREATE INDEX ON %s (%s)",
                    SQL.identifier(EVIDENCE),
                    SQL.identifier(column),
                )
            )
        self.accrual._make_table(
            "dry_run_due",
            SQL("SELECT group_id, '-infinity'::date AS day FROM dry_run_scope"),
        )

    def _is_due(self, end):
        """Tell whether anything can change by a day."""
        self.cr.execute(
            SQL("SELECT EXISTS (SELECT FROM dry_run_due WHERE day <= %s)", end)
        )
        return self.cr.fetchone()[0]

    def _dry_run(self, name, start, conditions, states_vary):
        """Accrue one month on paper."""
        accrual = self.accrual
        accrual._make_table(
            "dry_run_now",
            SQL(
                "SELECT DISTINCT group_id FROM dry_run_due WHERE day <= %s",
                conditions.end,
            ),
            ("group_id",),
        )
        self.cr.execute(SQL("DELETE FROM dry_run_due WHERE day <= %s", conditions.end))
        self.cr.execute(SQL("ANALYZE %s", SQL.identifier(EVIDENCE)))
        accrual._make_result(conditions, SQL("SELECT group_id FROM dry_run_now"))
        self.cr.execute(
            SQL(
                "INSERT INTO dry_run_outcome"
                " SELECT %s, %s, participant_id, base, amount FROM (%s) found",
                name,
                start,
                accrual._compensation_query(),
            )
        )
        self._keep_evidence()
        self._look_again(conditions, states_vary)
        accrual._drop_result(conditions)
        accrual._drop_tables("dry_run_now")

    def _keep_evidence(self):
        """Let the next month know what this one gave."""
        self.cr.execute(
            SQL(
                """
                INSERT INTO %(evidence)s
                SELECT (SELECT COALESCE(MAX(id), 0) FROM %(evidence)s)
                           + ROW_NUMBER() OVER (),
                       %(columns)s
                  FROM (SELECT *,
                               group_id AS group_key,
                               -- a month of its own, after all that are posted
                               (SELECT COALESCE(MAX(accrual_id), 0) + 1
                                  FROM %(evidence)s) AS accrual_id
                          FROM referral_result) result
                 WHERE base <> 0 OR amount <> 0
                """,
                evidence=SQL.identifier(EVIDENCE),
                columns=self._columns("result"),
            )
        )

    def _look_again(self, conditions, states_vary):
        """Say when groups can change again; those of who is not active, if that can."""
        self.cr.execute(
            SQL(
                """
                INSERT INTO dry_run_due
                SELECT group_id, MIN(look_again)
                  FROM (SELECT group_id, look_again FROM referral_group
                         UNION ALL
                        SELECT group_id, look_again FROM referral_result
                         UNION ALL
                        SELECT group_id, %(end)s + 1
                          FROM referral_result
                         WHERE reason = 'participant_inactive' AND %(states_vary)s
                       ) later
                 WHERE look_again IS NOT NULL
                 GROUP BY group_id
                """,
                end=conditions.end,
                states_vary=states_vary,
            )
        )

    def _columns(self, alias):
        return SQL(", ").join(SQL.identifier(alias, column) for column in COLUMNS)
