"""Jobs: what the scheduled actions do is done by the queue, once, and told if not."""

from contextlib import suppress
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.queue_job.controllers.main import RunJobController
from odoo.addons.queue_job.job import Job
from odoo.addons.referral_program.models.accrual import referral_accrual_post
from odoo.addons.referral_program.tests.balance.test_withdrawals import MoneyCase

CONTROLLER = "odoo.addons.queue_job.controllers.main"


@tagged("post_install", "-at_install")
class TestJobs(MoneyCase):
    def _act(self, action, day="2026-02-05"):
        """Run a scheduled action and return the jobs that it left."""
        before = self._jobs()
        # as a commit does: what happened leaves its marks
        self.env.cr.precommit.run()
        cron = self.env.ref(f"referral_program.{action}")
        with self.on(day), self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        return self._jobs() - before

    def _jobs(self):
        jobs = self.env["queue.job"].sudo()
        return jobs.search([("channel", "=like", "root.referral.%")])

    def _perform(self, jobs, day="2026-02-05"):
        """Do jobs as the route does that the runner asks."""
        for record in jobs.sorted("id"):
            with self.on(day), self.enter_registry_test_mode():
                job = Job.load(self.env, record.uuid)
                job.set_started()
                job.store()
                RunJobController._runjob(self.env, job)
        self.env.invalidate_all()

    def _withdrawals(self, count):
        self.program.write({"withdrawal_policy": "automatic", "min_withdrawal": 0})
        # sudo: these are what participants ask for in the portal
        return (
            self.env["referral.withdrawal"]
            .sudo()
            .create(
                [
                    {
                        "participant_id": self.participant.id,
                        "amount": 100,
                        "bank_account_id": self.account.id,
                    }
                    for _number in range(count)
                ]
            )
        )

    def test_bills_are_made_by_jobs_of_fifty(self):
        withdrawals = self._withdrawals(60)
        jobs = self._act("ir_cron_bill")
        self.assertEqual(set(withdrawals.mapped("state")), {"requested"})
        self.assertEqual(jobs.mapped("channel"), ["root.referral.bills"] * 2)
        self._perform(jobs)
        self.assertEqual(set(withdrawals.mapped("state")), {"billed"})
        self.assertEqual(jobs.mapped("state"), ["done"] * 2)
        self.assertEqual(self.participant._balance(), 84_000)

    def test_what_waits_already_is_not_queued_again(self):
        withdrawals = self._withdrawals(1)
        jobs = self._act("ir_cron_bill")
        self.assertEqual(len(jobs), 1)
        self.assertFalse(self._act("ir_cron_bill"))
        self._perform(jobs)
        self.assertFalse(self._act("ir_cron_bill"))
        self.assertEqual(withdrawals.state, "billed")

    def test_a_job_of_many_can_be_known_again(self):
        records = self.env["referral.compensation"].browse(range(10**9, 10**9 + 1000))
        keys = {
            self.env["referral.program"]._job_key(work, "_post_step")
            for work in (records, records[::-1], records[1:])
        }
        self.assertEqual({len(key) for key in keys}, {64})
        self.assertEqual(len(keys), 2)

    def test_a_job_of_what_is_done_does_nothing(self):
        withdrawals = self._withdrawals(1)
        jobs = self._act("ir_cron_bill")
        withdrawals.action_bill()
        bill = withdrawals.bill_id
        self._perform(jobs)
        self.assertEqual((jobs.state, withdrawals.bill_id), ("done", bill))
        self.assertFalse(withdrawals.problem)

    def test_a_job_that_others_are_in_the_way_of_is_done_again(self):
        withdrawals = self._withdrawals(1)
        jobs = self._act("ir_cron_bill")
        error = SerializationFailure("could not serialize access")
        with (
            patch.object(
                self.registry["referral.withdrawal"], "_bill_each", side_effect=error
            ),
            # a test's cursor cannot be rolled back; nothing was written by it
            patch.object(self.env.cr, "rollback"),
        ):
            self._perform(jobs)
        self.assertEqual((jobs.state, jobs.retry), ("pending", 1))
        self.assertTrue(jobs.eta)
        self.assertEqual(withdrawals.state, "requested")
        self.assertFalse(self.program.activity_ids)
        self._perform(jobs)
        self.assertEqual((jobs.state, withdrawals.state), ("done", "billed"))

    def test_one_bad_bill_stops_no_other(self):
        good, bad = self._withdrawals(2)
        bad.bank_account_id = self._bank_account(
            self.participant.partner_id, "40702810938000000002"
        )
        jobs = self._act("ir_cron_bill")
        # trusted, but not the participant's any more
        bad.bank_account_id.active = False
        self._perform(jobs)
        self.assertEqual((good.state, bad.state), ("billed", "requested"))
        self.assertIn("archived", bad.problem)
        self.assertEqual(jobs.state, "done")

    def test_a_failed_job_is_told_to_the_accountant(self):
        self._withdrawals(1)
        jobs = self._act("ir_cron_bill")
        with (
            patch.object(
                self.registry["referral.withdrawal"],
                "_bill_each",
                side_effect=ValueError("out of paper"),
            ),
            mute_logger(CONTROLLER),
            # not assertRaises, which takes back what the failure left
            suppress(ValueError),
        ):
            self._perform(jobs)
        self.env.invalidate_all()
        self.assertEqual(jobs.state, "failed")
        self.assertIn("out of paper", self.program.message_ids[0].body)
        kind = self.env.ref("referral_program.mail_activity_failed")
        [told] = self.program.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
        )
        self.assertIn("out of paper", told.note)
        self.assertEqual(self.program._health()["jobs_failed"], 1)

    def test_a_month_is_posted_by_its_participants(self):
        self.patch(referral_accrual_post, "POST_BATCH_SIZE", 1)
        self._paid("2026-02-10", 1_000)
        other = self._participant("Another")
        client = self._partner("Another's Client")
        self._referral(other, client, "2026-01-01")
        self._paid("2026-02-11", 2_000, client)
        jobs = self._act("ir_cron_accrue", "2026-03-02")
        accrual = self.program.accrual_ids.sorted("period_start")[-1]
        self.assertEqual((accrual.state, len(jobs)), ("computed", 2))
        # whichever is done first
        self._perform(jobs[1], "2026-03-02")
        self.assertEqual(accrual.state, "computed")
        self.assertFalse(self._act("ir_cron_accrue", "2026-03-02"))
        self._perform(jobs[0], "2026-03-02")
        self.assertFalse(self._act("ir_cron_accrue", "2026-03-02"))
        self.assertEqual((accrual.state, len(accrual.move_ids)), ("posted", 2))
        self.assertEqual((other._balance(), self.participant._balance()), (180, 90_090))

    def test_statements_are_mailed_and_printed_by_jobs(self):
        jobs = self._act("ir_cron_statements")
        self.assertEqual(jobs.mapped("channel"), ["root.referral.mails"])
        statement = self.env["referral.statement"].search([])
        self.assertTrue(statement.to_mail)
        self._perform(jobs)
        self.assertFalse(statement.to_mail)
        with self.on("2026-02-05"):
            jobs = self._act("ir_cron_documents")
        self.assertFalse(statement.pdf_sha256)
        self._perform(jobs)
        self.assertTrue(statement.pdf_sha256)
        self.assertTrue(statement._read_file("pdf").startswith(b"%PDF"))

    def test_mails_about_money_are_jobs(self):
        withdrawals = self._withdrawals(2)
        withdrawals._mail_soon()
        jobs = self._act("ir_cron_mails")
        self.assertEqual(jobs.mapped("channel"), ["root.referral.mails"])
        self._perform(jobs)
        self.assertEqual(withdrawals.mapped("to_mail"), [False, False])

    def test_waiting_jobs_are_told_to_whoever_watches(self):
        self._withdrawals(1)
        jobs = self._act("ir_cron_bill")
        with self.on("2026-02-05"):
            self.assertEqual(self.program._health()["jobs_waiting"], 0)
        with self.on("2026-02-06"):
            self.assertEqual(self.program._health()["jobs_waiting"], 1)
        self._perform(jobs)
        with self.on("2026-02-06"):
            self.assertEqual(self.program._health()["jobs_waiting"], 0)
