"""Nobody has by a default of their own what they may not write.

Every employee keeps defaults for themselves, of whatever field, and Odoo takes them
along into superuser mode.
"""

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..balance.test_withdrawals import MoneyCase


@tagged("post_install", "-at_install")
class TestDefaults(MoneyCase):
    def _default(self, user, model, **values):
        """Have a user keep defaults, as everybody does by Odoo's own form."""
        defaults = self.env["ir.default"].with_user(user)
        for name, value in values.items():
            defaults.set(model, name, value, user_id=True)

    def test_no_accountant_says_that_another_approved(self):
        groups = (
            "referral_program.group_accountant,account.group_validate_bank_account,"
            "base.group_partner_manager"
        )
        vera, boris = (self._user(f"own_{name}", groups) for name in ("vera", "boris"))
        self.program.four_eyes = "able"
        self._default(
            vera,
            "referral.withdrawal",
            approver_id=boris.id,
            approved_on="2026-03-01 10:00:00",
            billed_amount=0.01,
        )
        with self.on("2026-03-05"):
            withdrawal = (
                self.env["referral.withdrawal"]
                .with_user(vera)
                ._request(
                    self.participant.with_user(vera),
                    20_000,
                    self.account.with_user(vera),
                    by_staff=True,
                )
            )
        self.assertFalse(withdrawal.approver_id)
        self.assertFalse(withdrawal.approved_on)
        self.assertEqual(withdrawal.reserved_amount, 20_000)
        with self.on("2026-03-06"), self.assertRefused(UserError, "requested it"):
            withdrawal.action_bill()

    def test_no_officer_skips_the_verification(self):
        officer = self._user("own_officer", "referral_program.group_officer")
        self._default(
            officer,
            "referral.participant",
            state="active",
            standing_amount=1.0,
            code="MINE",
        )
        self._default(officer, "referral.document", state="approved")
        made = (
            self.env["referral.participant"]
            .with_user(officer)
            .create(
                {
                    "partner_id": self._partner("Own").id,
                    "program_id": self.program.id,
                    "type_id": self.participant.type_id.id,
                }
            )
        )
        self.assertEqual(made.state, "draft")
        self.assertFalse(made.standing_amount)
        self.assertNotEqual(made.code, "MINE")
        self.assertEqual(set(made.document_ids.mapped("state")), {"requested"})

    def test_no_officer_says_when_a_client_first_paid(self):
        officer = self._user("own_officer", "referral_program.group_officer")
        self._default(
            officer, "referral.referral", first_paid_on="2020-01-01", paid_told=True
        )
        referrals = self.env["referral.referral"].with_user(officer)
        made, _reason = referrals._bind(
            self.participant, self._partner("Own"), "manual"
        )
        self.assertFalse(made.first_paid_on)
        self.assertFalse(made.paid_told)

    def test_no_seller_says_that_an_invoice_is_the_programs_own_entry(self):
        """Odoo makes sellers' invoices in superuser mode."""
        accrual = self.env["referral.accrual"].search([], limit=1)
        seller = self._user("own_seller", "base.group_user")
        self._default(seller, "account.move", referral_accrual_id=accrual.id)
        made = (
            self.env["account.move"]
            .with_user(seller)
            .sudo()
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.client.id,
                    "invoice_date": "2026-01-12",
                }
            )
        )
        self.assertFalse(made.referral_accrual_id)

    def test_nobody_fills_in_what_the_program_keeps_of_them(self):
        seller = self._user("own_seller", "base.group_user")
        self._default(seller, "referral.refusal", refused_on="2020-01-01 00:00:00")
        self._default(seller, "res.partner", referral_postpaid=True)
        of_seller = self.env(user=seller, su=True)
        participant, client = (
            record.with_env(of_seller) for record in (self.participant, self.client)
        )
        _referral, reason = of_seller["referral.referral"]._bind(
            participant, client, "code"
        )
        self.assertTrue(reason)
        refusal = self.env["referral.refusal"].search([], order="id desc", limit=1)
        self.assertNotEqual(refusal.refused_on.year, 2020)
        client = of_seller["res.partner"].create({"name": "Client"})
        self.assertFalse(client.referral_postpaid)
