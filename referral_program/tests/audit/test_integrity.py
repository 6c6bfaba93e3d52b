"""The integrity check: each check finds what it is for, and nothing in clean books."""

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.audit import referral_program_integrity
from ...models.audit.integrity import CHECKS
from .tampered import BREAKS, EMPTY_COPY, TamperedCase


@tagged("post_install", "-at_install")
class TestIntegrity(TamperedCase):
    # === What is found === #

    def test_clean_books_pass(self):
        self.assertPassed(self._check())
        for accrual in self.program.accrual_ids:
            self.assertPassed(self._check(accrual))

    def test_each_check_finds_what_it_is_for(self):
        self.assertEqual(set(BREAKS), set(CHECKS), "a check without a test")
        for name, (query, others) in BREAKS.items():
            with self.subTest(name), self.cr.savepoint() as savepoint:
                self._tamper(query)
                run = self._check()
                own = set() if CHECKS[name].is_notice else {name}
                self.assertEqual(self._failed(run), own | others)
                self.assertEqual(run.state, "failed" if own | others else "passed")
                found = run.finding_ids.filtered(lambda f, n=name: f.check_name == n)
                self.assertTrue(found)
                for finding in found:
                    self.assertTrue(finding.record_name)
                    self.assertNotEqual(finding.title, name)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_finding_says_whose_it_is_what_was_expected_and_found(self):
        self._tamper(BREAKS["compensation_sum"][0])
        [finding] = self._check().finding_ids.filtered(
            lambda f: f.check_name == "compensation_sum"
        )
        compensation = self.accrual.compensation_ids
        self.assertRecordValues(
            finding,
            [
                {
                    "res_model": "referral.compensation",
                    "res_id": compensation.id,
                    "record_name": compensation.display_name,
                    "participant_id": self.participant.id,
                    "expected": 1_005_000,
                    "found": 1_005_001,
                    "expected_text": "1,005,000.00",
                    "found_text": "1,005,001.00",
                    "description": "The base differs",
                    "title": "Compensations are the sum of their lines",
                }
            ],
        )
        action = finding.action_open_record()
        self.assertEqual(action["res_model"], "referral.compensation")
        self.assertEqual(action["res_id"], compensation.id)

    def test_a_credit_of_the_wrong_sign_is_too_much(self):
        self._tamper(
            "UPDATE referral_accrual_line SET base = -base WHERE id = %(line)s"
        )
        self.assertIn("credited_earned", self._failed(self._check()))

    def test_the_record_of_a_finding_may_be_gone(self):
        self._tamper(EMPTY_COPY.format(compensation=0, key=-1))
        [finding] = self._check().finding_ids
        self._tamper("DELETE FROM referral_accrual_line WHERE compensation_id = 0")
        with self.assertRefused(UserError, "no longer exists"):
            finding.action_open_record()

    def test_all_findings_are_counted_and_some_are_listed(self):
        self.patch(referral_program_integrity, "MAX_FINDINGS", 1)
        self._tamper("UPDATE referral_accrual_line SET rate = 5")
        run = self._check()
        [result] = run.result_ids.filtered(lambda r: r.check_name == "line_amount")
        self.assertEqual(result.finding_count, len(self.program.accrual_ids.line_ids))
        self.assertGreater(result.finding_count, 1)
        listed = self.env["referral.integrity.finding"].search(
            result.action_view_findings()["domain"]
        )
        self.assertEqual(len(listed), 1)

    # === What waits for the next accrual === #

    def test_a_month_that_waits_for_review_ties(self):
        self.program.posting_policy = "review"
        self._paid("2026-03-10")
        self._accrue("2026-03")
        with self.on("2026-04-01"):
            self.assertPassed(self.program._check_integrity())

    def test_what_happened_since_is_left_to_the_next_accrual(self):
        invoice = self._invoice(self.client, "2026-01-25", 4_000)
        self._pay(invoice, "2026-02-25", entered="2026-03-02")
        self._unmatch(
            self._pay(self._invoice(self.client, "2026-03-01", 10), "2026-03-01"),
            "2026-03-01",
        )
        self.assertPassed(self._check())
        # the event's mark is all that keeps it from being missed
        self._tamper(
            "DELETE FROM referral_mark WHERE group_id = %(late)s", late=invoice.id
        )
        run = self._check()
        self.assertEqual(self._failed(run), {"credited_whole"})
        self.assertEqual(run.finding_ids.res_id, invoice.id)
        self.assertEqual(run.finding_ids.expected, 4_000)

    def test_changed_settings_wait_for_the_next_accrual(self):
        self.program.bonus_journal_ids |= self.bank_journal
        self.assertPassed(self._check())
        self._accrue("2026-03", on="2026-04-01")
        self.program.invalidate_recordset()
        self.assertEqual(self.program.accrual_ids[0].amount, -90_180)
        self.assertPassed(self._check())

    # === Narrow === #

    def test_a_narrow_check_finds_what_its_month_wrote(self):
        self._tamper(BREAKS["line_amount"][0])
        self.assertPassed(self._check(self.second))
        run = self._check(self.accrual)
        self.assertEqual(self._failed(run), {"line_amount", "hash_chain"})
        self.assertEqual(run.accrual_id, self.accrual)

    def test_a_narrow_check_costs_what_its_month_cost(self):
        """Neither other participants nor what others brought is looked at."""
        for number in range(3):
            participant = self._participant(f"P{number}")
            client = self._partner(f"C{number}")
            self._referral(participant, client)
            self._paid("2026-03-10", 1000, client)
        accrual = self._accrue("2026-03")
        self._tamper(
            """UPDATE referral_accrual_line SET rate = 5 WHERE accrual_id = %(accrual)s;
               UPDATE account_move_line SET balance = balance / 2
                WHERE id = %(invoice_line)s;
               UPDATE referral_withdrawal SET state = 'paid'"""
        )
        # of March, the participant of January got the waiting payment only
        self.assertIn(self.participant, accrual.compensation_ids.participant_id)
        self.assertEqual(self._failed(self._check(accrual)), {"withdrawal_state"})
        self.assertLess(
            {"line_amount", "credited_earned", "hash_chain"},
            self._failed(self._check()),
        )

    # === A check that cannot be done === #

    @mute_logger("odoo.sql_db")
    def test_a_check_that_cannot_be_done_has_failed(self):
        self._tamper("ALTER TABLE referral_agreement RENAME COLUMN body TO gone")
        with self.assertLogs("odoo.addons.referral_program", "ERROR") as logs:
            run = self._check()
        self.assertEqual(len(logs.output), 1)
        self.assertEqual(self._failed(run), {"acceptance_text"})
        self.assertIn("body", run.result_ids.filtered("is_failed").problem)
        self.assertFalse(run.finding_ids)

    @mute_logger("odoo.sql_db")
    def test_a_history_that_cannot_be_computed_has_failed(self):
        self._tamper("ALTER TABLE product_template RENAME COLUMN categ_id TO gone")
        with self.assertLogs(referral_program_integrity.__name__, "ERROR"):
            run = self._check()
        self.assertEqual(
            self._failed(run),
            {
                "credited_whole",
                "credited_earned",
                "credited_rate",
                "refunded_zero",
                "money_conserved",
                "money_sent_back",
                "negative_line",
            },
        )

    # === Who is told === #

    def test_the_accountant_is_told_once_until_everything_ties_again(self):
        accountant = self._user("integrity_tell", "referral_program.group_accountant")
        self.program.responsible_id = accountant
        self._tamper(
            "UPDATE referral_withdrawal SET state = 'paid' WHERE state <> 'paid'"
        )
        run = self._check(origin="nightly")
        [activity] = self._activities()
        self.assertEqual(activity.user_id, accountant)
        self.assertEqual((activity.res_model, activity.res_id), (run._name, run.id))
        self.assertIn("Withdrawals match the state of their bill", activity.note)
        self._check(origin="nightly")
        self.assertEqual(self._activities(), activity)
        # one that does not look at everything does not say that everything ties
        self._tamper(
            "UPDATE referral_withdrawal SET state = CASE id WHEN %(billed)s"
            " THEN 'billed' ELSE 'requested' END"
        )
        self._check(self.accrual)
        self.assertEqual(self._activities(), activity)
        self._check()
        self.assertFalse(self._activities())

    # === Schedule === #

    def _runs(self, program=None):
        return self.env["referral.integrity.run"].search(
            [("program_id", "=", (program or self.program).id)]
        )

    def test_each_posted_accrual_is_checked_once_after_it(self):
        trigger = self.env["ir.cron.trigger"].search(
            [
                (
                    "cron_id",
                    "=",
                    self.env.ref("referral_program.ir_cron_integrity_accruals").id,
                )
            ]
        )
        self.assertTrue(trigger)
        self.assertFalse(self._runs())
        for _again in range(2):
            with self.on("2026-03-03"):
                self.env["referral.program"]._cron_check_accruals()
            self.assertEqual(
                set(self._runs().mapped(lambda r: (r.origin, r.accrual_id))),
                {("accrual", self.accrual), ("accrual", self.second)},
            )
            self.assertEqual(len(self._runs()), 2)
        self.assertEqual(str(self.second.checked_on), "2026-03-03 12:00:00")
        self.assertEqual(self._runs()[0].chain_head, self.program.chain_head)

    def test_a_failing_check_takes_nothing_back(self):
        self._tamper(BREAKS["line_amount"][0])
        with self.on("2026-03-03"):
            self.env["referral.program"]._cron_check_accruals()
        self.assertEqual(self._runs().mapped("state"), ["passed", "failed"])
        self.assertEqual(self.accrual.state, "posted")
        self.assertTrue(self.accrual.checked_on)

    def test_scheduled_actions_commit_and_finish(self):
        for name in ("ir_cron_integrity_accruals", "ir_cron_integrity"):
            cron = self.env.ref(f"referral_program.{name}")
            with self.on("2026-03-03"), self.enter_registry_test_mode():
                cron.method_direct_trigger()
        self.assertEqual(
            sorted(self._runs().mapped("origin")), ["accrual", "accrual", "nightly"]
        )

    def _other_program(self):
        """Return another company's program, an archived one."""
        program = self._program(self.setup_other_company()["company"])
        program.active = False
        return program

    @mute_logger("odoo.sql_db")
    def test_one_programs_broken_data_stops_no_other(self):
        other = self._other_program()
        # nobody of the other program has accepted what is no text any more
        self._tamper("""UPDATE referral_agreement SET body = '"text"'""")
        with (
            self.on("2026-03-03"),
            self.assertLogs(referral_program_integrity.__name__, "ERROR"),
        ):
            self.env["referral.program"]._cron_check_integrity()
        self.assertEqual(self._runs(other).state, "passed")
        self.assertEqual(self._failed(self._runs()), {"acceptance_text"})

    def test_one_programs_failure_is_logged_and_stops_no_other(self):
        other = self._other_program()
        # the accountant has to be told in a language that is not there
        accountant = self._user("integrity_lost", "referral_program.group_accountant")
        self.program.responsible_id = accountant
        self._tamper(
            BREAKS["withdrawal_state"][0]
            + "; UPDATE res_partner SET lang = 'xx_XX' WHERE id = %(partner)s",
            partner=accountant.partner_id.id,
        )
        with (
            self.on("2026-03-03"),
            self.assertLogs("odoo.addons.referral_program", "ERROR") as logs,
        ):
            self.env["referral.program"]._cron_check_integrity()
        self.assertIn("Invalid language code", logs.output[0])
        self.assertIn("could not be reported", logs.output[1])
        self.assertFalse(self._runs())
        self.assertEqual(self._runs(other).state, "passed")

    def test_the_program_shows_its_last_whole_check(self):
        self.assertFalse(self.program.integrity_state)
        run = self._check()
        self._tamper(BREAKS["line_amount"][0])
        self._check(self.accrual)
        self.program.invalidate_recordset()
        self.assertEqual(self.program.integrity_run_id, run)
        self.assertEqual(self.program.integrity_state, "passed")
