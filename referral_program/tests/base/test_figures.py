"""What pages show: months as months, exact evidence, and what empty lists are for."""

from lxml import etree, html

from odoo.tests import TransactionCase, tagged

#: Days that stand for their month.
MONTHS = {"cohort", "month", "next_period", "period_start"}
#: Amounts of evidence, which are exact to the sixth decimal.
EXACT = {
    "referral.accrual.line": {"base", "amount"},
    "referral.explanation": {"credited_amount", "amount"},
}


@tagged("post_install", "-at_install")
class TestFigures(TransactionCase):
    def _shown(self):
        """Give each field of the addon's lists, forms and cards, with its view."""
        views = self.env["ir.ui.view"].search(
            [
                ("model", "=like", "referral.%"),
                ("type", "in", ("list", "form", "kanban")),
            ]
        )
        for view in views:
            arch = self.env[view.model].get_view(view.id, view.type)["arch"]
            for field in etree.fromstring(arch).iter("field"):
                hidden = field.get("invisible"), field.get("column_invisible")
                if not {"1", "True"}.intersection(hidden):
                    yield view, field

    def test_a_month_is_shown_as_a_month(self):
        shown = [pair for pair in self._shown() if pair[1].get("name") in MONTHS]
        self.assertGreater(len(shown), 5)
        for view, field in shown:
            with self.subTest(view.xml_id, field=field.get("name")):
                self.assertEqual(field.get("widget"), "referral_month")

    def test_newest_months_come_first(self):
        for model in ("referral.compensation", "referral.accrual.line"):
            for kind in ("list", "kanban"):
                view = self.env[model].get_view(view_type=kind)
                order = etree.fromstring(view["arch"]).get("default_order")
                with self.subTest(model, view=kind):
                    # accruals themselves are ordered so
                    self.assertEqual(order.split(",")[0], "accrual_id")
        self.assertTrue(
            self.env["referral.accrual"]._order.startswith("period_start desc")
        )

    def test_evidence_is_shown_with_all_its_decimals(self):
        shown = [
            (view, field)
            for view, field in self._shown()
            if field.get("name") in EXACT.get(view.model, ())
            and not any(outer.tag == "field" for outer in field.iterancestors())
        ]
        self.assertGreater(len(shown), 5)
        for view, field in shown:
            with self.subTest(view.xml_id, field=field.get("name")):
                self.assertEqual(field.get("widget"), "referral_exact")

    def _windows(self):
        """Return the addon's windows that list something."""
        windows = self.env["ir.actions.act_window"].search(
            [("target", "!=", "new"), ("view_mode", "!=", "form")]
        )
        own = windows.filtered(
            lambda window: window.get_external_id()[window.id].startswith(
                "referral_program."
            )
        )
        self.assertGreater(len(own), 30)
        return own

    def test_what_begins_with_a_list_has_cards_for_phones(self):
        for window in self._windows():
            modes = window.view_mode.split(",")
            if modes[0] == "list":
                with self.subTest(window.name):
                    self.assertIn("kanban", modes)

    def test_an_empty_list_says_what_it_is_for(self):
        for window in self._windows():
            with self.subTest(window.name):
                texts = html.fromstring(window.help or "<p/>").xpath("//p")
                self.assertGreater(len(texts), 1, "a title, and a sentence below it")
                self.assertRegex(texts[1].text_content(), r"\w.*\.$")
