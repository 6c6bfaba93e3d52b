"""The Russian translation is whole: a new string without one fails here."""

from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import ReferralCommon
from .translated import Translated


@tagged("post_install", "-at_install")
class TestTranslation(Translated, ReferralCommon):
    module = "referral_program"
    least = 300

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
        action = self.russian.ref(f"{self.module}.referral_accrual_action")
        self.assertEqual(action.name, "Начисления")
        self.assertIn("Начислений пока нет", action.help)

    def test_no_text_is_where_odoo_does_not_translate_it(self):
        own = self.env["ir.model.data"].search(
            [("module", "=", self.module), ("model", "=", "ir.ui.view")]
        )
        views = self.env["ir.ui.view"].with_context(lang=None)
        pages = views.browse(own.mapped("res_id")).filtered(lambda v: v.type == "qweb")
        self.assertGreater(len(pages), 20)
        for page in pages:
            values = etree.fromstring(page.arch_db).xpath(
                "//@*[starts-with(name(), 'data-')]"
            )
            with self.subTest(page.xml_id):
                self.assertFalse([value for value in values if value[:1].isupper()])

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
