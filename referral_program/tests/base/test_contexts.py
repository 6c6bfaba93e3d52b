"""What a request says by the way is no right: its context, counters, tokens.

Each test calls what everybody with an account may call over RPC.
"""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

from .test_odoos_doors import DoorsCase

#: As Odoo's own uninstalling has it.
UNINSTALLING = {MODULE_UNINSTALL_FLAG: True}


@tagged("post_install", "-at_install")
class TestContexts(DoorsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = cls._user("contexts_boss", "referral_program.group_administrator")
        cls.boss.company_ids = cls.env["res.company"].search([])

    def _refuses_to_delete(self, user, record):
        self.env.flush_all()
        self.env.invalidate_all()
        with (
            self.subTest(user=user.login, record=record),
            self.assertRaises(UserError),
        ):
            self._call(user, record._name, "unlink", record.ids, context=UNINSTALLING)
        self.assertTrue(record.exists())

    def test_nobody_deletes_what_is_kept_by_saying_that_it_is_an_uninstall(self):
        asked = self._participant(
            partner_id=self.stranger.partner_id.id, state="draft"
        ).document_ids
        self.assertTrue(asked)
        self._refuses_to_delete(self.officer, asked[:1])
        asked[1:2].with_context(tracking_disable=True)._write_unguarded(
            {"state": "approved"}
        )
        self._refuses_to_delete(self.officer, asked[1:2])
        agreement = self.env["referral.agreement"].create(
            {"kind": "participation", "name": "Text", "body": "<p>Text</p>"}
        )
        agreement.action_publish()
        self._refuses_to_delete(self.boss, agreement)
        category = self.env["product.category"].create({"name": "Kept"})
        self.program.terms_ids.create(
            {
                "program_id": self.program.id,
                "date_from": "2027-01-01",
                "rate": 9,
                "excluded_category_ids": category.ids,
            }
        )
        seller = self._user("contexts_seller", "product.group_product_manager")
        self._refuses_to_delete(seller, category)

    def test_an_uninstall_deletes_them(self):
        asked = self._participant(
            partner_id=self.stranger.partner_id.id, state="draft"
        ).document_ids[:1]
        asked._write_unguarded({"state": "approved"})
        asked.with_user(self.env.ref("base.user_root")).with_context(
            **UNINSTALLING
        ).unlink()
        self.assertFalse(asked.exists())

    def test_nobody_publishes_a_text_by_a_default(self):
        agreements = self.env["referral.agreement"].with_user(self.boss)
        made = agreements.with_context(default_state="published").create(
            {
                "kind": "participation",
                "name": "Text",
                "body": "<p>Text</p>",
                "date_from": "2020-01-01",
            }
        )
        self.assertEqual(made.state, "draft")

    def test_nobody_sets_up_what_only_participants_do_by_a_default(self):
        participants = self.env["referral.participant"].with_user(self.boss)
        made = participants.with_context(
            default_standing_amount=1.0, default_auto_redeem=True
        ).create(
            {
                "partner_id": self._partner("Own").id,
                "program_id": self.program.id,
                "type_id": self.mine.type_id.id,
            }
        )
        self.assertFalse(made.standing_amount)
        self.assertFalse(made.auto_redeem)

    def test_nobody_has_counters_end(self):
        """One step more than a number holds would stop withdrawals, and accruals."""
        most = 2**31 - 1
        for user, record, name in (
            (self.officer, self.mine, "money_steps"),
            (self.boss, self.mine, "money_steps"),
            (self.boss, self.program, "accrual_steps"),
        ):
            with (
                self.subTest(user=user.login, field=name),
                self.assertRaises(AccessError),
            ):
                self._call(user, record._name, "write", record.ids, {name: most})
        self.mine._lock_money()
        self.assertTrue(self.program._try_lock_for_accrual())


@tagged("post_install", "-at_install")
class TestSignUp(DoorsCase):
    def test_no_employee_signs_up_as_a_participant(self):
        """Odoo tells employees how to sign up as any contact without an account."""
        self.env["ir.config_parameter"].sudo().set_param(
            "auth_signup.invitation_scope", "b2c"
        )
        client = self._partner("Has no account")
        self._participant(partner_id=client.id)
        person = self._partner("Works there", parent_id=client.id, is_company=False)
        owner = self.owner.partner_id
        colleague = self._partner("Colleague", parent_id=owner.id, is_company=False)
        free = self._partner("Free")
        everybody = client | person | colleague | free
        for user in (self.employee, self.accountant, self.officer):
            told = self._call(
                user, "res.partner", "signup_get_auth_param", everybody.ids
            )
            with self.subTest(user=user.login):
                self.assertEqual(list(told), free.ids)
        # whose account there is, is no secret of the program's
        told = self._call(
            self.employee,
            "res.partner",
            "signup_get_auth_param",
            owner.ids,
        )
        self.assertIn(owner.id, told)
        # what is mailed to a client themselves leads them on
        told = client.with_user(self.employee).sudo().signup_get_auth_param()
        self.assertIn("auth_signup_token", told[client.id])

    def test_nor_by_a_template_of_somebody_who_edits_contacts(self):
        owner = self.owner.partner_id
        person = self._partner("Colleague", parent_id=owner.id, is_company=False)
        editor = self._user(
            "contexts_editor", "base.group_user,base.group_partner_manager"
        )
        self.assertFalse(person.with_user(editor)._get_signup_url())
        free = self._partner("Free")
        self.assertTrue(free.with_user(editor)._get_signup_url())
