"""Journal entries, review, lock dates, failures, and setting a company up."""

import os
from datetime import date
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ...models.accrual import referral_accrual_post
from ..common import OneReferralCase


@tagged("post_install", "-at_install")
class TestPosting(OneReferralCase):
    def _earn_for_many(self, count):
        """Let several participants earn 90 each in January; return them."""
        participants = self.env["referral.participant"]
        for number in range(count):
            participant = self._participant(f"P{number}")
            client = self._partner(f"C{number}")
            self._referral(participant, client)
            self._paid("2026-01-10", 1000, client)
            participants |= participant
        return participants

    # === The entry === #

    def test_entry_debits_the_expense_and_credits_each_participant(self):
        self._paid("2026-01-10")
        other = self._earn_for_many(1)
        accrual = self._accrue("2026-01")
        [entry] = accrual.move_ids
        self.assertEqual(entry.state, "posted")
        self.assertEqual(entry.date, date(2026, 1, 31))
        self.assertEqual(entry.journal_id, self.program.journal_id)
        self.assertRecordValues(
            entry.line_ids.sorted("balance"),
            [
                {
                    "account_id": self.program.liability_account_id.id,
                    "partner_id": partner.id,
                    "balance": -90,
                }
                for partner in (self.participant | other).partner_id
            ]
            + [
                {
                    "account_id": self.program.expense_account_id.id,
                    "partner_id": False,
                    "balance": 180,
                }
            ],
        )
        self.assertEqual(self.participant.balance, 90)
        self.assertEqual(self.participant.available_balance, 90)
        self.assertEqual(self.program.liability, 180)

    def test_take_back_debits_the_liability_and_balance_goes_below_zero(self):
        invoice = self._paid("2026-01-10")
        self._accrue("2026-01")
        payment = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.misc_journal.id,
                "date": "2026-02-01",
                "line_ids": [
                    (
                        0,
                        0,
                        {
                            "account_id": self.program.liability_account_id.id,
                            "partner_id": self.participant.partner_id.id,
                            "balance": 90,
                        },
                    ),
                    (
                        0,
                        0,
                        {
                            "account_id": self.bank_journal.default_account_id.id,
                            "balance": -90,
                        },
                    ),
                ],
            }
        )
        payment.action_post()
        self.assertEqual(self.participant._balance(), 0)
        self._credit_note(invoice, "2026-02-10", 1000)
        accrual = self.assertEarned("2026-02", self.participant, "-90")
        item = accrual.compensation_ids.move_line_id
        self.assertEqual((item.debit, item.credit), (90, 0))
        self.assertEqual(self.participant._balance(), -90)
        self.participant.invalidate_recordset()
        self.assertEqual(self.participant.available_balance, 0)

    def test_amounts_that_round_to_zero_make_no_item(self):
        self._paid("2026-01-10", "0.05")
        accrual = self._accrue("2026-01")
        [compensation] = accrual.compensation_ids
        self.assertEqual((compensation.base, compensation.amount), (0.05, 0))
        self.assertEqual(accrual.line_ids.amount, 0.0045)
        self.assertFalse(compensation.move_line_id)
        self.assertFalse(accrual.move_ids)
        self.assertEqual(accrual.state, "posted")

    def test_entries_are_made_in_batches(self):
        self._earn_for_many(5)
        self.patch(referral_accrual_post, "POST_BATCH_SIZE", 2)
        accrual = self._accrue("2026-01")
        self.assertEqual(len(accrual.move_ids), 3)
        self.assertEqual(
            sorted(len(entry.line_ids) for entry in accrual.move_ids), [2, 3, 3]
        )
        self.assertLedger(self.program)

    # === Dates and locks === #

    def test_entry_is_dated_on_the_first_open_day_after_a_lock_date(self):
        self._paid("2026-01-10")
        self.company.fiscalyear_lock_date = "2026-02-10"
        accrual = self._accrue("2026-01", on="2026-02-20")
        self.assertEqual(accrual.move_ids.date, date(2026, 2, 11))
        self.assertEqual(accrual.period_start, date(2026, 1, 1))
        self.assertEqual(accrual.period_end, date(2026, 1, 31))

    def test_the_later_of_two_lock_dates_decides(self):
        self._paid("2026-01-10")
        self.company.hard_lock_date = "2026-01-31"
        self.company.fiscalyear_lock_date = "2026-02-10"
        accrual = self._accrue("2026-01", on="2026-02-20")
        self.assertEqual(accrual.move_ids.date, date(2026, 2, 11))

    def test_hash_locked_journal(self):
        self.program.journal_id.restrict_mode_hash_table = True
        self._paid("2026-01-10")
        accrual = self._accrue("2026-01")
        self.assertTrue(accrual.move_ids.inalterable_hash)
        self._paid("2026-02-10")
        accrual = self.assertEarned("2026-02", self.participant, "90")
        self.assertTrue(accrual.move_ids.inalterable_hash)

    def test_entries_are_numbered_without_gaps(self):
        self._earn_for_many(4)
        self.patch(referral_accrual_post, "POST_BATCH_SIZE", 2)
        accrual = self._accrue("2026-01")
        names = accrual.move_ids.mapped("name")
        numbers = sorted(int(name.rpartition("/")[2]) for name in names)
        self.assertEqual(numbers, [1, 2])

    def test_a_month_that_was_only_begun_comes_before_the_next_one(self):
        self._paid("2026-01-10")
        # sudo: by the program itself
        self.env["referral.accrual"].sudo().create(
            {"program_id": self.program.id, "period_start": "2026-01-01"}
        )
        with self.assertRefused(UserError, "Post .* first"):
            self._accrue("2026-02")

    # === Review === #

    def test_review_waits_for_the_accountant_and_can_be_computed_anew(self):
        self.program.posting_policy = "review"
        self._paid("2026-01-10")
        accrual = self._accrue("2026-01")
        self.assertEqual(accrual.state, "computed")
        self.assertFalse(accrual.move_ids)
        self.assertEqual(self.participant._balance(), 0)
        [activity] = accrual.activity_ids
        self.assertEqual(activity.date_deadline, date(2026, 2, 15))
        self.assertEqual(activity.user_id, self.program._accountant())
        # a payment that was forgotten
        invoice = self._invoice(self.client, "2026-01-20", 500)
        self._pay(invoice, "2026-01-25", entered="2026-02-03")
        with self.on("2026-02-04"):
            accrual.action_compute()
            self.assertEqual(accrual.amount, 135)
            accrual.action_compute()
            self.assertEqual(accrual.amount, 135)
            self.assertEqual(len(accrual.activity_ids), 1)
            accrual.action_post()
        self.assertEqual(accrual.state, "posted")
        self.assertFalse(accrual.activity_ids)
        self.assertEqual(self.participant._balance(), 135)
        self.assertEarned("2026-02", self.participant, "0", on="2026-03-02")

    def test_conditions_changed_after_computing_are_not_posted_over(self):
        self.program.posting_policy = "review"
        self._paid("2026-01-10")
        accrual = self._accrue("2026-01")
        self.program.terms_ids.rate = 12
        with self.on("2026-02-04"):
            with self.assertRefused(UserError, "Recompute it"):
                accrual.action_post()
            accrual.action_compute()
            accrual.action_post()
        self.assertEqual(self.participant._balance(), 120)
        self.assertEqual(accrual.terms_ids, self.program.terms_ids)

    def test_computed_anew_keeps_what_a_later_month_has_to_look_at(self):
        self.program.posting_policy = "review"
        invoice = self._invoice(
            self.client,
            "2026-01-01",
            [self._line(590, start_date="2026-01-01", end_date="2026-02-28")],
        )
        self._pay(invoice, "2026-01-01")
        accrual = self._accrue("2026-01")
        with self.on("2026-02-04"):
            accrual.action_compute()
            accrual.action_compute()
            accrual.action_post()
        accrual = self._accrue("2026-02")
        self.assertEqual(accrual.amount, 25.2)

    def test_alarm_two_days_before_the_credit_day(self):
        self.program.posting_policy = "review"
        self._paid("2026-01-10")
        self._accrue("2026-01")
        kind = self.env.ref("referral_program.mail_activity_credit_alarm")

        def alarms():
            return self.program.activity_ids.filtered(
                lambda activity: activity.activity_type_id == kind
            )

        with self.on("2026-02-12"):
            self.env["referral.program"]._cron_accrue()
            self.assertFalse(alarms())
        for _again in range(2):
            with self.on("2026-02-13"):
                self.env["referral.program"]._cron_accrue()
        [alarm] = alarms()
        self.assertEqual(alarm.date_deadline, date(2026, 2, 15))

    # === The scheduled action === #

    def test_all_due_months_of_all_programs_are_caught_up_oldest_first(self):
        other = self.setup_other_company()
        program = self._program(other["company"])
        vera = self._participant("Vera", program)
        self._referral(vera, self.client, "2026-03-05")
        self.participant.referral_ids.date_start = "2026-01-03"
        self._paid("2026-01-10")
        self._paid("2026-02-10")
        with self.on("2026-05-01"):
            self.env["referral.program"]._cron_accrue()
        self.assertEqual(
            self.program.accrual_ids.mapped("period_start"),
            [date(2026, month, 1) for month in (4, 3, 2, 1)],
        )
        self.assertEqual(set(self.program.accrual_ids.mapped("state")), {"posted"})
        self.assertEqual(self.program.accrual_ids.mapped("amount"), [0, 0, 90, 90])
        self.assertEqual(
            program.accrual_ids.mapped("period_start"),
            [date(2026, month, 1) for month in (4, 3)],
        )
        with self.on("2026-05-02"):
            self.env["referral.program"]._cron_accrue()
        self.assertEqual(len(self.program.accrual_ids), 4)

    def test_scheduled_action_commits_and_finishes(self):
        self.participant.referral_ids.date_start = "2026-01-03"
        self._paid("2026-01-10")
        cron = self.env.ref("referral_program.ir_cron_accrue")
        # where there is a queue, it would be left to its jobs
        at_once = patch.dict(os.environ, QUEUE_JOB__NO_DELAY="1")
        with at_once, self.on("2026-02-01"), self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(self.participant._balance(), 90)

    def test_what_follows_posting_follows_once(self):
        posted = []
        accruals = self.env.registry["referral.accrual"]
        follow = accruals._on_posted

        def on_posted(accrual):
            follow(accrual)
            posted.append((accrual, accrual.state, bool(accrual.hash)))

        self.program.posting_policy = "review"
        self._paid("2026-01-10")
        with patch.object(accruals, "_on_posted", on_posted):
            accrual = self._accrue("2026-01")
            self.assertFalse(posted)
            with self.on("2026-02-01"):
                accrual.action_post()
        self.assertEqual(posted, [(accrual, "posted", True)])
        self.assertEqual(self.participant.referral_ids.month_ids.amount, 90)

    def test_nothing_is_due_before_the_first_referral(self):
        self.participant.referral_ids.unlink()
        with self.on("2026-05-01"):
            self.env["referral.program"]._cron_accrue()
        self.assertFalse(self.program.accrual_ids)

    def test_one_programs_failure_is_reported_and_stops_no_other(self):
        other = self.setup_other_company()
        program = self._program(other["company"])
        vera = self._participant("Vera", program)
        self._referral(vera, self.client, "2026-01-05")
        self.participant.referral_ids.date_start = "2026-01-03"
        self._paid("2026-01-10")
        # archiving the account makes posting fail after computing
        self.program.liability_account_id.active = False
        for _again in range(2):
            with self.on("2026-02-01"):
                self.env["referral.program"]._cron_accrue()
        self.assertFalse(self.program.accrual_ids)
        self.assertEqual(program.accrual_ids.mapped("state"), ["posted"])
        kind = self.env.ref("referral_program.mail_activity_accrual_failed")
        [activity] = self.program.activity_ids.filtered(
            lambda a: a.activity_type_id == kind
        )
        self.assertIn("is archived", activity.note)
        self.assertIn("is archived", self.program.message_ids[0].body)
        self.program.liability_account_id.active = True
        with self.on("2026-02-02"):
            self.env["referral.program"]._cron_accrue()
        self.assertEqual(self.participant._balance(), 90)

    def test_batches_posted_before_a_failure_stay_and_the_rest_follows(self):
        """Killed between two batches: the next run posts what is missing, once."""
        self._earn_for_many(4)
        self.patch(referral_accrual_post, "POST_BATCH_SIZE", 2)
        with self.on("2026-02-01"):
            accrual = self.program._get_or_create_accrual("2026-01-01")
            accrual._compute_if_possible()
            accrual._post_batch()
        self.assertEqual((accrual.state, len(accrual.move_ids)), ("computed", 1))
        with self.on("2026-02-02"):
            with self.assertRefused(UserError, "recomputed"):
                accrual.action_compute()
            self.env["referral.program"]._cron_accrue()
        self.assertEqual(accrual.state, "posted")
        self.assertEqual(len(accrual.move_ids), 2)
        self.assertEqual(self.program.liability, 360)
        self.assertLedger(self.program)

    def _half_posted(self):
        """Return January's accrual with one of its two entries."""
        self._earn_for_many(2)
        self.patch(referral_accrual_post, "POST_BATCH_SIZE", 1)
        self.program.posting_policy = "review"
        accrual = self._accrue("2026-01")
        accrual._post_batch()
        self.assertEqual((accrual.state, len(accrual.move_ids)), ("computed", 1))
        return accrual

    def assertWholeMonth(self, accrual):
        self.assertEqual(accrual.state, "posted")
        self.assertEqual(len(accrual.move_ids), 2)
        self.assertEqual(
            [own._balance() for own in accrual.compensation_ids.participant_id],
            [90, 90],
        )

    def test_a_half_posted_month_is_finished_whatever_changed_since(self):
        accrual = self._half_posted()
        self.program._mark_everything()
        accrual._post()
        self.assertWholeMonth(accrual)

    def test_a_half_posted_month_is_not_computed_anew(self):
        accrual = self._half_posted()
        self.program.posting_policy = "automatic"
        with self.on("2026-02-01"):
            self.program._accrue("2026-01-01")
        self.assertWholeMonth(accrual)

    # === Setting up === #

    def test_company_without_a_chart_gets_a_working_program(self):
        company = self.env["res.company"].create({"name": "Bare"})
        self.env.user.company_ids |= company
        program = self.env["referral.program"]._get_or_create_for_company(company)
        self.assertEqual(program.company_id, company)
        self.assertEqual(program.terms_ids.rate, 9)
        self.assertEqual(len(program.terms_ids.excluded_category_ids), 8)
        minimum = 10_000 if company.currency_id.name == "RUB" else 0
        self.assertEqual(program.min_withdrawal, minimum)
        self.assertEqual((program.credit_day, program.verification_days), (15, 2))
        liability = program.liability_account_id
        self.assertEqual(liability.account_type, "liability_current")
        self.assertTrue(liability.reconcile)
        self.assertEqual(program.expense_account_id.account_type, "expense")
        self.assertEqual(program.journal_id.company_id, company)

    def test_a_company_without_a_purchase_journal_gets_one(self):
        company = self.setup_other_company()["company"]
        journals = self.env["account.journal"]
        archived = journals.search(
            [("company_id", "=", company.id), ("type", "=", "purchase")]
        )
        archived.active = False
        program = self.env["referral.program"].create(
            {"name": "Without purchases", "company_id": company.id}
        )
        program.action_set_up_accounting()
        journal = program.bill_journal_id
        self.assertEqual(journal.type, "purchase")
        self.assertEqual(journal.company_id, company)
        self.assertNotIn(journal.code, archived.mapped("code"))
        program.bill_journal_id = False
        program.action_set_up_accounting()
        self.assertEqual(program.bill_journal_id, journal)

    def test_setting_up_again_makes_nothing_twice(self):
        program = self.program
        before = program.journal_id, program.liability_account_id
        again = self.env["referral.program"]._get_or_create_for_company(self.company)
        self.assertEqual(again, program)
        program.write({"journal_id": False, "liability_account_id": False})
        program.action_set_up_accounting()
        self.assertEqual((program.journal_id, program.liability_account_id), before)

    def test_settings_button_makes_the_program(self):
        company = self.setup_other_company()["company"]
        settings = self.env["res.config.settings"].with_company(company).create({})
        self.assertFalse(settings.referral_program_id)
        action = settings.action_create_referral_program()
        program = self.env["referral.program"].browse(action["res_id"])
        self.assertEqual(program.company_id, company)
        self.assertEqual(program.bill_journal_id.type, "purchase")

    def test_liability_account_has_to_be_a_reconcilable_liability(self):
        with self.assertRefused(ValidationError, "current liability"):
            self.program.liability_account_id = self.income

    def test_liability_account_stays_while_it_holds_balances(self):
        self._paid("2026-01-10")
        self._accrue("2026-01")
        other = self.program.liability_account_id.copy()
        with self.assertRefused(UserError, "The balances"):
            self.program.liability_account_id = other

    def test_one_program_for_a_company(self):
        with self.assertRaises(Exception) as caught, patch("odoo.sql_db._logger"):
            self.env["referral.program"].create(
                {"name": "Second", "company_id": self.company.id}
            )
            self.env.flush_all()
        self.assertIn("referral_program_company_unique", str(caught.exception))
