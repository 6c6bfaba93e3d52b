"""Money and unusual bookkeeping: other users and companies, offsets, receipts."""

import re
from contextlib import suppress
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_withdrawals import MoneyCase


@tagged("post_install", "-at_install")
class TestMoneyEdges(MoneyCase):
    def setUp(self):
        super().setUp()
        self.expense = self.company_data["default_account_expense"]
        self.liability = self.program.liability_account_id

    def _redeem(self, amount, invoice=None, day="2026-03-05", **options):
        invoice = invoice or self._own_invoice()
        with self.on(day):
            return self.env["referral.redemption"]._redeem(
                self.participant, invoice, amount, **options
            )

    def _own_invoice(self, amount=40_000, **values):
        return self._invoice(
            self.participant.partner_id, "2026-03-01", amount, **values
        )

    def _vendor_bill(self, amount, account, move_type="in_invoice", **values):
        return self.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": self.participant.partner_id.id,
                "invoice_date": "2026-03-05",
                "date": "2026-03-05",
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "By hand",
                            "account_id": account.id,
                            "price_unit": amount,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
                **values,
            }
        )

    def _accountant_of_nothing(self):
        """Return a user who invoices and has no role in the program."""
        return self._user("invoicing_only", "account.group_account_invoice")

    # === Users without a role in the program === #

    def test_plain_bookkeeping_needs_no_role(self):
        user = self._accountant_of_nothing()
        with self.on("2026-03-05"):
            bill = self._vendor_bill(100, self.expense).with_user(user)
            bill.action_post()
            bill.button_draft()
            bill.button_cancel()
            self.assertEqual(bill.state, "cancel")
            # other apps' numbers leave gaps that Odoo refuses
            bill.with_context(force_delete=True).unlink()
            invoice = self._own_invoice().with_user(user)
            invoice.button_draft()
            invoice.button_cancel()
        self.assertFalse(bill.exists())
        self.assertEqual(invoice.state, "cancel")
        self.assertMoney(90_000, 90_000)

    def test_whoever_invoices_leads_a_bill_through_its_life(self):
        user = self._accountant_of_nothing()
        withdrawal = self._billed(30_000)
        self.env.invalidate_all()
        bill = withdrawal.bill_id.with_user(user)
        with self.on("2026-03-06"):
            bill.button_draft()
            bill.action_post()
            payment = (
                self.env["account.payment.register"]
                .with_user(user)
                .with_context(active_model="account.move", active_ids=bill.ids)
                .create({"payment_date": "2026-03-06"})
                ._create_payments()
            )
            self.env.flush_all()
            self.assertEqual(withdrawal.state, "paid")
            payment.move_id.line_ids.remove_move_reconcile()
            self.env.flush_all()
            self.assertEqual(withdrawal.state, "billed")
            refund = bill._reverse_moves([{"invoice_date": "2026-03-06"}], cancel=True)
            self.env.flush_all()
            self.assertEqual(withdrawal.state, "cancelled")
            refund.button_draft()
            refund.button_cancel()
            bill.button_draft()
            bill.button_cancel()
            self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertEqual(withdrawal.state, "cancelled")
        self.assertMoney(90_000, 90_000)

    def test_whoever_invoices_deletes_a_draft_bill(self):
        self.program.bill_policy = "draft"
        bill = self._billed(30_000).bill_id
        self.env.invalidate_all()
        bill.with_user(self._accountant_of_nothing()).unlink()
        self.assertMoney(90_000, 90_000)

    def test_whoever_invoices_undoes_a_redemption_with_its_invoice(self):
        user = self._accountant_of_nothing()
        for undo in (
            lambda r: r.invoice_id.with_user(user).button_cancel(),
            lambda r: self._receivable(
                r.invoice_id.with_user(user)
            ).remove_move_reconcile(),
            lambda r: r.move_id.with_user(user)._reverse_moves(cancel=True),
        ):
            redemption = self._redeem(15_000)
            self.env.invalidate_all()
            with self.on("2026-03-06"):
                undo(redemption)
            self.assertEqual(redemption.state, "undone")
            self.assertMoney(90_000, 90_000)

    # === Settled otherwise === #

    def test_a_bill_offset_with_another_supply_is_paid(self):
        withdrawal = self._billed(30_000)
        with self.on("2026-03-06"):
            refund = self._vendor_bill(30_000, self.expense, "in_refund")
            refund.action_post()
            items = (withdrawal.bill_id | refund).line_ids
            items.filtered(
                lambda i: i.account_id.account_type == "liability_payable"
            ).reconcile()
        self.assertEqual(withdrawal.bill_id.payment_state, "reversed")
        self.assertEqual(withdrawal.state, "paid")
        self.assertMoney(60_000, 60_000)

    def test_a_refund_entered_by_hand_cancels(self):
        withdrawal = self._billed(30_000)
        with self.on("2026-03-06"):
            refund = self._vendor_bill(30_000, self.liability, "in_refund")
            refund.action_post()
            items = (withdrawal.bill_id | refund).line_ids
            items.filtered(
                lambda i: i.account_id.account_type == "liability_payable"
            ).reconcile()
        self.assertEqual(withdrawal.state, "cancelled")
        self.assertMoney(90_000, 90_000)

    # === Bypasses === #

    def test_a_receipt_takes_no_more_than_there_is(self):
        receipt = self._vendor_bill(90_001, self.liability, "in_receipt")
        with self.on("2026-03-06"), self.assertRefused(UserError, "than is available"):
            receipt.action_post()
        self.assertMoney(90_000, 90_000)

    def test_a_bill_made_a_receipt(self):
        self.program.bill_policy = "draft"
        withdrawal = self._billed(30_000)
        withdrawal.bill_id.move_type = "in_receipt"
        withdrawal.bill_id.invoice_line_ids.price_unit = 95_000
        with self.on("2026-03-06"), self.assertRefused(UserError, "than is available"):
            withdrawal.bill_id.action_post()
        withdrawal.bill_id.unlink()
        self.assertMoney(90_000, 90_000)

    def test_posting_by_writing_the_state(self):
        bill = self._vendor_bill(95_000, self.liability)
        with self.on("2026-03-06"), self.assertRefused(UserError, "than is available"):
            bill.write({"state": "posted"})
        self.assertMoney(90_000, 90_000)

    def test_a_posted_bill_is_not_moved_onto_the_balance(self):
        bill = self._vendor_bill(95_000, self.expense)
        with self.on("2026-03-06"):
            bill.action_post()
            with self.assertRefused(UserError, "cannot be edited"):
                bill.invoice_line_ids.account_id = self.liability
        self.assertMoney(90_000, 90_000)

    def test_nothing_is_added_to_a_posted_bill(self):
        bill = self._billed(30_000).bill_id
        values = {
            "name": "More",
            "account_id": self.liability.id,
            "price_unit": 70_000,
            "tax_ids": [Command.clear()],
        }
        for number, change in enumerate(
            (
                lambda: bill.write({"invoice_line_ids": [Command.create(values)]}),
                lambda: self.env["account.move.line"].create(
                    {"move_id": bill.id, **values}
                ),
                lambda: bill.with_context(skip_readonly_check=True).write(
                    {"invoice_line_ids": [Command.create(values)]}
                ),
                lambda: bill.invoice_line_ids.write({"price_unit": 99_000}),
                lambda: bill.invoice_line_ids.write({"quantity": 3}),
                lambda: bill.invoice_line_ids.unlink(),
                lambda: bill.write({"partner_id": self.client.id}),
            )
        ):
            with self.subTest(number), self.cr.savepoint() as savepoint:
                with suppress(UserError):
                    change()
                    self.env.flush_all()
                    self.assertMoney(60_000, 60_000)
                savepoint.rollback()
        self.assertMoney(60_000, 60_000)

    def test_a_posted_refund_is_not_deleted_by_force(self):
        withdrawal = self._billed(60_000)
        with self.on("2026-03-06"):
            refund = withdrawal.bill_id._reverse_moves(
                [{"invoice_date": "2026-03-06"}], cancel=True
            )
        self.assertMoney(90_000, 90_000)
        self._request(80_000)
        with self.assertRefused(UserError, "than is available"):
            refund.with_context(force_delete=True).unlink()
        self.assertMoney(90_000, 10_000)

    # === Reversals of redemptions === #

    def test_the_reversal_of_a_redemption_stays(self):
        redemption = self._redeem(40_000)
        with self.on("2026-03-06"):
            redemption.action_undo()
        self._request(90_000)
        reversal = redemption.move_id.reversal_move_ids
        for change in (
            reversal.button_draft,
            reversal.button_cancel,
            lambda: reversal.with_context(force_delete=True).unlink(),
            lambda: reversal.line_ids[0].write({"balance": 1}),
        ):
            with self.assertRaises(UserError):
                change()
        self.assertEqual(redemption.state, "undone")
        self.assertMoney(90_000, 0)

    def test_a_redemption_is_reversed_as_a_whole(self):
        redemption = self._redeem(40_000)
        with self.on("2026-03-06"):
            reversal = redemption.move_id._reverse_moves()
            debit, credit = reversal.line_ids.sorted("balance")
            reversal.write(
                {
                    "line_ids": [
                        Command.update(debit.id, {"balance": -10_000}),
                        Command.update(credit.id, {"balance": 10_000}),
                    ]
                }
            )
            with self.assertRefused(UserError, "as a whole"):
                reversal.action_post()
        self.assertEqual(redemption.state, "done")
        self.assertMoney(50_000, 50_000)

    def test_a_reversal_left_as_draft_undoes_when_posted(self):
        redemption = self._redeem(40_000)
        with self.on("2026-03-06"):
            reversal = redemption.move_id._reverse_moves()
            self.assertEqual(redemption.state, "done")
            reversal.action_post()
        self.assertEqual(redemption.state, "undone")
        self.assertMoney(90_000, 90_000)
        self.assertEqual(redemption.invoice_id.amount_residual, 40_000)

    # === Amounts that are no amounts === #

    def test_amounts_that_are_no_amounts(self):
        invoice = self._own_invoice()
        for amount in (float("nan"), float("inf"), float("-inf"), 1e300, 1e308):
            with self.assertRaises(UserError):
                self._request(amount)
            with self.assertRaises(UserError):
                self._redeem(amount, invoice)
        self.assertMoney(90_000, 90_000)

    # === Accounts === #

    def test_an_archived_account_is_not_billed(self):
        withdrawal = self._request(30_000)
        self.account.active = False
        with self.on("2026-03-06"), self.assertRefused(UserError, "archived"):
            withdrawal.action_bill()
        withdrawal._approve()
        with self.on("2026-03-06"):
            self.env["referral.withdrawal"]._cron_bill()
        self.assertEqual(withdrawal.state, "requested")
        self.assertTrue(withdrawal.problem)

    def test_an_archived_account_is_not_requested(self):
        self.account.active = False
        with self.assertRaises(UserError):
            self._request(30_000)

    def test_an_account_that_went_to_another_is_not_billed(self):
        withdrawal = self._request(30_000)
        self.account.sudo().partner_id = self.client
        self.account.allow_out_payment = True
        with self.on("2026-03-06"), self.assertRefused(UserError, "no longer belongs"):
            withdrawal.action_bill()

    def test_merged_contacts_keep_their_money(self):
        withdrawal = self._billed(30_000)
        self._request(10_000)
        redemption = self._redeem(15_000)
        other = self._partner("The same")
        twin = self._bank_account(other, self.account.acc_number, trusted=False)
        with self.on("2026-03-06"):
            self.env["base.partner.merge.automatic.wizard"]._merge(
                (self.participant.partner_id | other).ids, other
            )
        self.assertEqual(self.participant.partner_id, other)
        self.assertMoney(45_000, 35_000)
        self.assertEqual(withdrawal.bank_account_id, twin)
        with self.on("2026-03-06"):
            withdrawal.bill_id.button_draft()
            withdrawal.bill_id.action_post()
            redemption.action_undo()
        self.assertMoney(60_000, 50_000)

    def test_personal_data_tell_where_the_money_went(self):
        withdrawal = self._billed(30_000)
        redemption = self._redeem(15_000)
        self.account.active = False
        data = self.participant._personal_data()
        [row] = data["withdrawals"]
        self.assertEqual(
            (row["name"], row["amount"], row["state"], row["bill_id"]),
            (withdrawal.name, 30_000, "Billed", withdrawal.bill_id.display_name),
        )
        [row] = data["redemptions"]
        self.assertEqual(
            (row["name"], row["amount"], row["invoice_id"]),
            (redemption.name, 15_000, redemption.invoice_id.display_name),
        )
        [row] = data["bank_accounts"]
        self.assertEqual(row["acc_number"], self.account.acc_number)

    def test_two_participants_are_not_merged_into_one(self):
        other = self._participant("The same")
        partners = (self.participant | other).partner_id
        with self.assertRefused(UserError, "cannot be merged"):
            self.env["base.partner.merge.automatic.wizard"]._merge(
                partners.ids, other.partner_id
            )
        self.assertMoney(90_000, 90_000)

    # === Terms and currencies of bills === #

    def test_discount_for_early_payment(self):
        for computation in ("included", "excluded", "mixed"):
            with self.subTest(computation), self.cr.savepoint() as savepoint:
                self.program.bill_payment_term_id = self.env[
                    "account.payment.term"
                ].create(
                    {
                        "name": "2/7 Net 30",
                        "early_discount": True,
                        "discount_percentage": 2,
                        "discount_days": 7,
                        "early_pay_discount_computation": computation,
                        "line_ids": [
                            Command.create({"value": "percent", "value_amount": 100})
                        ],
                    }
                )
                withdrawal = self._billed(30_000)
                self.assertMoney(60_000, 60_000)
                self._pay(withdrawal.bill_id, "2026-03-06")
                self.assertEqual(withdrawal.state, "paid")
                self.assertMoney(60_000, 60_000)
                savepoint.rollback()

    def test_installments_of_a_bill(self):
        self.program.bill_payment_term_id = self.env.ref(
            "account.account_payment_term_advance_60days"
        )
        withdrawal = self._billed(30_000)
        self.assertEqual(str(withdrawal.bill_id.invoice_date_due), "2026-05-04")
        self._pay(withdrawal.bill_id, "2026-03-06", 10_000)
        self.assertEqual(withdrawal.state, "billed")
        self._pay(withdrawal.bill_id, "2026-03-07", 20_000)
        self.assertEqual(withdrawal.state, "paid")
        # a program without terms leaves them to the vendor
        self.program.bill_payment_term_id = False
        self.participant.partner_id.property_supplier_payment_term_id = self.env.ref(
            "account.account_payment_term_30days"
        )
        later = self._billed(20_000).bill_id
        self.assertEqual(str(later.invoice_date_due), "2026-04-04")

    def test_a_bill_in_another_currency(self):
        euro = self._enable_currency("EUR")
        self.env["res.currency.rate"].create(
            [
                {"name": day, "rate": rate, "currency_id": euro.id,
                 "company_id": self.company.id}
                for day, rate in (("2026-03-01", 0.01), ("2026-03-10", 0.0125))
            ]
        )  # fmt: skip
        withdrawal = self._billed(30_000)
        bill = withdrawal.bill_id
        with self.on("2026-03-05"):
            bill.button_draft()
            bill.currency_id = euro
            bill.invoice_line_ids.price_unit = 300
            bill.action_post()
        self.assertMoney(60_000, 60_000)
        self._pay(bill, "2026-03-10")
        self.assertEqual(withdrawal.state, "paid")
        self.assertMoney(60_000, 60_000)

    # === Locked periods and journals === #

    def test_bills_after_a_lock_date(self):
        self.company.fiscalyear_lock_date = "2026-03-31"
        withdrawal = self._billed(30_000)
        self.assertGreater(str(withdrawal.bill_id.date), "2026-03-31")
        self.assertMoney(60_000, 60_000)

    def test_journals_with_hashed_entries(self):
        journals = self.program.journal_id | self.program.bill_journal_id
        journals.restrict_mode_hash_table = True
        withdrawal = self._billed(30_000)
        with self.assertRaises(UserError):
            withdrawal.bill_id.button_draft()
        redemption = self._redeem(15_000)
        with self.on("2026-03-06"):
            redemption.action_undo()
            withdrawal.bill_id._reverse_moves(
                [{"invoice_date": "2026-03-06"}], cancel=True
            )
        self.assertEqual(withdrawal.state, "cancelled")
        self.assertMoney(90_000, 90_000)

    def test_bills_of_the_future(self):
        bill = self._billed(30_000).bill_id
        with self.on("2026-03-06"):
            bill.button_draft()
            bill.name = False
            bill.write({"invoice_date": "2026-04-01", "date": "2026-04-01"})
            bill._post(soft=True)
        self.assertEqual(bill.state, "draft")
        self.assertMoney(90_000, 60_000)
        with self.on("2026-04-01"):
            bill._post(soft=True)
        self.assertEqual(bill.state, "posted")
        self.assertMoney(60_000, 60_000)

    def test_audit_trail(self):
        self.company.restrictive_audit_trail = True
        self.program.bill_policy = "draft"
        withdrawal = self._billed(30_000)
        withdrawal.bill_id.unlink()
        self.assertEqual(withdrawal.state, "cancelled")
        self.program.bill_policy = "posted"
        bill = self._billed(30_000).bill_id
        bill.button_draft()
        with self.assertRaises(UserError):
            bill.unlink()
        self.assertMoney(90_000, 60_000)

    # === Companies === #

    def _branch(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.cr.precommit.run()  # loads the branch's chart of accounts
        self.env.user.company_ids |= branch
        return branch

    def test_an_invoice_of_a_branch(self):
        branch = self._branch()
        invoice = self._own_invoice(company_id=branch.id)
        redemption = self._redeem(15_000, invoice)
        self.assertEqual(redemption.move_id.company_id, branch)
        self.assertEqual(invoice.amount_residual, 25_000)
        self.assertMoney(75_000, 75_000)
        user = self._user("branch_only", "account.group_account_invoice")
        user.write({"company_ids": [Command.set(branch.ids)], "company_id": branch.id})
        self.env.invalidate_all()
        with self.on("2026-03-06"):
            invoice.with_user(user).with_company(branch).button_cancel()
        self.assertEqual(redemption.state, "undone")
        self.assertMoney(90_000, 90_000)

    def test_a_branch_closed_its_period(self):
        branch = self._branch()
        invoice = self._own_invoice(company_id=branch.id)
        branch.fiscalyear_lock_date = "2026-03-31"
        redemption = self._redeem(15_000, invoice)
        self.assertEqual(str(redemption.date), "2026-04-01")
        with self.on("2026-03-06"):
            redemption.action_undo()
        self.assertEqual(redemption.state, "undone")
        self.assertMoney(90_000, 90_000)

    def test_accountants_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = self._user("other_accountant", "referral_program.group_accountant")
        user.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        invoice = self._own_invoice()
        self.env.invalidate_all()
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.env["referral.withdraw"].with_user(user).create(
                {
                    "participant_id": self.participant.id,
                    "amount": 20_000,
                    "bank_account_id": self.account.id,
                }
            ).action_confirm()
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.env["referral.redeem"].with_user(user).create(
                {"invoice_id": invoice.id, "amount": 20_000}
            ).action_confirm()
        self.assertMoney(90_000, 90_000)

    # === Costs === #

    def _own_queries(self, step):
        """Return how many queries of a step are about the program."""
        self.env.flush_all()
        self.env.invalidate_all()
        cursor, queries = type(self.cr), []
        execute = cursor.execute

        def listen(cr, query, *args, **kwargs):
            queries.append(str(getattr(query, "code", query)))
            return execute(cr, query, *args, **kwargs)

        with patch.object(cursor, "execute", listen), self.on("2026-03-05"):
            step()
            self.env.flush_all()
        about = re.compile(r'(FROM|JOIN|INTO|UPDATE) "?referral_').search
        return len([query for query in queries if about(query)])

    def _life(self, count, move_type, account):
        """Return what each step in the life of so many moves asks of the program."""
        stranger = self._partner("A stranger")
        moves = self.env["account.move"]
        for _number in range(count):
            moves |= self._vendor_bill(100, account, move_type, partner_id=stranger.id)
        payments = []
        steps = [
            moves.action_post,
            lambda: payments.append(
                self._pay(moves, "2026-03-05", group_payment=False)
            ),
            lambda: payments[0].move_id.line_ids.remove_move_reconcile(),
            moves.button_draft,
            moves.button_cancel,
            moves.unlink,
        ]
        return [self._own_queries(step) for step in steps]

    def test_what_is_not_the_programs_costs_the_same_for_one_and_for_many(self):
        for move_type, account in (
            ("out_invoice", self.income),
            ("in_invoice", self.expense),
        ):
            self._life(1, move_type, account)  # fills caches
            one = self._life(1, move_type, account)
            many = self._life(20, move_type, account)
            # the state of a bill's payment is looked at once for each payment
            self.assertLessEqual(many[1] - one[1], 19)
            self.assertEqual(many[:1] + many[2:], one[:1] + one[2:], move_type)
            self.assertLessEqual(max(one), 4)
