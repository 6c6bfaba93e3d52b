"""Scheduled actions: what fails is undone, logged and told; it stops no other."""

from unittest.mock import patch

from psycopg2.errors import (
    DeadlockDetected,
    LockNotAvailable,
    SerializationFailure,
)

from odoo.exceptions import ConcurrencyError, LockError, RedirectWarning, UserError
from odoo.tests import tagged

from ..common import OneReferralCase

LOGGER = "odoo.addons.referral_program"
BUSY = (
    SerializationFailure("too late"),
    DeadlockDetected("crossed"),
    LockNotAvailable("taken"),
    LockError("taken"),
    ConcurrencyError("too late"),
)
#: When what was done on 2 February is tried again.
SOON = "2026-02-02 12:01:00"


@tagged("post_install", "-at_install")
class TestFailures(OneReferralCase):
    def setUp(self):
        super().setUp()
        self.accountant = self._user("failures", "referral_program.group_accountant")
        self.program.responsible_id = self.accountant
        self.other = self._program(self._create_company(name="Second company"))
        participant = self._participant("Other", self.other)
        self._referral(participant, self._partner("Other client"), "2026-01-01")
        self.participant.referral_ids.date_start = "2026-01-01"

    def _failing(self, model, method, error, broken):
        """Make a method of a model raise an error for records, or a first argument."""
        original = getattr(self.env.registry[model], method)

        def fail(records, *args):
            if records == broken or args == (broken,):
                raise error
            return original(records, *args)

        return patch.object(self.env.registry[model], method, fail)

    def _told(self, program=None):
        """Return the notes of the accountant's activities about a program."""
        activities = (program or self.program).activity_ids
        return [str(a.note) for a in activities if a.user_id == self.accountant]

    def _again(self, action):
        """Return when a scheduled action was told to run once more, and forget it."""
        cron = self.env.ref(f"referral_program.{action}")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        moments = [str(trigger.call_at) for trigger in triggers]
        triggers.unlink()
        return moments

    def assertTold(self, text, program=None):
        [note] = self._told(program)
        self.assertIn(text, note)

    def _months(self):
        accruals = self._accrue("2026-01") | self._accrue("2026-01", self.other)
        return accruals.sorted(lambda accrual: accrual.program_id != self.program)

    # === Statements === #

    def _make_statements(self, *errors):
        accruals = self._months()
        statements = self.env["referral.statement"]
        for error in errors:
            with (
                self._failing("referral.accrual", "_freeze", error, accruals[0]),
                self.on("2026-02-02"),
            ):
                statements._cron_statements()
        return [bool(accrual.statements_on) for accrual in accruals]

    def test_statements_that_are_refused_have_failed(self):
        error = UserError("The month is closed")
        with self.assertLogs(LOGGER, "ERROR") as logs:
            made = self._make_statements(error, error)
        self.assertEqual(made, [False, True])
        self.assertIn("The month is closed", logs.output[0])
        self.assertTold("statements were not made: The month is closed")
        self.assertIn("The month is closed", self.program.message_ids[0].body)

    def test_statements_wait_for_another_worker(self):
        accruals = self._months()
        self._again("ir_cron_statements")  # of posting
        for error in BUSY:
            with (
                self._failing("referral.accrual", "_freeze", error, accruals[0]),
                self.assertNoLogs(LOGGER, "ERROR"),
                self.on("2026-02-02"),
            ):
                self.env["referral.statement"]._cron_statements()
            self.assertEqual(
                [bool(accrual.statements_on) for accrual in accruals], [False, True]
            )
            self.assertEqual(self._again("ir_cron_statements"), [SOON])
        self.assertFalse(self._told())

    def test_statements_wait_while_the_program_is_taken(self):
        accruals = self._months()
        lock = self.env.registry["referral.program"]._try_lock_for_accrual
        with (
            patch.object(
                self.env.registry["referral.program"],
                "_try_lock_for_accrual",
                lambda program: program != self.program and lock(program),
            ),
            self.assertNoLogs(LOGGER, "ERROR"),
            self.on("2026-02-02"),
        ):
            self._again("ir_cron_statements")
            self.env["referral.statement"]._cron_statements()
            self.assertEqual(self._again("ir_cron_statements"), [SOON])
            with self.assertRefused(UserError, "by somebody else right now"):
                accruals[0]._make_statements()
        self.assertEqual([bool(a.statements_on) for a in accruals], [False, True])
        self.assertFalse(self._told())

    # === Accruals === #

    def _accrue_due(self, error):
        with (
            self._failing(
                "referral.program", "_accrue_due_months", error, self.program
            ),
            self.on("2026-02-02"),
        ):
            self.env["referral.program"]._cron_accrue()
        return self.other.accrual_ids.mapped("state")

    def test_accruals_wait_for_another_worker(self):
        for error in BUSY:
            with self.subTest(error=error), self.assertNoLogs(LOGGER, "ERROR"):
                self.assertEqual(self._accrue_due(error), ["posted"])
                self.assertEqual(self._again("ir_cron_accrue"), [SOON])
        self.assertFalse(self._told())

    def test_accruals_wait_while_the_program_is_taken(self):
        lock = self.env.registry["referral.program"]._try_lock_for_accrual
        with (
            patch.object(
                self.env.registry["referral.program"],
                "_try_lock_for_accrual",
                lambda program: program != self.program and lock(program),
            ),
            self.assertNoLogs(LOGGER, "ERROR"),
            self.on("2026-02-02"),
        ):
            self.env["referral.program"]._cron_accrue()
        self.assertFalse(self.program.accrual_ids)
        self.assertEqual(self.other.accrual_ids.mapped("state"), ["posted"])
        # its accrual, and its alarm
        self.assertEqual(self._again("ir_cron_accrue"), [SOON, SOON])

    def test_a_deadlock_while_posting_is_no_failure(self):
        self._paid("2026-01-10", 1_000)
        accruals = self.registry["referral.accrual"]
        original, left = accruals._post_entry, [DeadlockDetected("crossed")]

        def post(accrual, batch):
            if left and accrual.program_id == self.program:
                raise left.pop()
            return original(accrual, batch)

        self.patch(accruals, "_post_entry", post)
        with self.on("2026-02-02"), self.assertNoLogs(LOGGER, "ERROR"):
            self.env["referral.program"]._cron_accrue()
            self.assertEqual(self.participant._balance(), 0)
            self.assertEqual(self._again("ir_cron_accrue"), [SOON])
            self.env["referral.program"]._cron_accrue()
        self.assertEqual(self.participant._balance(), 90)
        self.assertFalse(self._told())

    def test_telling_of_a_failure_may_have_to_wait_too(self):
        error, busy = UserError("No account"), LockNotAvailable("taken")
        with (
            self._failing(
                "referral.program", "_accrue_due_months", error, self.program
            ),
            patch.object(
                self.env.registry["referral.program"],
                "_report_failure",
                side_effect=busy,
            ),
            self.assertLogs(LOGGER, "ERROR") as logs,
            self.on("2026-02-02"),
        ):
            self.env["referral.program"]._cron_accrue()
        [line] = logs.output
        self.assertIn("No account", line)
        self.assertEqual(self._again("ir_cron_accrue"), [SOON])

    def test_a_warning_with_a_way_out_is_told_as_people_read_it(self):
        error = RedirectWarning("Choose a journal", 7, "To the journals")
        with self.assertLogs(LOGGER, "ERROR"):
            self.assertEqual(self._accrue_due(error), ["posted"])
        self.assertTold("saved: Choose a journal<")

    def test_a_failure_is_told_anew_only_if_it_is_another_one(self):
        with self.assertLogs(LOGGER, "ERROR"):
            for text in ("No & account", "No & account", "No <b>journal</b>"):
                self._accrue_due(UserError(text))
        self.assertEqual(len(self._told()), 2)

    # === Other steps === #

    def test_every_other_step_waits_for_another_worker(self):
        self._paid("2026-01-10", 1_000)
        self._months()
        for action, model, method, target, broken in (
            ("ir_cron_estimate", "referral.estimate", "_cron_estimate",
             ("referral.estimate", "_estimate"), self.program),
            ("ir_cron_integrity", "referral.program", "_cron_check_integrity",
             ("referral.program", "_check_integrity"), self.program),
            ("ir_cron_watch", "referral.program", "_cron_watch",
             ("referral.program", "_watch"), self.program),
        ):  # fmt: skip
            for error in BUSY:
                with (
                    self.subTest(action=action, error=error),
                    self._failing(*target, error, broken),
                    self.assertNoLogs(LOGGER, "ERROR"),
                    self.on("2026-02-02"),
                ):
                    self._again(action)
                    getattr(self.env[model], method)()
                    self.assertEqual(self._again(action), [SOON])
        self.assertFalse(self._told())

    def test_documents_wait_while_somebody_is_at_the_participant(self):
        self._again("ir_cron_destroy_documents")
        closed = self._participant("Closed", state="closed")
        for error in BUSY:
            with (
                patch.object(
                    self.env.registry["referral.participant"],
                    "_over_domain",
                    lambda _self, program: [("id", "=", closed.id)],
                ),
                patch.object(
                    self.env.registry["referral.participant"],
                    "lock_for_update",
                    side_effect=error,
                ),
                self.assertNoLogs(LOGGER, "ERROR"),
                self.on("2026-02-02"),
            ):
                self.env["referral.participant"]._cron_destroy_documents()
            self.assertEqual(self._again("ir_cron_destroy_documents"), [SOON])
        self.assertFalse(closed.activity_ids)

    # === Estimates, checks === #

    def test_estimates_that_fail_are_told(self):
        self._paid("2026-01-10", 1_000)
        estimates = self.env["referral.estimate"]
        for error in (UserError("No currency"), ValueError("broken")):
            with (
                self._failing("referral.estimate", "_estimate", error, self.program),
                self.assertLogs(LOGGER, "ERROR"),
                self.on("2026-01-15"),
            ):
                estimates._cron_estimate()
        self.assertFalse(estimates.search([]))
        self.assertEqual(len(self._told()), 2)
        self.assertFalse(self._told(self.other))
        with self.on("2026-01-15"):
            estimates._cron_estimate()
        self.assertEqual(estimates.search([]).participant_id, self.participant)

    def test_checks_that_fail_are_told(self):
        error = ValueError("broken")
        with (
            self._failing("referral.program", "_check_integrity", error, self.program),
            self.assertLogs(LOGGER, "ERROR"),
            self.on("2026-01-15"),
        ):
            self.env["referral.program"]._cron_check_integrity()
        self.assertTold("could not be done: ValueError: broken")
        self.assertFalse(self.program.integrity_run_id)
        self.assertEqual(self.other.integrity_run_id.state, "passed")

    def test_mails_that_fail_are_told_once(self):
        self._paid("2026-01-10", 1_000)
        self._months()
        error = ValueError("broken template")
        with (
            patch.object(
                self.env.registry["referral.statement"],
                "_queue_mails",
                side_effect=error,
            ),
            self.assertLogs(LOGGER, "ERROR"),
            self.on("2026-02-02"),
        ):
            self.env["referral.statement"]._cron_statements()
        self.assertTold("not written to: ValueError: broken")
