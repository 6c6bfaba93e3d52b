"""What becomes of a withdrawal's bill: paid, reset, reversed, edited, deleted."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_withdrawals import MoneyCase


@tagged("post_install", "-at_install")
class TestBills(MoneyCase):
    def test_a_billed_withdrawal_is_not_refused(self):
        withdrawal = self._billed(30_000)
        with self.assertRefused(UserError, "billed"):
            withdrawal._refuse("Too late")
        self.assertMoney(60_000, 60_000)

    def test_resetting_a_paid_bill_is_an_alarm(self):
        withdrawal = self._billed(30_000)
        self._pay(withdrawal.bill_id, "2026-03-10")
        self.assertEqual(withdrawal.state, "paid")
        with self.on("2026-03-11"):
            withdrawal.bill_id.button_draft()
        [activity] = withdrawal.activity_ids
        self.assertIn("the money has been paid out", activity.note)
        self.assertEqual(withdrawal.state, "billed")
        with self.on("2026-03-11"):
            withdrawal.bill_id.action_post()
        self.assertFalse(withdrawal.activity_ids)

    def test_resetting_an_unpaid_bill_is_none(self):
        withdrawal = self._billed(30_000)
        withdrawal.bill_id.button_draft()
        self.assertFalse(withdrawal.activity_ids)

    def test_draft_holds_and_cancel_gives_back(self):
        withdrawal = self._billed(30_000)
        bill = withdrawal.bill_id
        bill.button_draft()
        self.assertEqual(withdrawal.state, "billed")
        self.assertMoney(90_000, 60_000)
        bill.button_cancel()
        self.assertEqual(withdrawal.state, "cancelled")
        self.assertMoney(90_000, 90_000)
        # the accountant thinks better of it, while it is still there
        bill.button_draft()
        self.assertMoney(90_000, 60_000)
        bill.action_post()
        self.assertMoney(60_000, 60_000)

    def test_a_cancelled_bill_stays_so_once_the_money_is_gone(self):
        bill = self._billed(60_000).bill_id
        bill.button_cancel()
        self._request(80_000)
        with self.assertRefused(UserError, "than is available"):
            bill.button_draft()
        self.assertEqual(bill.state, "cancel")
        self.assertMoney(90_000, 10_000)

    def test_a_reversed_bill_gives_back(self):
        withdrawal = self._billed(30_000)
        with self.on("2026-03-20"):
            refund = withdrawal.bill_id._reverse_moves(
                [{"invoice_date": "2026-03-20"}], cancel=True
            )
        self.assertEqual(withdrawal.state, "cancelled")
        self.assertMoney(90_000, 90_000)
        # undoing the reversal takes it again, if it is still there
        with self.on("2026-03-20"):
            refund.button_draft()
            self.assertEqual(withdrawal.state, "billed")
            self.assertMoney(60_000, 60_000)
            refund.action_post()
        self.assertEqual(withdrawal.state, "cancelled")
        self._request(80_000)
        with self.assertRefused(UserError, "than is available"):
            refund.button_draft()
        self.assertMoney(90_000, 10_000)

    def test_a_balance_below_zero_lets_bills_be_edited(self):
        """Only what takes more is refused: the bill is taken, or reserved, already."""
        withdrawal = self._billed(90_000)
        self._credit_note(self._client_invoice(), "2026-03-10", 100_000)
        self._accrue("2026-03")
        self.assertMoney(-9_000, -9_000)
        with self.on("2026-04-02"):
            withdrawal.bill_id.button_draft()
            self.assertMoney(81_000, -9_000)
            withdrawal.bill_id.action_post()
        self.assertMoney(-9_000, -9_000)

    def test_a_refund_of_something_else_settles_the_bill_and_gives_nothing(self):
        withdrawal = self._billed(30_000)
        bill = withdrawal.bill_id
        with self.on("2026-03-20"):
            refund = self.env["account.move"].create(
                {
                    "move_type": "in_refund",
                    "partner_id": bill.partner_id.id,
                    "invoice_date": "2026-03-20",
                    "invoice_line_ids": [self._line(30_000)],
                }
            )
            refund.action_post()
            owed = (bill | refund).line_ids.filtered(
                lambda item: item.account_id.account_type == "liability_payable"
            )
            owed.reconcile()
        self.assertEqual(bill.payment_state, "reversed")
        self.assertEqual(withdrawal.state, "paid")
        self.assertMoney(60_000, 60_000)

    def test_a_partly_reversed_bill_gives_a_part_back(self):
        withdrawal = self._billed(30_000)
        with self.on("2026-03-20"):
            refund = withdrawal.bill_id._reverse_moves([{"invoice_date": "2026-03-20"}])
            refund.invoice_line_ids.price_unit = 10_000
            refund.action_post()
        self.assertEqual(withdrawal.state, "billed")
        self.assertMoney(70_000, 70_000)
        self._pay(withdrawal.bill_id, "2026-03-21")
        self.assertEqual(withdrawal.state, "paid")
        self.assertMoney(70_000, 70_000)

    def test_a_bill_edited_down_gives_the_rest_back(self):
        withdrawal = self._billed(30_000)
        bill = withdrawal.bill_id
        bill.button_draft()
        bill.invoice_line_ids.price_unit = 25_000
        self.assertMoney(90_000, 60_000)
        bill.action_post()
        self.assertEqual(withdrawal.billed_amount, 25_000)
        self.assertMoney(65_000, 65_000)
        bill.button_draft()
        self.assertMoney(90_000, 65_000)

    def test_a_bill_edited_up_takes_what_is_there(self):
        bill = self._billed(30_000).bill_id
        bill.button_draft()
        bill.invoice_line_ids.price_unit = 90_000.01
        with self.assertRefused(UserError, "0.01 more"):
            bill.action_post()
        bill.invoice_line_ids.price_unit = 90_000
        bill.action_post()
        self.assertMoney(0, 0)

    def test_a_bill_that_takes_nothing_is_not_posted(self):
        bill = self._billed(30_000).bill_id
        bill.button_draft()
        line = bill.invoice_line_ids
        line.account_id = self.company_data["default_account_expense"]
        with self.assertRefused(UserError, "takes nothing from the balance"):
            bill.action_post()
        line.account_id = self.program.liability_account_id
        bill.partner_id = self.client
        with self.assertRefused(UserError, "takes nothing|than is available"):
            bill.action_post()
        self.assertMoney(90_000, 60_000)

    def test_a_further_line_is_the_accountants(self):
        withdrawal = self._billed(30_000)
        bill = withdrawal.bill_id
        bill.button_draft()
        bill.invoice_line_ids = [
            Command.create(
                {
                    "name": "Bank fee",
                    "price_unit": -100,
                    "account_id": self.company_data["default_account_expense"].id,
                    "tax_ids": [Command.clear()],
                }
            )
        ]
        bill.action_post()
        self.assertEqual(bill.amount_total, 29_900)
        self.assertEqual(withdrawal.billed_amount, 30_000)
        self.assertMoney(60_000, 60_000)

    def test_a_deleted_bill_gives_back(self):
        self.program.bill_policy = "draft"
        withdrawal = self._billed(30_000)
        withdrawal.bill_id.unlink()
        self.assertEqual(withdrawal.state, "cancelled")
        self.assertMoney(90_000, 90_000)

    def test_a_duplicated_bill_does_not_pay_twice(self):
        bill = self._billed(60_000).bill_id
        again = bill.copy({"invoice_date": "2026-03-06", "ref": "again"})
        self.assertFalse(again.referral_withdrawal_ids)
        with self.assertRefused(UserError, "than is available"):
            again.action_post()
        self.assertMoney(30_000, 30_000)

    def test_the_posted_items_are_not_edited(self):
        bill = self._billed(30_000).bill_id
        item = bill.line_ids.filtered(
            lambda i: i.account_id == self.program.liability_account_id
        )
        with self.assertRefused(UserError, "cannot be edited"):
            item.account_id = self.company_data["default_account_expense"]
        self.assertMoney(60_000, 60_000)

    def test_nor_deleted_whatever_a_request_says(self):
        withdrawal = self._billed(30_000)
        bill = withdrawal.bill_id
        clerk = self._user("bills_clerk", "account.group_account_invoice")
        said = {
            "force_delete": True,
            "dynamic_unlink": True,
            "check_move_validity": False,
            "skip_invoice_sync": True,
            "referral_deleting": True,
        }
        for items in (bill._referral_items(), bill.line_ids):
            with self.assertRefused(UserError, "cannot be edited"):
                items.with_user(clerk).with_context(**said).unlink()
        self.assertEqual(withdrawal.state, "billed")
        self.assertMoney(60_000, 60_000)
        # with the bill they go, and the withdrawal is over
        bill.with_context(force_delete=True).unlink()
        self.assertEqual(withdrawal.state, "cancelled")
        self.assertMoney(90_000, 90_000)

    def test_what_was_reversed_since_is_not_billed(self):
        withdrawal = self._request(90_000)
        self._credit_note(self._client_invoice(), "2026-02-10", [self._line(400_000)])
        self._accrue("2026-02")
        self.assertMoney(54_000, -36_000)
        with self.assertRefused(UserError, "exceed the balance"):
            withdrawal.action_bill()
        self.env["referral.withdrawal"]._cron_bill()
        self.assertFalse(withdrawal.bill_id)
        with self.assertRefused(UserError, "Only .*0.00.* is available"):
            self._request(10_000)
        withdrawal._refuse("Ask for less")
        self.assertMoney(54_000, 54_000)

    def test_a_refund_that_does_not_reach_zero_is_let_through(self):
        """It brings a balance below zero nearer to it."""
        withdrawal = self._billed(90_000)
        self._credit_note(self._client_invoice(), "2026-03-06", 1_000_000)
        self._accrue("2026-02")
        self._accrue("2026-03")
        self.assertMoney(-90_000, -90_000)
        with self.on("2026-04-05"):
            refund = withdrawal.bill_id._reverse_moves(
                [{"date": "2026-04-05", "invoice_date": "2026-04-05"}]
            )
            refund.invoice_line_ids.price_unit = 30_000
            refund.action_post()
        self.assertMoney(-60_000, -60_000)
