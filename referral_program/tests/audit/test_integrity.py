"""The integrity check: each check finds what it is for, and nothing in clean books."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.audit import referral_program_integrity
from ...models.audit.integrity import CHECKS
from ..books import BooksCase

#: A line like another one, but for what it gives: nothing.
EMPTY_COPY = """
    INSERT INTO referral_accrual_line
           (accrual_id, compensation_id, participant_id, referral_id, terms_id,
            partner_id, line_key, group_key, move_name, name, invoice_date,
            paid, rendered, base, rate, amount)
    SELECT accrual_id, {compensation}, participant_id, referral_id, terms_id,
           partner_id, {key}, group_key, move_name, name, invoice_date,
           paid, rendered, 0, rate, 0
      FROM referral_accrual_line WHERE id = %(line)s
"""
#: What somebody does in the database behind Odoo's back, by the check that is to
#: find it, and the other checks that find the same.
BREAKS = {
    "balance_ledger": (
        """UPDATE referral_compensation SET amount = amount + 10
            WHERE id = %(compensation)s""",
        {
            "compensation_item",
            "compensation_sum",
            "statement_compensation",
            "hash_chain",
        },
    ),
    "compensation_item": (
        """UPDATE referral_compensation SET move_line_id = NULL
            WHERE id = %(compensation)s""",
        {"entry_item", "hash_chain"},
    ),
    "entry_item": (
        """UPDATE account_move_line SET account_id = %(income)s
            WHERE id = %(expense_item)s""",
        {"hash_chain"},
    ),
    "entry_booked": (
        """UPDATE account_move SET date = '2026-01-15' WHERE id = %(entry)s;
           UPDATE account_move_line SET date = '2026-01-15'
            WHERE move_id = %(entry)s""",
        {"hash_chain"},
    ),
    "entry_balanced": (
        """UPDATE account_move_line SET balance = balance + 5, debit = debit + 5
            WHERE id = %(expense_item)s""",
        {"hash_chain"},
    ),
    "item_entry": (
        """UPDATE account_move_line SET date = date - 400
            WHERE move_id = %(bill)s AND account_id = %(liability)s""",
        set(),
    ),
    "ledger_partner": (
        """UPDATE account_move_line SET partner_id = %(client)s
            WHERE id = %(manual_item)s""",
        set(),
    ),
    "month_once": (
        """DROP INDEX referral_accrual_period_unique;
           INSERT INTO referral_accrual
                  (program_id, company_id, period_start, period_end, state)
           SELECT program_id, company_id, period_start, period_end, 'draft'
             FROM referral_accrual WHERE id = %(second_accrual)s""",
        set(),
    ),
    "month_order": (
        """UPDATE referral_accrual
              SET period_start = '2026-03-01', period_end = '2026-03-31'
            WHERE id = %(second_accrual)s""",
        {"entry_booked", "hash_chain"},
    ),
    "line_compensation": (EMPTY_COPY.format(compensation=0, key=-1), set()),
    "compensation_sum": (
        """UPDATE referral_compensation SET base = base + 1
            WHERE id = %(compensation)s""",
        {"hash_chain"},
    ),
    "line_once": (
        "DROP INDEX referral_accrual_line_line_unique;"
        + EMPTY_COPY.format(compensation="compensation_id", key="line_key"),
        {"hash_chain"},
    ),
    "line_reference": (
        "UPDATE referral_accrual_line SET terms_id = 0 WHERE id = %(line)s",
        {"terms_used", "given_rate", "hash_chain"},
    ),
    "line_amount": (
        "UPDATE referral_accrual_line SET rate = 5 WHERE id = %(line)s",
        {"hash_chain"},
    ),
    "terms_used": (
        "DELETE FROM referral_accrual_terms_rel WHERE accrual_id = %(accrual)s",
        {"hash_chain"},
    ),
    "referral_month": (
        """UPDATE referral_referral_month SET amount = amount + 1
            WHERE accrual_id = %(accrual)s""",
        set(),
    ),
    "given_whole": (
        # a payment that is dated later comes before the last month's end
        """UPDATE account_partial_reconcile SET max_date = '2026-02-20'
            WHERE max_date = '2026-03-10'""",
        set(),
    ),
    "given_earned": (
        """UPDATE account_move_line SET balance = balance / 2
            WHERE id = %(invoice_line)s""",
        {"given_whole"},
    ),
    "given_rate": (
        "UPDATE referral_program_terms SET rate = 8 WHERE id = %(terms)s",
        {"hash_chain"},
    ),
    "refunded_zero": (
        """UPDATE referral_accrual_line SET amount = 0
            WHERE amount < 0 AND accrual_id = %(second_accrual)s""",
        {
            "line_amount",
            "compensation_sum",
            "referral_month",
            "given_whole",
            "given_rate",
            "hash_chain",
        },
    ),
    "balance_overspent": (
        """UPDATE referral_withdrawal
              SET amount = 1000000, reserved_amount = 1000000
            WHERE id = %(withdrawal)s""",
        set(),
    ),
    "withdrawal_state": (
        "UPDATE referral_withdrawal SET state = 'paid' WHERE id = %(withdrawal)s",
        set(),
    ),
    "withdrawal_bill": (
        """UPDATE referral_withdrawal SET billed_amount = billed_amount + 1
            WHERE id = %(billed)s""",
        set(),
    ),
    "withdrawal_payee": (
        "UPDATE res_partner_bank SET partner_id = %(client)s WHERE id = %(bank)s",
        set(),
    ),
    "redemption_entry": (
        "UPDATE referral_redemption SET amount = amount + 1 WHERE id = %(redemption)s",
        set(),
    ),
    "redemption_match": (
        """DELETE FROM account_partial_reconcile WHERE credit_move_id IN (
                SELECT item.id FROM account_move_line item
                  JOIN referral_redemption redemption
                    ON redemption.move_id = item.move_id
                 WHERE redemption.id = %(redemption)s)""",
        set(),
    ),
    "statement_sum": (
        """ALTER TABLE referral_statement
            DROP CONSTRAINT referral_statement_figures_tie;
           UPDATE referral_statement SET closing = closing + 1
            WHERE id = %(second_statement)s""",
        {"statement_seal"},
    ),
    "statement_opening": (
        """UPDATE referral_statement SET opening = opening + 1, closing = closing + 1
            WHERE id = %(second_statement)s""",
        {"statement_seal"},
    ),
    "statement_compensation": (
        """UPDATE referral_statement SET accrued = accrued + 1, adjusted = adjusted - 1
            WHERE id = %(statement)s""",
        {"statement_seal"},
    ),
    "statement_document": (
        """DELETE FROM ir_attachment WHERE res_model = 'referral.statement'
              AND res_id = %(statement)s""",
        set(),
    ),
    "statement_seal": (
        """UPDATE referral_statement SET used_for_invoices = used_for_invoices - 1,
                  adjusted = adjusted + 1
            WHERE id = %(second_statement)s""",
        set(),
    ),
    "acceptance_text": (
        """UPDATE referral_agreement
              SET body = JSONB_BUILD_OBJECT('en_US', 'You owe us everything.')
            WHERE id IN (SELECT agreement_id FROM referral_acceptance
                          WHERE participant_id = %(participant)s)""",
        set(),
    ),
    "hash_chain": (
        "UPDATE referral_accrual_line SET name = 'Forged' WHERE id = %(line)s",
        set(),
    ),
}


@tagged("post_install", "-at_install")
class TestIntegrity(BooksCase):
    def _places(self):
        """Return the ids that the breaks speak of."""
        entry = self.accrual.move_ids
        line = self.accrual.line_ids.filtered(lambda own: own.base == 1_000_000)
        return {
            "accrual": self.accrual.id,
            "bank": self.account.id,
            "bill": self.billed.bill_id.id,
            "billed": self.billed.id,
            "client": self.client.id,
            "compensation": self.accrual.compensation_ids.id,
            "entry": entry.id,
            "expense_item": (entry.line_ids - self._liability_item(entry)).id,
            "income": self.income.id,
            "invoice_line": line.line_key,
            "liability": self.program.liability_account_id.id,
            "line": line.id,
            "manual_item": self._liability_item(self.manual).id,
            "participant": self.participant.id,
            "redemption": self.redemption.id,
            "second_accrual": self.second.id,
            "second_statement": self.second_statement.id,
            "statement": self._statement("2026-01").id,
            "terms": self.program.terms_ids.id,
            "withdrawal": self.withdrawal.id,
        }

    def _tamper(self, query, **places):
        """Change something in the database behind Odoo's back."""
        self.env.flush_all()
        self.env.cr.execute(query, {**self._places(), **places})
        self.env.invalidate_all()

    def _check(self, accrual=None, **options):
        with self.on("2026-03-02"):
            return self.program._check_integrity(accrual, **options)

    def _failed(self, run):
        return set(run.result_ids.filtered("is_failed").mapped("check_name"))

    def assertPassed(self, run):
        self.assertFalse(
            [
                (finding.title, finding.description, finding.expected, finding.found)
                for finding in run.finding_ids
            ]
        )
        self.assertFalse(run.result_ids.filtered("is_failed"))
        self.assertRecordValues(
            run,
            [{"state": "passed", "finding_count": 0, "check_count": len(CHECKS)}],
        )
        self.assertEqual(run.result_ids.mapped("check_name"), list(CHECKS))

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
                self.assertEqual(self._failed(run), {name} | others)
                self.assertEqual(run.state, "failed")
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
        self.assertEqual(self._failed(run), {"given_whole"})
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
            {"line_amount", "given_earned", "hash_chain"},
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
            {"given_whole", "given_earned", "given_rate", "refunded_zero"},
        )

    # === Who is told === #

    def _activities(self):
        kind = self.env.ref("referral_program.mail_activity_integrity")
        return self.env["mail.activity"].search([("activity_type_id", "=", kind.id)])

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

    # === Rights === #

    def test_accountants_and_administrators_press_the_buttons(self):
        for role in ("accountant", "administrator"):
            user = self._user(f"integrity_{role}", f"referral_program.group_{role}")
            for record in (self.program, self.second):
                action = record.with_user(user).action_check_integrity()
                run = self.env["referral.integrity.run"].browse(action["res_id"])
                self.assertPassed(run)
                self.assertRecordValues(
                    run.with_user(user), [{"origin": "button", "user_id": user.id}]
                )

    def test_auditors_and_officers_read_and_run_nothing(self):
        self._tamper(BREAKS["line_amount"][0])
        run = self._check()
        for role in ("auditor", "officer"):
            user = self._user(f"integrity_{role}", f"referral_program.group_{role}")
            with self.subTest(role):
                own = run.with_user(user)
                self.assertEqual(own.state, "failed")
                self.assertTrue(own.finding_ids[0].title)
                self.assertTrue(own.result_ids[0].title)
                for record in (self.program, self.second):
                    with self.assertRefused(AccessError, "Only an accountant"):
                        record.with_user(user).action_check_integrity()

    def test_nobody_writes_what_was_found(self):
        self._tamper(BREAKS["line_amount"][0])
        run = self._check()
        administrator = self._user(
            "integrity_writer", "referral_program.group_administrator"
        )
        for record in (run, run.result_ids[0], run.finding_ids[0]):
            with self.assertRefused(UserError, "cannot be edited or deleted"):
                record.write({"display_name": "Forged"})
            # sudo: not even the superuser
            with self.assertRefused(UserError, "cannot be edited or deleted"):
                record.sudo().unlink()
            own = record.with_user(administrator)
            with self.assertRefused(UserError, "cannot be edited or deleted"):
                own.write({"display_name": "Forged"})
            for operation in ("create", "unlink"):
                self.assertFalse(own.has_access(operation))
            with self.assertRaises(AccessError):
                own.copy()

    def test_others_see_nothing(self):
        run = self._check()
        for login, group in (
            ("integrity_employee", "base.group_user"),
            ("integrity_portal", "base.group_portal"),
        ):
            user = self._user(login, group)
            for record in (run, run.result_ids[0]):
                with self.assertRaises(AccessError):
                    record.with_user(user).read(["display_name"])
            with self.assertRaises(AccessError):
                self.program.with_user(user).action_check_integrity()

    def test_other_companies_are_out_of_sight(self):
        program = self._program(self.setup_other_company()["company"])
        run = program._check_integrity()
        auditor = self._user("integrity_auditor", "referral_program.group_auditor")
        accountant = self._user("integrity_other", "referral_program.group_accountant")
        for record in (run, run.result_ids[0]):
            own = record.with_user(auditor)
            self.assertFalse(own.search([("id", "in", record.ids)]))
            with self.assertRaises(AccessError):
                own.read(["display_name"])
        with self.assertRaises(AccessError):
            program.with_user(accountant).action_check_integrity()

    def test_the_program_shows_its_last_whole_check(self):
        self.assertFalse(self.program.integrity_state)
        run = self._check()
        self._tamper(BREAKS["line_amount"][0])
        self._check(self.accrual)
        self.program.invalidate_recordset()
        self.assertEqual(self.program.integrity_run_id, run)
        self.assertEqual(self.program.integrity_state, "passed")

    def test_the_accountant_discusses_a_run_and_marks_it_done(self):
        accountant = self._user("integrity_done", "referral_program.group_accountant")
        self.program.responsible_id = accountant
        self._tamper(BREAKS["withdrawal_state"][0])
        run = self._check()
        own = self._activities().with_user(accountant)
        own.action_feedback(feedback="I have found out.")
        self.assertFalse(self._activities())
        self.assertIn("I have found out.", run.message_ids[0].body)
        auditor = self._user("integrity_mute", "referral_program.group_auditor")
        body = "I was here."
        with self.assertRaises(AccessError):
            run.with_user(auditor).message_post(body=body)

    def test_engine_is_closed_to_rpc(self):
        from odoo.service.model import get_public_method

        for name in ("_check_integrity", "_cron_check_integrity", "_verify_chain"):
            with self.assertRaises(AccessError):
                get_public_method(self.env["referral.program"], name)
