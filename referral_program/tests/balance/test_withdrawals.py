"""Money out by vendor bill: requests, bills, and all that may become of a bill."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import (
    AccessError,
    RedirectWarning,
    UserError,
    ValidationError,
)
from odoo.tests import tagged

from ...models.balance import referral_withdrawal_bill
from ..common import OneReferralCase

#: What an app of a country says of a bill that lacks something.
MISSING = "Enter the document number"


@tagged("post_install", "-at_install")
class MoneyCase(OneReferralCase):
    """A participant with 90,000 on the balance, and a trusted account."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._get_ready()
        cls._give(1_000_000)

    @classmethod
    def _get_ready(cls):
        """Let the participant have what it takes to be paid."""
        cls._accept_agreements(cls.participant)
        cls.account = cls._bank_account(cls.participant.partner_id)

    @classmethod
    def _accept_agreements(cls, participant):
        participant._accept(participant._agreements_to_accept())

    @classmethod
    def _bank_account(cls, partner, number="40702810938000000001", trusted=True):
        return cls.env["res.partner.bank"].create(
            {
                "acc_number": number,
                "partner_id": partner.id,
                "allow_out_payment": trusted,
            }
        )

    @classmethod
    def _give(cls, paid, month="2026-01", participant=None):
        """Have the client pay and use so much in a month, and accrue it."""
        cls._paid(f"{month}-10", paid)
        cls._accrue(month)

    @classmethod
    def _client_invoice(cls):
        return cls.env["account.move"].search(
            [("partner_id", "=", cls.client.id), ("move_type", "=", "out_invoice")]
        )

    @classmethod
    def _request(cls, amount, day="2026-03-05", account=None, **options):
        with cls.on(day):
            return cls.env["referral.withdrawal"]._request(
                cls.participant, amount, account or cls.account, **options
            )

    @classmethod
    def _billed(cls, amount, day="2026-03-05"):
        withdrawal = cls._request(amount, day)
        with cls.on(day):
            withdrawal.action_bill()
        return withdrawal

    def _user_of(self, role):
        return self._user(f"money_{role}", f"referral_program.group_{role}")

    def assertMoney(self, balance, available):
        self.env.invalidate_all()
        self.assertEqual(self.participant._balance(), balance)
        self.assertEqual(self.participant._availables()[self.participant], available)
        self.assertLedger(self.program)


@tagged("post_install", "-at_install")
class TestWithdrawals(MoneyCase):
    # === Requests === #

    def test_a_request_holds_its_amount(self):
        withdrawal = self._request(30_000)
        self.assertEqual(withdrawal.state, "requested")
        self.assertMoney(90_000, 60_000)

    def test_refused_requests_change_nothing(self):
        for amount, text in (
            (9_999.99, "minimum withdrawal is .*10,000"),
            (90_000.01, "Only .*90,000.00.* is available"),
            (0, "above zero"),
            (-10_000, "above zero"),
            (10_000.001, "2 decimals"),
        ):
            with self.assertRefused(UserError, text):
                self._request(amount)
        other = self._bank_account(self.client, "40702810938000000002")
        with self.assertRefused(UserError, "participant's own accounts"):
            self._request(10_000, account=other)
        self.assertMoney(90_000, 90_000)
        self.assertFalse(self.participant.withdrawal_ids)

    def test_who_may_not_be_paid(self):
        self.program.agreement_grace_days = 0
        asked = self.env["referral.document"].create(
            {"participant_id": self.participant.id, "name": "A further paper"}
        )
        with self.assertRefused(UserError, "Documents have to be"):
            self._request(10_000)
        asked.unlink()
        self.participant._update_state("suspended", "Test")
        with self.assertRefused(UserError, "suspended"):
            self._request(10_000)
        self.participant._update_state("active")
        self._request(10_000)
        self.participant._update_state("closed", "Test")
        with self.assertRefused(UserError, "ended"):
            self._request(10_000)
        # staff settle the rest
        self._request(80_000, by_staff=True)
        self.assertMoney(90_000, 0)

    def test_a_new_agreement_past_its_grace(self):
        self.program.agreement_grace_days = 0
        with self.on("2026-03-01"):
            self.env["referral.agreement"].create(
                {"kind": "engagement", "name": "Rules", "body": "<p>New rules</p>"}
            ).action_publish()
        with self.assertRefused(UserError, "agreements first"):
            self._request(10_000)

    def test_a_closed_one_with_a_document_that_is_not_approved(self):
        self.env["referral.document"].create(
            {"participant_id": self.participant.id, "name": "A further paper"}
        )
        self.participant._update_state("closed", "Test")
        self._request(90_000, by_staff=True)
        self.assertMoney(90_000, 0)

    def test_twenty_are_open_and_no_more(self):
        self.program.min_withdrawal = 1
        for day in ("2026-03-05", "2026-03-06", "2026-03-07", "2026-03-08"):
            for _number in range(5):
                self._request(100, day)
        with self.assertRefused(UserError, "Wait until"):
            self._request(100, "2026-03-09")

    def test_an_archived_iban_is_not_added_again(self):
        account = self._bank_account(
            self.participant.partner_id, "DE75512108001245126199"
        )
        account.active = False
        with self.assertRefused(ValidationError, "no longer in use"):
            self.participant._add_payee_account("DE75 5121 0800 1245 1261 99")

    def test_minimum_holds_for_participants_only(self):
        self.assertEqual(self._request(50, by_staff=True).state, "requested")

    # === Bills === #

    def test_a_bill_takes_the_amount_and_settles_the_oldest_compensations(self):
        self._give(500_000, "2026-02")
        withdrawal = self._billed(100_000)
        bill = withdrawal.bill_id
        self.assertEqual(withdrawal.state, "billed")
        self.assertRecordValues(
            bill,
            [
                {
                    "move_type": "in_invoice",
                    "state": "posted",
                    "partner_id": self.participant.partner_id.id,
                    "journal_id": self.program.bill_journal_id.id,
                    "partner_bank_id": self.account.id,
                    "amount_total": 100_000,
                }
            ],
        )
        self.assertTrue(bill.ref.startswith("SB/2026/"))
        self.assertMoney(35_000, 35_000)
        items = self.participant.compensation_ids.sorted("period_start").move_line_id
        self.assertEqual(items.sorted("date").mapped("amount_residual"), [0, -35_000])

    def test_payment_bounce_and_payment(self):
        withdrawal = self._billed(30_000)
        payment = self._pay(withdrawal.bill_id, "2026-03-10", 20_000)
        self.assertEqual(withdrawal.state, "billed")
        rest = self._pay(withdrawal.bill_id, "2026-03-11")
        self.assertEqual(withdrawal.state, "paid")
        self._unmatch(payment, "2026-03-12")
        self.assertEqual(withdrawal.state, "billed")
        self._unmatch(rest, "2026-03-12")
        self._pay(withdrawal.bill_id, "2026-03-13")
        self.assertEqual(withdrawal.state, "paid")
        self.assertMoney(60_000, 60_000)

    def test_many_are_paid_by_one_batch(self):
        withdrawals = self._billed(10_000) | self._billed(20_000)
        self._pay(withdrawals.bill_id, "2026-03-10", group_payment=False)
        self.assertEqual(withdrawals.mapped("state"), ["paid", "paid"])
        self.assertMoney(60_000, 60_000)

    def test_bills_may_be_left_as_drafts(self):
        self.program.bill_policy = "draft"
        withdrawal = self._billed(30_000)
        self.assertEqual(withdrawal.bill_id.state, "draft")
        self.assertEqual(withdrawal.state, "billed")
        self.assertMoney(90_000, 60_000)
        withdrawal.bill_id.action_post()
        self.assertMoney(60_000, 60_000)

    def _repartition(self):
        account = self.company_data["default_account_tax_purchase"]
        return {
            f"{kind}_repartition_line_ids": [
                Command.create({"repartition_type": "base"}),
                Command.create({"repartition_type": "tax", "account_id": account.id}),
            ]
            for kind in ("invoice", "refund")
        }

    def test_taxes_without_an_account_would_take_from_the_balance(self):
        self.participant.type_id.tax_ids = self.env["account.tax"].create(
            {
                "name": "Withheld",
                "amount": -13,
                "type_tax_use": "purchase",
                "company_id": self.company.id,
            }
        )
        withdrawal = self._request(30_000)
        with self.assertRefused(UserError, "separate accounts"):
            withdrawal.action_bill()
        self.assertMoney(90_000, 60_000)

    def test_taxes_come_on_top_and_withholdings_off(self):
        taxes = self.env["account.tax"].create(
            [
                {
                    "name": name,
                    "amount": amount,
                    "type_tax_use": "purchase",
                    "price_include_override": included,
                    "company_id": self.company.id,
                    **self._repartition(),
                }
                for name, amount, included in (
                    ("VAT", 20, "tax_excluded"),
                    ("Withheld", -13, "tax_excluded"),
                    ("VAT inside", 20, "tax_included"),
                )
            ]
        )
        for tax, total in zip(taxes, (36_000, 26_100, 36_000), strict=True):
            self.participant.type_id.tax_ids = tax
            with self.cr.savepoint() as savepoint:
                withdrawal = self._billed(30_000)
                self.assertEqual(withdrawal.bill_id.amount_total, total, tax.name)
                self.assertMoney(60_000, 60_000)
                savepoint.rollback()

    def test_withholding_at_payment(self):
        tax = self.env["account.tax"].create(
            {
                "name": "Personal income tax",
                "amount": -13,
                "type_tax_use": "purchase",
                "is_withholding_tax_on_payment": True,
                "company_id": self.company.id,
                **self._repartition(),
            }
        )
        tax.withholding_sequence_id = self.env["ir.sequence"].create(
            {"name": "Withholding", "padding": 4}
        )
        self.participant.type_id.tax_ids = tax
        withdrawal = self._billed(30_000)
        self.assertEqual(withdrawal.bill_id.amount_total, 30_000)
        payment = self._pay(
            withdrawal.bill_id,
            "2026-03-10",
            should_withhold_tax=True,
            withholding_outstanding_account_id=(
                self.bank_journal.outbound_payment_method_line_ids.payment_account_id.id
            ),
        )
        bank = payment.outstanding_account_id
        sent = payment.move_id.line_ids.filtered(lambda i: i.account_id == bank)
        self.assertEqual(sum(sent.mapped("balance")), -26_100)
        self.assertEqual(withdrawal.state, "paid")
        self.assertMoney(60_000, 60_000)

    def test_due_date_follows_the_payment_terms(self):
        self.program.bill_payment_term_id = self.env.ref(
            "account.account_payment_term_30days"
        )
        bill = self._billed(10_000).bill_id
        self.assertEqual(str(bill.invoice_date_due), "2026-04-04")

    def test_untrusted_accounts_wait(self):
        self.account.allow_out_payment = False
        withdrawal = self._request(10_000)
        with self.assertRefused(UserError, "is not trusted yet"):
            withdrawal.action_bill()
        self.env["referral.withdrawal"]._cron_bill()
        self.assertFalse(withdrawal.bill_id)
        withdrawal.action_trust_account()
        withdrawal.action_bill()
        self.assertEqual(withdrawal.state, "billed")

    # === Refused and cancelled === #

    def test_refused_and_cancelled_requests_give_back(self):
        refused, cancelled = self._request(30_000), self._request(20_000)
        refused._refuse("Not your account")
        cancelled._cancel()
        self.assertEqual(refused.state, "refused")
        self.assertEqual(cancelled.state, "cancelled")
        self.assertMoney(90_000, 90_000)
        for withdrawal in refused | cancelled:
            with self.assertRefused(UserError, "already decided"):
                withdrawal._cancel()
            with self.assertRefused(UserError, "None of these withdrawals"):
                withdrawal.action_bill()

    # === Many === #

    def test_the_scheduled_action_bills_what_is_approved(self):
        first, second, third = (self._request(10_000) for _number in range(3))
        first.action_approve()
        bill_all = self.env["referral.withdrawal"]._cron_bill
        with self.on("2026-03-06"):
            bill_all()
        self.assertEqual(
            (first | second | third).mapped("state"),
            ["billed", "requested", "requested"],
        )
        self.program.withdrawal_policy = "automatic"
        with self.on("2026-03-06"):
            bill_all()
            bill_all()
        self.assertEqual((second | third).mapped("state"), ["billed", "billed"])
        self.assertEqual(len((first | second | third).bill_id), 3)
        self.assertMoney(60_000, 60_000)

    def test_one_that_cannot_be_billed_does_not_stop_the_others(self):
        boris = self._participant("Boris")
        self._accept_agreements(boris)
        client = self._partner("Second Client")
        self._referral(boris, client)
        self._paid("2026-02-10", 1_000_000, partner=client)
        self._accrue("2026-02")
        first = self._request(10_000)
        with self.on("2026-03-05"):
            second = self.env["referral.withdrawal"]._request(
                boris,
                10_000,
                self._bank_account(boris.partner_id, "DE75512108001245126199"),
            )
        (first | second)._approve()
        # what the first one earned is taken back in between
        self._credit_note(self._client_invoice(), "2026-03-05", [self._line(1_000_000)])
        self._accrue("2026-03")
        with self.on("2026-03-06"):
            self.env["referral.withdrawal"]._cron_bill()
        self.assertEqual(second.state, "billed")
        self.assertEqual(first.state, "requested")
        self.assertIn("exceed the balance", first.problem)
        notes = [str(note) for note in first.activity_ids.mapped("note") if note]
        self.assertIn(first.problem, " ".join(notes))
        # once, however often it is tried
        told = first.activity_ids, first.message_ids
        with self.on("2026-03-07"):
            self.env["referral.withdrawal"]._cron_bill()
        self.assertEqual((first.activity_ids, first.message_ids), told)
        self.assertMoney(0, -10_000)

    def test_what_fails_is_looked_for_in_parts_of_a_batch(self):
        self.patch(referral_withdrawal_bill, "BILL_PART_SIZE", 2)
        self.test_whatever_makes_one_fail_does_not_stop_the_others()

    def test_whatever_makes_one_fail_does_not_stop_the_others(self):
        """A bill may be refused with a way out, or break what other addons add."""
        withdrawals = self.env["referral.withdrawal"]
        for number in range(4):
            withdrawals |= self._request(10_000 + number)
        withdrawals._approve()
        errors = {
            10_000: RedirectWarning("Choose a journal", 7, "To the journals"),
            10_001: ZeroDivisionError("broken"),
        }
        prepare = self.env.registry["referral.withdrawal"]._prepare_bill_vals

        def fail(withdrawal):
            if withdrawal.amount in errors:
                raise errors[withdrawal.amount]
            return prepare(withdrawal)

        with (
            self.on("2026-03-06"),
            patch.object(
                self.env.registry["referral.withdrawal"], "_prepare_bill_vals", fail
            ),
            self.assertLogs("odoo.addons.referral_program", "ERROR") as logs,
        ):
            withdrawals._cron_bill()
        self.assertEqual(
            withdrawals.mapped("problem"),
            ["Choose a journal", "ZeroDivisionError: broken", False, False],
        )
        self.assertEqual(
            withdrawals.mapped("state"), ["requested"] * 2 + ["billed"] * 2
        )
        self.assertEqual(len(logs.output), 2)

    def test_a_bill_that_cannot_be_posted_stays_a_draft(self):
        """Some countries ask for a document number, which only a person knows."""
        withdrawals = self._request(10_000) | self._request(10_001)
        withdrawals._approve()
        moves = self.env.registry["account.move"]
        post = moves._post
        missing = RedirectWarning(MISSING, 7, "To the bill")

        def fail(bills, soft=True):
            if 10_000 in bills.referral_withdrawal_ids.mapped("amount"):
                raise missing
            return post(bills, soft)

        with self.on("2026-03-06"), patch.object(moves, "_post", fail):
            withdrawals._cron_bill()
        waiting, billed = withdrawals
        self.assertEqual(withdrawals.mapped("state"), ["billed"] * 2)
        self.assertEqual(waiting.bill_id.state, "draft")
        self.assertEqual(billed.bill_id.state, "posted")
        self.assertIn(MISSING, waiting.problem)
        self.assertIn(MISSING, waiting.activity_ids.note)
        self.assertFalse(billed.problem)
        # the draft keeps its money back
        self.assertMoney(79_999, 69_999)
        with self.on("2026-03-07"):
            waiting.bill_id.action_post()
        self.assertFalse(waiting.problem)
        self.assertFalse(waiting.activity_ids)
        self.assertMoney(69_999, 69_999)

    def test_the_button_leaves_a_draft_too(self):
        withdrawal = self._request(10_000)
        moves = self.env.registry["account.move"]

        def fail(bills, soft=True):
            raise UserError(MISSING)

        with self.on("2026-03-06"), patch.object(moves, "_post", fail):
            told = withdrawal.action_bill()
        self.assertEqual(withdrawal.bill_id.state, "draft")
        self.assertIn(MISSING, told["params"]["message"])

    def test_what_became_of_many_is_told(self):
        good, bad = self._request(10_000), self._request(20_000)
        other = self._bank_account(
            self.participant.partner_id, "40702810938000000003", trusted=False
        )
        bad.bank_account_id = other
        bad.action_confirm_account()
        with self.on("2026-03-06"):
            notice = (good | bad).action_bill()["params"]
        self.assertEqual((good.state, bad.state), ("billed", "requested"))
        self.assertEqual(notice["type"], "warning")
        self.assertRegex(
            notice["message"],
            f"^Bills created: 1. Not created: 1. {bad.name}: the account .* is not "
            "trusted yet",
        )
        other.allow_out_payment = True
        with self.on("2026-03-06"):
            notice = bad.action_bill()["params"]
        self.assertEqual(
            (notice["type"], notice["message"]), ("success", "Bills created: 1.")
        )

    def test_many_are_refused_with_one_reason(self):
        withdrawals = self._request(10_000) | self._request(20_000)
        action = withdrawals.action_refuse()
        wizard = self.env["referral.reason"].with_context(**action["context"])
        wizard.create({"reason": "Ask next month"}).action_confirm()
        self.assertEqual(withdrawals.mapped("state"), ["refused"] * 2)
        self.assertEqual(set(withdrawals.mapped("reason")), {"Ask next month"})
        self.assertMoney(90_000, 90_000)

    def test_more_than_a_user_waits_for_are_left_to_the_scheduled_action(self):
        withdrawals = self._request(10_000) | self._request(20_000)
        self.patch(referral_withdrawal_bill, "BUTTON_LIMIT", 1)
        with self.on("2026-03-06"):
            notice = withdrawals.action_bill()
        self.assertIn("2 withdrawals are approved", notice["params"]["message"])
        self.assertEqual(withdrawals.mapped("state"), ["requested"] * 2)
        cron = self.env.ref("referral_program.ir_cron_bill")
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))
        with self.on("2026-03-06"):
            self.env["referral.withdrawal"]._cron_bill()
        self.assertEqual(withdrawals.mapped("state"), ["billed"] * 2)

    # === Staff === #

    def test_staff_settle_what_an_ended_participation_left(self):
        self.participant._update_state("closed", "Test")
        wizard = (
            self.env["referral.withdraw"]
            .with_user(self._user_of("accountant"))
            .create({"participant_id": self.participant.id})
        )
        self.assertEqual(wizard.amount, 90_000)
        self.assertEqual(wizard.bank_account_id, self.account)
        with self.on("2026-03-05"):
            wizard.action_confirm()
        self.assertMoney(90_000, 0)
        for role in ("auditor", "officer"):
            with self.assertRaises(AccessError):
                self.env["referral.withdraw"].with_user(self._user_of(role)).create(
                    {"participant_id": self.participant.id}
                )

    # === Who may === #

    def test_nobody_sets_states_or_amounts(self):
        withdrawal = self._request(30_000)
        for values in (
            {"state": "paid"},
            {"amount": 1},
            {"decision": "refused"},
            {"bank_account_id": self._bank_account(self.client, "1").id},
            {"approved_on": "2026-03-05 12:00:00"},
            {"reserved_amount": 0},
        ):
            with self.assertRefused(UserError, "cannot be edited"):
                withdrawal.with_user(self._user_of("accountant")).write(values)
        with self.assertRefused(UserError, "cannot be deleted"):
            withdrawal.unlink()
        self.assertMoney(90_000, 60_000)

    def test_only_accountants_decide(self):
        withdrawal = self._request(30_000)
        for role in ("auditor", "officer"):
            own = withdrawal.with_user(self._user_of(role))
            self.assertEqual(own.amount, 30_000)
            for action in (own.action_approve, own.action_bill, own.action_refuse):
                with self.assertRaises(AccessError):
                    action()
            with self.assertRaises(AccessError):
                own._refuse("No")
        accountant = withdrawal.with_user(self._user_of("accountant"))
        with self.on("2026-03-06"):
            accountant.action_bill()
        self.assertEqual(withdrawal.approver_id.login, "money_accountant")
        self.assertEqual(withdrawal.state, "billed")
