"""A participant's own bank accounts: as they entered them, whatever others do."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ...models.participant.referral_participant_payee import MAX_ACCOUNTS
from ..common import OneReferralCase

IBAN = "DE75512108001245126199"


@tagged("post_install", "-at_install")
class TestPayeeAccounts(OneReferralCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.editors = [
            cls._user(f"payee_{role}", f"base.group_partner_manager,{group}")
            for role, group in (
                ("officer", "referral_program.group_officer"),
                ("accountant", "referral_program.group_accountant"),
                ("administrator", "referral_program.group_administrator"),
                ("billing", "account.group_account_manager"),
            )
        ]

    def test_what_was_entered_stays_as_it_was_entered(self):
        account = self.participant._add_payee_account(IBAN, "COBADEFFXXX", "My Bank")
        forged = {
            "referral_bic": "DEUTDEFF",
            "referral_bank_name": "Another's",
            "referral_added": False,
        }
        contact = self.participant.partner_id
        for user in self.editors:
            account.with_user(user).write(forged)
            contact.with_user(user).write({"bank_ids": [(1, account.id, forged)]})
            with self.subTest(user=user.login):
                self.assertEqual(account._referral_bank(), "My Bank COBADEFFXXX")
                self.assertTrue(account.referral_added)

    def test_nobody_else_enters_anything_in_their_name(self):
        said = {
            "referral_bic": "DEUTDEFF",
            "referral_bank_name": "Another's",
            "referral_added": True,
        }
        accounts = self.env["res.partner.bank"]
        for number, user in enumerate(self.editors):
            vals = {
                "acc_number": f"{number} of staff",
                "partner_id": self.participant.partner_id.id,
            }
            defaults = {f"default_{name}": value for name, value in said.items()}
            own = accounts.with_user(user)
            made = own.create({**vals, **said}) | own.with_context(**defaults).create(
                {**vals, "acc_number": f"{number} by the context"}
            )
            for account in made:
                with self.subTest(user=user.login, number=account.acc_number):
                    self.assertFalse(account._referral_bank())
                    self.assertFalse(account.referral_added)

    def test_others_take_none_of_the_participants_room(self):
        accounts = self.env["res.partner.bank"]
        mine = self.participant
        for number in range(MAX_ACCOUNTS + 1):
            accounts.with_user(self.editors[0]).create(
                {"acc_number": f"ACC{number}", "partner_id": mine.partner_id.id}
            )
        own = [f"4070281{i:03}0000000000" for i in range(1000)]
        added = accounts
        for number in own:
            try:
                added |= mine._add_payee_account(number, "044525225")
            except ValidationError as error:
                if "many accounts" in str(error):
                    break
        self.assertEqual(len(added), MAX_ACCOUNTS)
        # one that is known is no account more
        known = added[0]
        self.assertEqual(mine._add_payee_account(known.acc_number, "044525225"), known)
