"""Nobody gives the names of the program's records, or of Odoo's, to their own."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_odoos_doors import DoorsCase

#: Names that the program or Odoo itself goes by.
NAMES = (
    "referral_program.mail_template_notice",
    "referral_program.group_accountant",
    "referral_program.ir_cron_bill",
    "referral_program.of_the_next_version",
    "referral_program_sale.of_the_next_version",
    "base.public_user",
    "base.group_user",
)


@tagged("post_install", "-at_install")
class TestExternalIds(DoorsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.editor = cls._user("ids_editor", "base.group_partner_manager")

    def _named(self):
        return {name: self.env.ref(name, raise_if_not_found=False) for name in NAMES}

    def _take(self, user, model, xmlid, **vals):
        """Make a record that is to have a name, by the context of an import."""
        module, _dot, rest = xmlid.partition(".")
        for given in (xmlid, rest):
            with (
                self.subTest(user=user.login, name=given),
                self.assertRaises(AccessError),
            ):
                self._call(
                    user,
                    model,
                    "create",
                    [{"id": given, **vals}],
                    context={"_import_current_module": module},
                )

    def test_nobody_takes_a_name(self):
        before = self._named()
        mine = {"name": "Mine", "model_id": "res.partner"}
        for user in self._everybody():
            for name in NAMES:
                users = [(6, 0, user.ids)]
                self._take(user, "ir.filters", name, user_ids=users, **mine)
        mail = {
            "name": "Mine",
            "model_id": self.env["ir.model"]._get_id("referral.participant"),
            "email_to": "me@evil.example",
        }
        template = "referral_program.mail_template_notice"
        self._take(self.employee, "mail.template", template, **mail)
        self.env.registry.clear_cache()
        self.assertEqual(self._named(), before)

    def test_nor_by_an_import(self):
        before = self._named()
        for name in NAMES:
            for fields, row in (
                (["id", "name"], [name, "Mine"]),
                (["id", "name", "child_ids/id", "child_ids/name"],
                 ["__import__.my_company", "Mine", name, "Child"]),
            ):  # fmt: skip
                with self.subTest(name=name, fields=fields):
                    try:
                        read = self._call(
                            self.editor, "res.partner", "load", fields, [row]
                        )
                    except AccessError:
                        continue
                    self.assertFalse(read["ids"])
        self.env.registry.clear_cache()
        self.assertEqual(self._named(), before)

    def test_own_names_are_imported_and_again(self):
        for text in ("Mine", "Mine as well"):
            read = self._call(
                self.editor,
                "res.partner",
                "load",
                ["id", "name", "child_ids/id", "child_ids/name"],
                [["__import__.mine", text, "__import__.my_child", "Child"]],
            )
            self.assertTrue(read["ids"], read["messages"])
        mine = self.env.ref("__import__.mine")
        self.assertEqual(mine.name, "Mine as well")
        self.assertEqual(mine.child_ids, self.env.ref("__import__.my_child"))
        mine.unlink()
        read = self._call(
            self.editor,
            "res.partner",
            "load",
            ["id", "name"],
            [["__import__.mine", "X"]],
        )
        self.assertTrue(read["ids"], read["messages"])
