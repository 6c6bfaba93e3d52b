"""Each role does, alone, what its guide in ``docs/`` tells it to do."""

from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..balance.test_withdrawals import MoneyCase


@tagged("post_install", "-at_install")
class TestAccountant(MoneyCase):
    """docs/accountant.md"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = cls._user("guide_acc", "referral_program.group_accountant")
        cls.program.posting_policy = "review"

    def _as(self, records):
        self.env.flush_all()
        self.env.invalidate_all()
        return records.with_user(self.accountant)

    def _form(self, record):
        """Return the form that the accountant sees of a record."""
        # other apps may hand it out as bytes
        form = etree.fromstring(record.get_view(view_type="form")["arch"])
        return etree.tostring(form, encoding="unicode")

    def test_run_the_month_and_look_at_its_entries(self):
        self._paid("2026-02-10", 1_000)
        with self.on("2026-03-02"):
            action = self._as(self.program).action_accrue_next()
            accrual = self._as(self.env["referral.accrual"].browse(action["res_id"]))
            self.assertEqual(accrual.state, "computed")
            accrual.action_compute()
            accrual.action_post()
        self.assertMoney(90_090, 90_090)
        entry = self._as(accrual.move_ids)
        self.assertIn('name="aml_tab"', self._form(entry))
        self.assertEqual(sorted(entry.line_ids.mapped("balance")), [-90, 90])
        # what would be refused is not offered; other entries stay as they are
        self.assertFalse(entry.show_reset_to_draft_button)
        invoice = self._as(self._client_invoice()[:1])
        self.assertTrue(invoice.show_reset_to_draft_button)

    def test_approve_trust_bill_and_pay(self):
        self.account.allow_out_payment = False
        withdrawal = self._as(self._request(30_000))
        form = self._form(withdrawal)
        for button in ("action_approve", "action_trust_account", "action_bill"):
            self.assertIn(f'name="{button}"', form)
        with self.on("2026-03-06"):
            withdrawal.action_approve()
            with self.assertRefused(UserError, "posted bill to pay"):
                withdrawal.action_pay()
            withdrawal.action_trust_account()
            withdrawal.action_bill()
            action = withdrawal.action_pay()
            register = self.env[action["res_model"]].with_user(self.accountant)
            register.with_context(**action["context"]).create(
                {}
            ).action_create_payments()
        self.assertEqual(withdrawal.state, "paid")
        self.assertMoney(60_000, 60_000)

    def test_pay_an_invoice_with_the_balance_and_undo_it(self):
        invoice = self._invoice(self.participant.partner_id, "2026-03-01", 500)
        with self.on("2026-03-05"):
            self._as(self.env["referral.redeem"]).create(
                {"invoice_id": invoice.id}
            ).action_confirm()
            self.assertMoney(89_500, 89_500)
            redemption = self.env["referral.redemption"].search(
                [("invoice_id", "=", invoice.id)]
            )
            entry = self._as(redemption.move_id)
            self.assertFalse(entry.show_reset_to_draft_button)
            self._as(redemption).action_undo()
        self.assertMoney(90_000, 90_000)

    def test_close_the_month(self):
        with self.on("2026-03-05"):
            run = self.env[self._as(self.program).action_check_integrity()["res_model"]]
            self.assertEqual(run.search([], limit=1, order="id desc").state, "passed")
            self._as(self.env["referral.statement"]).search([]).mapped("display_name")


@tagged("post_install", "-at_install")
class TestOthersMayNot(MoneyCase):
    def test_only_who_may_validate_accounts_trusts_them(self):
        self.account.allow_out_payment = False
        withdrawal = self._request(30_000)
        accountant = self._user_of("accountant")
        for group in ("officer", "auditor"):
            with self.assertRaises(AccessError):
                withdrawal.with_user(self._user_of(group)).action_trust_account()
        validate = self.env.ref("account.group_validate_bank_account")
        role = self.env.ref("referral_program.group_accountant")
        role.implied_ids = [Command.unlink(validate.id)]
        with self.assertRefused(AccessError, "may not trust"):
            withdrawal.with_user(accountant).action_trust_account()
        self.assertFalse(self.account.allow_out_payment)
