"""Whoever has no part in the program works in Odoo as if it were not installed."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..common import OneReferralCase

#: Roles of Odoo that know nothing of the program.
GROUPS = (
    "base.group_user,base.group_partner_manager",
    "account.group_account_invoice,base.group_allow_export",
    "account.group_account_manager,base.group_allow_export",
    "base.group_erp_manager,base.group_partner_manager",
    "base.group_system,base.group_partner_manager",
)


def own_fields(env):
    """Return the fields that the addon adds to models of others."""
    return [
        field
        for name, model in env.registry.items()
        if not name.startswith("referral.") and not model._abstract
        for field in model._fields.values()
        if field._module == "referral_program"
    ]


@tagged("post_install", "-at_install")
class TestOrdinaryUsers(OneReferralCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = [
            new_test_user(
                cls.env,
                f"ordinary_{number}",
                groups,
                company_id=cls.company.id,
                company_ids=[(6, 0, cls.company.ids)],
                context={"no_reset_password": True},
            )
            for number, groups in enumerate(GROUPS)
        ]

    def _each(self, group):
        """Return the users that have a group, with nothing read before."""
        self.env.flush_all()
        self.env.invalidate_all()
        return [user for user in self.users if user.has_group(group)]

    def test_a_field_of_few_is_not_copied_for_all(self):
        fields = own_fields(self.env)
        self.assertIn(self.env["res.partner"]._fields["referral_postpaid"], fields)
        for field in fields:
            with self.subTest(field=str(field)):
                self.assertFalse(field.copy, "copied by whoever copies the record")
                if field.relational and field.comodel_name.startswith("referral."):
                    self.assertTrue(field.groups, "followed by whoever reads it")

    def test_contacts_and_users_are_duplicated(self):
        self.client.referral_postpaid = True
        for user in self._each("base.group_partner_manager"):
            with self.subTest(user=user.login):
                copy = self.client.with_user(user).copy()
                self.assertEqual(copy.commercial_partner_id, copy)
                self.assertFalse(copy.sudo().referral_postpaid)
        for user in self._each("base.group_erp_manager"):
            with self.subTest(user=user.login):
                login = f"{user.login}_copy"
                copy = self.users[0].with_user(user).copy({"login": login})
                self.assertTrue(copy.active)

    def test_everything_they_may_read_is_read(self):
        invoice = self._paid("2026-02-10")
        records = {
            "base.group_user": (
                self.company,
                self.client,
                self.participant.partner_id,
                self.users[0],
                self._product().product_tmpl_id,
                self._category("vps"),
            ),
            "account.group_account_invoice": (
                invoice,
                invoice.line_ids,
                invoice.line_ids.matched_credit_ids,
                self._accrue("2026-02").move_ids,
                self.program.liability_account_id,
            ),
            "base.group_system": (
                self.env["mail.template"].search([], limit=5),
                self.env["ir.attachment"].search([], limit=5),
            ),
        }
        for group, several in records.items():
            for user in self._each(group):
                for found in several:
                    with self.subTest(user=user.login, model=found._name):
                        self._read_everything(found.with_user(user))

    def _read_everything(self, records):
        names = [name for name in records.fields_get() if "referral" in name]
        self.assertEqual(len(records.read(names or ["id"])), len(records))
        records.web_read({name: {} for name in names})
        if records.env.user.has_group("base.group_allow_export"):
            records.export_data(names)

    def test_accounts_do_not_tell_employees_who_takes_part(self):
        self.participant._add_payee_account("DE89370400440532013000")
        accounts = self.env["res.partner.bank"].with_user(self.users[0])
        self.assertTrue(accounts.search([("acc_number", "like", "DE89")]))
        for name in ("referral_bic", "referral_bank_name", "referral_truster_id"):
            for ask in (
                lambda name: accounts.search([], limit=1).read([name]),
                lambda name: accounts.search_count([(name, "!=", False)]),
                lambda name: accounts.search([], order=name, limit=1),
                lambda name: accounts.formatted_read_group([], [name], ["__count"]),
            ):
                with self.subTest(field=name), self.assertRaises(AccessError):
                    ask(name)

    def test_an_invoice_is_duplicated(self):
        invoice = self._paid("2026-02-10")
        for user in self._each("account.group_account_invoice"):
            with self.subTest(user=user.login):
                copy = invoice.with_user(user).copy()
                self.assertEqual(copy.amount_total, 1000)

    def test_settings_are_opened_and_saved(self):
        for user in self._each("base.group_system"):
            with self.subTest(user=user.login):
                settings = self.env["res.config.settings"].with_user(user)
                saved = settings.create({})
                saved.read()
                saved.execute()
