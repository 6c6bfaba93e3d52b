"""Paying own invoices with the balance: one entry, undone as a whole."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_withdrawals import MoneyCase


@tagged("post_install", "-at_install")
class TestRedemptions(MoneyCase):
    def setUp(self):
        super().setUp()
        self.invoice = self._invoice(self.participant.partner_id, "2026-03-01", 40_000)

    def _redeem(self, amount, invoice=None, day="2026-03-05", **options):
        with self.on(day):
            return self.env["referral.redemption"]._redeem(
                self.participant, invoice or self.invoice, amount, **options
            )

    def assertOpen(self, amount, invoice=None):
        self.assertEqual((invoice or self.invoice).amount_residual, amount)

    # === Paying === #

    def test_wholly_and_in_part(self):
        first = self._redeem(15_000)
        self.assertOpen(25_000)
        self.assertMoney(75_000, 75_000)
        self.assertRecordValues(
            first.move_id.line_ids.sorted("balance"),
            [
                {
                    "account_id": self.company_data["default_account_receivable"].id,
                    "balance": -15_000,
                    "reconciled": True,
                    "partner_id": self.participant.partner_id.id,
                },
                {
                    "account_id": self.program.liability_account_id.id,
                    "balance": 15_000,
                    "reconciled": True,
                    "partner_id": self.participant.partner_id.id,
                },
            ],
        )
        self._redeem(25_000)
        self.assertOpen(0)
        self.assertIn(self.invoice.payment_state, ("paid", "in_payment"))
        self.assertMoney(50_000, 50_000)

    def test_what_is_refused_changes_nothing(self):
        self._billed(60_000)
        foreign = self._invoice(self.client, "2026-03-01", 1000)
        refund = self._invoice(
            self.participant.partner_id, "2026-03-01", 100, move_type="out_refund"
        )
        draft = self.invoice.copy()
        for amount, invoice, text in (
            (30_000.01, self.invoice, "Only .*30,000.00.* is available"),
            (0, self.invoice, "above zero"),
            (-5, self.invoice, "above zero"),
            (100, foreign, "own invoices"),
            (100, refund, "own invoices"),
            (100, draft, "nothing to pay"),
        ):
            with self.assertRefused(UserError, text):
                self._redeem(amount, invoice)
        small = self._invoice(self.participant.partner_id, "2026-03-01", 100)
        with self.assertRefused(UserError, "Only .*100.00.* is still to be paid"):
            self._redeem(100.01, small)
        self._redeem(100, small)
        with self.assertRefused(UserError, "nothing to pay"):
            self._redeem(1, small)
        self.assertMoney(29_900, 29_900)

    def test_another_companys_invoice(self):
        other = self.setup_other_company()
        company = other["company"]
        self.env.user.company_ids |= company
        line = Command.create(
            {
                "name": "Elsewhere",
                "account_id": other["default_account_revenue"].id,
                "price_unit": 100,
                "tax_ids": [Command.clear()],
            }
        )
        invoice = self._invoice(
            self.participant.partner_id, "2026-03-01", [line], company_id=company.id
        )
        with self.assertRefused(UserError, "only the participant's own invoices"):
            self._redeem(50, invoice)

    def test_nobody_forges_the_entry_of_one(self):
        forged = {"referral_redemption_id": self._redeem(50).id}
        values = {
            "move_type": "entry",
            "journal_id": self.misc_journal.id,
            "date": "2026-03-15",
        }
        for group, refusal in (
            ("account.group_account_invoice", "access the field|by the program itself"),
            ("referral_program.group_accountant", "by the program itself"),
        ):
            moves = self.env["account.move"].with_user(self._user(group, group))
            for forge in (
                lambda moves=moves: moves.create({**values, **forged}),
                lambda moves=moves: moves.create(values).write(forged),
            ):
                with self.assertRefused(UserError, refusal):
                    forge()
            # nor whose group an invoice belongs to, which decides what it earns
            invoice = self._invoice(self.client, "2026-03-01", 10)
            invoice = invoice.with_user(moves.env.user)
            for vals in ({"referral_root_id": 1}, {"referral_root_id": False}):
                for forge in (
                    lambda vals=vals, moves=moves: moves.create({**values, **vals}),
                    lambda vals=vals, invoice=invoice: invoice.write(vals),
                ):
                    with self.assertRefused(UserError, "by the program itself"):
                        forge()

    def test_settings_and_states(self):
        self.program.redemption_allowed = False
        with self.assertRefused(UserError, "cannot be paid from"):
            self._redeem(100)
        self.program.redemption_allowed = True
        self.participant._update_state("closed", "Test")
        with self.assertRefused(UserError, "Only active participants"):
            self._redeem(100)
        self._redeem(100, by_staff=True)
        self.assertMoney(89_900, 89_900)

    def test_an_archived_program_pays_nothing(self):
        self.assertTrue(self.invoice.referral_payable)
        self.program.action_archive()
        self.invoice.invalidate_recordset(["referral_payable"])
        self.assertFalse(self.invoice.referral_payable)

    def test_installments_are_paid_oldest_first(self):
        terms = self.env.ref("account.account_payment_term_advance_60days")
        invoice = self._invoice(
            self.participant.partner_id,
            "2026-03-01",
            1000,
            invoice_payment_term_id=terms.id,
        )
        self._redeem(500, invoice)
        self.assertOpen(500, invoice)
        self._redeem(500, invoice)
        self.assertOpen(0, invoice)
        self.assertMoney(89_000, 89_000)

    def test_after_the_later_of_two_lock_dates(self):
        self.company.hard_lock_date = "2026-03-10"
        self.company.fiscalyear_lock_date = "2026-03-31"
        redemption = self._redeem(100)
        self.assertEqual(str(redemption.date), "2026-04-01")

    def test_undone_after_a_lock_date(self):
        redemption = self._redeem(100)
        self.company.fiscalyear_lock_date = "2026-03-31"
        with self.on("2026-03-06"):
            redemption.action_undo()
        self.assertEqual(redemption.state, "undone")
        # in the month that is locked nothing changes, in the first open one it is back
        reversal = redemption.move_id.reversal_move_ids
        self.assertEqual(str(reversal.date), "2026-04-01")
        self.assertEqual(str(redemption.move_id.date), "2026-03-05")
        self.assertOpen(40_000)
        self.assertMoney(90_000, 90_000)

    def test_staff_pay_with_the_button_on_the_invoice(self):
        accountant = self._user("redeemer", "referral_program.group_accountant")
        self.assertTrue(self.invoice.with_user(accountant).referral_payable)
        wizard = (
            self.env["referral.redeem"]
            .with_user(accountant)
            .create({"invoice_id": self.invoice.id})
        )
        self.assertEqual((wizard.due, wizard.amount), (40_000, 40_000))
        with self.on("2026-03-05"):
            wizard.action_confirm()
        self.assertOpen(0)
        self.assertFalse(self.invoice.with_user(accountant).referral_payable)
        self.assertMoney(50_000, 50_000)

    # === Payments on their way === #

    def _without_entry(self):
        """Let payments have no entry until the bank statement has them.

        So it is in a company with Odoo Accounting that has no outstanding account.
        """
        self.patch(
            self.registry["account.move"],
            "_get_invoice_in_payment_state",
            lambda move: "in_payment",
        )
        journal = self._journal("Card", "CARD", "bank")
        journal.inbound_payment_method_line_ids.payment_account_id = False
        return journal

    def test_a_payment_on_its_way_leaves_nothing_to_pay(self):
        journal = self._without_entry()
        payment = self._pay(self.invoice, "2026-03-02", journal=journal)
        self.assertFalse(payment.move_id)
        self.assertOpen(40_000)
        with self.assertRefused(UserError, "payment of this invoice is on its way"):
            self._redeem(0.01)
        payment.action_cancel()
        self._redeem(40_000)
        self.assertOpen(0)

    def test_or_only_what_it_does_not_pay(self):
        journal = self._without_entry()
        self._pay(self.invoice, "2026-03-02", amount=25_000, journal=journal)
        with self.assertRefused(UserError, r"on its way: only .*15,000\.00.* still"):
            self._redeem(15_000.01)
        wizard = self.env["referral.redeem"].create({"invoice_id": self.invoice.id})
        self.assertEqual((wizard.due, wizard.amount), (15_000, 15_000))
        redemption = self._redeem(15_000)
        self.assertEqual(redemption.invoice_amount, 15_000)
        self.assertOpen(25_000)

    def test_one_of_several_invoices_counts_in_full_for_each(self):
        journal = self._without_entry()
        other = self._invoice(self.participant.partner_id, "2026-03-01", 10_000)
        self._pay(
            self.invoice | other,
            "2026-03-02",
            amount=30_000,
            journal=journal,
            group_payment=True,
        )
        redemptions = self.env["referral.redemption"]
        self.assertEqual(redemptions._open_amount(self.invoice), 10_000)
        self.assertEqual(redemptions._open_amount(other), 0)

    def test_what_is_sent_back_pays_no_invoice(self):
        journal = self._without_entry()
        journal.outbound_payment_method_line_ids.payment_account_id = False
        credit = self._invoice(
            self.participant.partner_id, "2026-03-01", 50_000, move_type="out_refund"
        )
        payment = self._pay(
            self.invoice | credit, "2026-03-02", journal=journal, group_payment=True
        )
        self.assertEqual((payment.payment_type, payment.amount), ("outbound", 10_000))
        self.assertFalse(payment.move_id)
        self.assertIn(payment, self.invoice.matched_payment_ids)
        redemptions = self.env["referral.redemption"]
        self.assertEqual(redemptions._open_amount(self.invoice), 40_000)

    def test_a_payment_that_the_bank_has_is_on_its_way_no_more(self):
        journal = self._without_entry()
        payment = self._pay(self.invoice, "2026-03-02", amount=25_000, journal=journal)
        line = self._statement_line(
            payment.partner_id, "2026-03-03", 25_000, journal=journal
        )
        self._match_statement_line(line, self._receivable(self.invoice))
        self.assertEqual(payment.state, "paid")
        self.assertOpen(15_000)
        self._redeem(15_000)
        self.assertOpen(0)

    def test_the_bank_has_more_than_an_accountant_said(self):
        journal = self._without_entry()
        payment = self._pay(self.invoice, "2026-03-02", amount=10_000, journal=journal)
        payment.action_validate()
        line = self._statement_line(
            payment.partner_id, "2026-03-03", 25_000, journal=journal
        )
        self._match_statement_line(line, self._receivable(self.invoice))
        self.assertOpen(15_000)
        redemptions = self.env["referral.redemption"]
        self.assertEqual(redemptions._open_amount(self.invoice), 15_000)

    def test_nor_is_one_that_has_an_entry(self):
        payment = self._pay(self.invoice, "2026-03-02", amount=25_000)
        self.assertTrue(payment.move_id)
        self.assertOpen(15_000)
        self._redeem(15_000)

    def test_an_accountant_may_say_that_it_is_paid_before_the_bank_does(self):
        journal = self._without_entry()
        payment = self._pay(self.invoice, "2026-03-02", amount=25_000, journal=journal)
        payment.action_validate()
        self.assertEqual(payment.state, "paid")
        with self.assertRefused(UserError, "on its way"):
            self._redeem(15_000.01)

    # === Undoing === #

    def test_undone_by_button(self):
        redemption = self._redeem(15_000)
        with self.on("2026-03-06"):
            redemption.action_undo()
        self.assertEqual(redemption.state, "undone")
        self.assertOpen(40_000)
        self.assertMoney(90_000, 90_000)
        redemption.action_undo()
        self.assertMoney(90_000, 90_000)

    def test_undone_by_taking_the_reconciliation_back(self):
        redemption = self._redeem(15_000)
        part = self._receivable(self.invoice).matched_credit_ids
        with self.on("2026-03-06"):
            self.invoice.js_remove_outstanding_partial(part.id)
        self.assertEqual(redemption.state, "undone")
        self.assertOpen(40_000)
        self.assertMoney(90_000, 90_000)
        open_items = self.env["account.move.line"].search(
            [
                ("partner_id", "=", self.participant.partner_id.id),
                ("account_id", "=", self._receivable(self.invoice).account_id.id),
                ("reconciled", "=", False),
            ]
        )
        self.assertEqual(open_items, self._receivable(self.invoice))

    def test_no_request_takes_the_invoice_s_side_back_alone(self):
        redemption = self._redeem(15_000)
        part = self._receivable(self.invoice).matched_credit_ids
        invoice = self.invoice.with_context(referral_reversing=redemption.move_id.ids)
        with self.on("2026-03-06"):
            invoice.js_remove_outstanding_partial(part.id)
        self.assertEqual(redemption.state, "undone")
        self.assertMoney(90_000, 90_000)

    def test_undone_by_reversing_the_entry(self):
        redemption = self._redeem(15_000)
        with self.on("2026-03-06"):
            wizard = (
                self.env["account.move.reversal"]
                .with_context(
                    active_model="account.move", active_ids=redemption.move_id.ids
                )
                .create({"journal_id": self.program.journal_id.id})
            )
            wizard.reverse_moves()
        self.assertEqual(redemption.state, "undone")
        self.assertEqual(len(redemption.move_id.reversal_move_ids), 1)
        self.assertOpen(40_000)
        self.assertMoney(90_000, 90_000)

    def test_undone_with_the_invoice(self):
        redemption = self._redeem(15_000)
        with self.on("2026-03-06"):
            self.invoice.button_draft()
            self.invoice.button_cancel()
        self.assertEqual(redemption.state, "undone")
        self.assertMoney(90_000, 90_000)

    def test_undone_with_an_invoice_that_is_replaced(self):
        redemption = self._redeem(15_000)
        with self.on("2026-03-06"):
            self.invoice._reverse_moves([{"invoice_date": "2026-03-06"}], cancel=True)
        self.assertEqual(redemption.state, "undone")
        self.assertMoney(90_000, 90_000)

    def test_an_invoice_edited_after_it_was_paid(self):
        redemption = self._redeem(40_000)
        with self.on("2026-03-06"):
            self.invoice.button_draft()
            self.invoice.invoice_line_ids.price_unit = 30_000
            self.invoice.action_post()
        # either all of it holds, or all of it is undone
        if redemption.state == "done":
            self.assertMoney(50_000, 50_000)
        else:
            self.assertOpen(30_000)
            self.assertMoney(90_000, 90_000)

    def test_the_entry_itself_stays(self):
        entry = self._redeem(15_000).move_id
        item = entry.line_ids[:1]
        for change in (
            entry.button_draft,
            entry.button_cancel,
            entry.unlink,
            lambda: item.write({"balance": 1}),
            lambda: item.write({"partner_id": self.client.id}),
            lambda: item.write({"parent_state": "draft"}),
        ):
            with self.assertRefused(UserError, "redemption|referral program"):
                change()
        self.assertMoney(75_000, 75_000)

    def test_undoing_gives_back_what_withdrawals_may_use(self):
        redemption = self._redeem(40_000)
        self._billed(50_000)
        with self.on("2026-03-07"):
            redemption.action_undo()
        self.assertMoney(40_000, 40_000)

    # === Other currencies === #

    def _foreign_invoice(self):
        euro = self._enable_currency("EUR")
        euro.rate_ids = False
        self.env["res.currency.rate"].create(
            [
                {
                    "name": day,
                    "rate": rate,
                    "currency_id": euro.id,
                    "company_id": self.company.id,
                }
                for day, rate in (("2026-03-01", 0.01), ("2026-03-05", 0.0125))
            ]
        )
        return self._invoice(
            self.participant.partner_id, "2026-03-01", 100, currency_id=euro.id
        )

    def test_converted_at_the_days_rate(self):
        invoice = self._foreign_invoice()
        self.assertEqual(invoice.amount_total_signed, 10_000)
        part = self._redeem(4_000, invoice)
        self.assertEqual(part.invoice_amount, 50)
        self.assertOpen(50, invoice)
        self._redeem(4_000, invoice)
        self.assertOpen(0, invoice)
        # the rate's difference is the company's, not the participant's
        self.assertMoney(82_000, 82_000)
        with self.on("2026-03-06"):
            part.action_undo()
        self.assertOpen(50, invoice)
        self.assertMoney(86_000, 86_000)

    def test_no_more_than_is_open_at_the_days_rate(self):
        invoice = self._foreign_invoice()
        with self.assertRefused(UserError, "Only .*8,000.00"):
            self._redeem(8_000.01, invoice)
        self._redeem(8_000, invoice)
        self.assertMoney(82_000, 82_000)

    def test_too_little_for_the_invoices_currency(self):
        invoice = self._foreign_invoice()
        with self.assertRefused(UserError, "smallest amount in EUR"):
            self._redeem(0.3, invoice)
        self._redeem(0.8, invoice)
        self.assertOpen(99.99, invoice)

    def test_or_refused_with_the_reason(self):
        invoice = self._foreign_invoice()
        self.program.foreign_redemption = "refuse"
        with self.assertRefused(UserError, "invoice in EUR"):
            self._redeem(100, invoice)

    # === Money for whoever brought the participant === #

    def test_counts_as_money_for_the_one_above(self):
        above = self._participant("Above")
        self._referral(above, self.participant.partner_id)
        self._redeem(40_000)
        self.assertEarned("2026-02", above, 0)
        self.assertEarned("2026-03", above, 3_600)
        # undone: taken back
        with self.on("2026-04-05"):
            self.participant.redemption_ids.action_undo()
        self.assertEarned("2026-04", above, -3_600)

    def test_or_does_not_by_setting(self):
        self.program.redemption_counts = False
        # not even if the journal of the entries counts otherwise
        self.program.payment_journal_ids = self.program.journal_id
        above = self._participant("Above")
        self._referral(above, self.participant.partner_id)
        self._redeem(40_000)
        self._accrue("2026-02")
        self.assertEarned("2026-03", above, 0)
        self.program.redemption_counts = True
        self.assertEarned("2026-04", above, 3_600)
