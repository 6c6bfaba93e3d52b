"""The Russian translation is whole: a new string without one fails here."""

import re
from pathlib import Path

import polib

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools.translate import TranslationModuleReader

from ..common import ReferralCommon

MODULE = "referral_program"
I18N = Path(__file__).resolve().parents[2] / "i18n"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|</?\w[^>]*>|^\s+|\s+$")


@tagged("post_install", "-at_install")
class TestTranslation(ReferralCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ru_RU")
        cls.env["ir.module.module"]._load_module_terms([MODULE], ["ru_RU"])
        cls.russian = cls.env(context={**cls.env.context, "lang": "ru_RU"})

    def _read(self, name):
        """Return the terms of a file with their translations."""
        return {entry.msgid: entry.msgstr for entry in polib.pofile(I18N / name)}

    def _export(self):
        """Return what Odoo would export: all terms, and those of the addon's own.

        The others label fields that Odoo's mixins add to the addon's models: what
        they are depends on the modules that a database has.
        """
        everything, own = set(), set()
        reader = TranslationModuleReader(self.env.cr, modules=[MODULE])
        for _module, _type, name, xmlid, source, _value, _comments in reader:
            everything.add(source)
            if not name.startswith("ir.model.fields,") or self._is_own_field(xmlid):
                own.add(source)
        return everything, own

    def _is_own_field(self, xmlid):
        field = self.env.ref(xmlid)
        return MODULE in self.env[field.model]._fields[field.name]._modules

    def test_every_term_is_translated(self):
        everything, own = self._export()
        russian = self._read("ru.po")
        template = self._read(f"{MODULE}.pot")
        translated = {term for term, text in russian.items() if text}
        known = template.keys() | russian.keys()
        self.assertGreater(len(own), 300)
        for what, terms in (
            ("not in the template: export it anew", own - template.keys()),
            ("not in Russian: translate it in ru.po", own - translated),
            ("listed but empty", russian.keys() - translated),
            ("not used any more: take it out", known - everything),
            ("only in one of the two files", template.keys() ^ russian.keys()),
        ):
            with self.subTest(what):
                self.assertFalse(terms, what)

    def test_placeholders_are_kept(self):
        for term, text in self._read("ru.po").items():
            with self.subTest(term=term):
                self.assertEqual(
                    sorted(PLACEHOLDER.findall(term)), sorted(PLACEHOLDER.findall(text))
                )

    def test_error_message(self):
        participant = self._participant("Web Studio").with_env(self.russian)
        with self.assertRefused(
            UserError,
            "^Web Studio: из состояния «активен» нельзя перейти в состояние "
            "«на проверке».$",
        ):
            participant._update_state("submitted")

    def test_month_in_a_name(self):
        accrual = self._accrue("2026-01").with_env(self.russian)
        self.assertEqual(accrual.display_name, "Начисление за январь 2026")

    def test_views(self):
        arch = self.russian["referral.program.terms"].get_view(view_type="form")["arch"]
        self.assertIn('string="Исключённые категории"', arch)
        self.assertNotIn("Excluded Categories", arch)
        action = self.russian.ref(f"{MODULE}.referral_accrual_action")
        self.assertEqual(action.name, "Начисления")
        self.assertIn("Начислений пока нет", action.help)

    def test_fields_and_selections(self):
        labels = self.russian["referral.accrual"].fields_get(["state", "credit_date"])
        self.assertEqual(labels["credit_date"]["string"], "Зачислить не позднее")
        self.assertEqual(
            labels["state"]["selection"],
            [
                ("draft", "Черновик"),
                ("computed", "Рассчитано"),
                ("posted", "Проведено"),
            ],
        )

    def test_names_of_odoo_models_stay(self):
        # loading this file must not rename what others translated
        model = self.russian["ir.model"]._get("account.move")
        self.assertEqual(model.name, "Запись в журнале")
