import logging
import time
from dataclasses import replace
from functools import partial

from psycopg2 import DataError, ProgrammingError

from odoo import fields, models
from odoo.tools import SQL

from ...tools.actions import window_of
from .integrity import CHECKS, Books
from .integrity.credited import groups_query, recomputed_query

_logger = logging.getLogger(__name__)

#: Findings of one check that a run lists; it counts them all.
MAX_FINDINGS = 1000
#: Tables that a run makes for itself.
TABLES = (
    "scope",
    "root",
    "member",
    "money",
    "credit",
    "past",
    "group",
    "further",
    "further_past",
    "recomputed",
)


class ReferralProgram(models.Model):
    """Whether the program's books tie: by a button, after accruals, every night."""

    _inherit = "referral.program"

    integrity_run_id = fields.Many2one(
        "referral.integrity.run",
        "Last Integrity Check",
        compute="_compute_integrity_run",
        help="The latest check of all data.",
    )
    integrity_state = fields.Selection(
        [("passed", "All checks passed"), ("failed", "Some checks failed")],
        "Integrity",
        compute="_compute_integrity_run",
    )

    def _compute_integrity_run(self):
        runs = self._last_integrity_runs()
        for program in self:
            run = runs.get(program, self.env["referral.integrity.run"])
            program.integrity_run_id = run
            program.integrity_state = run.state

    def _last_integrity_runs(self):
        """Return the last check of everything.

        :return dict: program → ``referral.integrity.run``, if there is one
        """
        runs = self.env["referral.integrity.run"]
        return {
            program: runs.browse(last_id)
            for program, last_id in runs._read_group(
                [("program_id", "in", self.ids), ("accrual_id", "=", False)],
                ["program_id"],
                ["id:max"],
            )
        }

    # === CHECKING === #

    def _check_integrity(self, accrual=None, origin="button"):
        """Check that everything ties, and keep the result.

        :param accrual: only what this ``referral.accrual`` wrote, its participants and
            the invoices behind it; everything, if left out
        :param str origin: what started it: ``accrual``, ``button`` or ``nightly``
        :return: the ``referral.integrity.run``
        """
        self.ensure_one()
        started_on, began = fields.Datetime.now(), time.perf_counter()
        self.env.flush_all()
        # what this transaction has touched is left to the next accrual
        self.env["referral.mark"]._write_marks()
        books = self._books(accrual)
        self._recompute(books)
        outcomes = {check: self._outcome(check, books) for check in CHECKS.values()}
        self._drop_tables()
        # sudo: results are written by the program, nobody may write them
        runs = self.env["referral.integrity.run"].sudo()
        failed = [outcome for outcome in outcomes.values() if outcome["is_failed"]]
        run = runs.with_context(tracking_disable=True, mail_create_nolog=True).create(
            {
                "program_id": self.id,
                "origin": origin,
                "accrual_id": accrual.id if accrual else False,
                "user_id": self.env.uid,
                "started_on": started_on,
                "duration": time.perf_counter() - began,
                "state": "failed" if failed else "passed",
                "check_count": len(outcomes),
                "finding_count": sum(o["finding_count"] for o in failed),
                "chain_number": self.sudo().chain_length,
                "chain_head": self.sudo().chain_head,
            }
        )
        self._keep_outcomes(run, outcomes)
        run._tell_accountant()
        return run.with_env(self.env)

    def _books(self, accrual=None):
        """Return what a check looks at, as plain data."""
        self.ensure_one()
        # sudo: the account counts for whoever runs the check
        program = self.sudo()
        return Books(
            program_id=self.id,
            account_id=program.liability_account_id.id or 0,
            company_ids=self._companies()._ids,
            rounding=str(self.currency_id.rounding),
            bonus=self.env["referral.earning"]._is_bonus(),
            accrual_id=accrual.id if accrual else 0,
        )

    def _recompute(self, books):
        """Compute the history anew, to the end of the last accrued month.

        Leaves a temporary table for the checks that compare with it; a failure is
        theirs to report.
        """
        # sudo: as in :meth:`_books`
        accruals = self.env["referral.accrual"].sudo()
        last = accruals.search(
            [("program_id", "=", self.id), ("state", "!=", "draft")],
            order="period_start desc",
            limit=1,
        )
        end = last.period_end or self._today()
        accrual = accruals.new(
            {"program_id": self.id, "period_start": end.replace(day=1)}
        )
        conditions = replace(self._conditions(accrual), accrual_id=0, end=end)
        groups = groups_query(books) if books.accrual_id else accrual._everything()
        scope = SQL("SELECT group_id FROM referral_scope")
        try:
            with self.env.cr.savepoint():
                accrual._make_table("referral_scope", groups, ("group_id",))
                earning = self.env["referral.earning"]
                earning._make_tables(conditions, scope)
                lines = earning._line_query(conditions)
                accrual._make_table(
                    "referral_recomputed",
                    recomputed_query(
                        books, end, lines, earning._highest_rates(conditions)
                    ),
                )
        except (DataError, ProgrammingError):
            _logger.exception("The history of %s cannot be computed anew", self)

    def _drop_tables(self):
        for table in TABLES:
            name = SQL.identifier(f"referral_{table}")
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", name))

    def _outcome(self, check, books):
        """Do one check; one that cannot be done has failed, and stops no other."""
        try:
            with self.env.cr.savepoint(flush=False):
                rows = self.env.execute_query_dict(
                    SQL(
                        "SELECT *, COUNT(*) OVER () AS total FROM (%s) finding"
                        " ORDER BY finding LIMIT %s",
                        check.query(books),
                        MAX_FINDINGS,
                    )
                )
        except (DataError, ProgrammingError) as error:
            _logger.exception("Check %s of %s cannot be done", check.name, self)
            return {
                "rows": [],
                "finding_count": 0,
                "is_failed": True,
                "problem": str(error).strip(),
            }
        return {
            "rows": rows,
            "finding_count": rows[0]["total"] if rows else 0,
            "is_failed": bool(rows) and not check.is_notice,
            "problem": False,
        }

    def _keep_outcomes(self, run, outcomes):
        """Store what each check came to, and what it found."""
        self.env["referral.integrity.result"].sudo().create(
            [
                {
                    "run_id": run.id,
                    "check_name": check.name,
                    "is_failed": outcome["is_failed"],
                    "finding_count": outcome["finding_count"],
                    "problem": outcome["problem"],
                }
                for check, outcome in outcomes.items()
            ]
        )
        self.env["referral.integrity.finding"].sudo().create(
            [
                self._prepare_finding_vals(run, check, row)
                for check, outcome in outcomes.items()
                for row in outcome["rows"]
            ]
        )

    def _prepare_finding_vals(self, run, check, row):
        """Return the values of a finding."""
        # sudo: names are for whoever reads the result
        record = self.env[row["res_model"]].sudo().browse(row["res_id"]).exists()
        return {
            "run_id": run.id,
            "check_name": check.name,
            "reason": row.get("reason"),
            "text": row.get("text"),
            "res_model": row["res_model"],
            "res_id": row["res_id"],
            "record_name": record.display_name or row.get("text"),
            "participant_id": row.get("participant_id"),
            "has_amounts": row.get("found") is not None,
            "expected": row.get("expected") or 0,
            "found": row.get("found") or 0,
        }

    # === SCHEDULED ACTIONS === #

    def _cron_check_integrity(self):
        """Check the books of all programs; one that fails does not stop the others."""
        programs = self.with_context(active_test=False)
        programs = programs.search([])  # pylint: disable=no-search-all
        steps = [
            (one, partial(one._check_integrity, None, "nightly")) for one in programs
        ]
        self._in_turn(steps, "check", "ir_cron_integrity")

    def _cron_check_accruals(self):
        """Check what posted accruals wrote, once each, after they are committed."""
        # sudo: accruals are the program's
        due = self.env["referral.accrual"].sudo()
        due = due.search(
            [("state", "=", "posted"), ("checked_on", "=", False)],
            order="period_start, id",
        )
        steps = [(accrual.program_id, accrual._check_once) for accrual in due]
        self._in_turn(steps, "check", "ir_cron_integrity_accruals")

    # === ACTION METHODS === #

    def action_check_integrity(self):
        """Check everything now and open the result."""
        self.ensure_one()
        self._check_accountant()
        return self._check_integrity()._get_records_action()

    def action_view_integrity_runs(self):
        """Open the program's integrity checks."""
        return window_of(self, "referral_integrity_run_action", "program_id")
