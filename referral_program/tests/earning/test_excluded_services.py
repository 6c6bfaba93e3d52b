"""Services that earn nothing, by reason: on the screen, as a workbook and a page."""

import io

import openpyxl

from odoo.tests import tagged

from .test_explanation import ExplanationCase


@tagged("post_install", "-at_install")
class TestExcludedServices(ExplanationCase):
    def _excluded(self):
        """Ask about an excluded, a discounted and an ordinary line."""
        self.program.terms_ids.excluded_category_ids = self._category("domains")
        invoice = self._invoice(
            self.client,
            "2026-01-10",
            [
                self._line(100, "domains"),
                self._line(50, "domains"),
                self._line(200, discount=10),
                self._line(1_000),
            ],
        )
        self._pay(invoice, "2026-01-12")
        explain = self.env["referral.explain"].create(
            {
                "program_id": self.program.id,
                "as_of": "2026-01-31",
                "date_from": "2026-01-01",
                "date_to": "2026-01-31",
                "excluded": True,
            }
        )
        return explain, explain.action_explain()

    def test_excluded_services_by_reason(self):
        explain, action = self._excluded()
        self.assertEqual(action["views"][0][1], "pivot")
        self.assertEqual(len(self._opened(action)), 3)
        sums = {
            group["code"]: (group["lines"], group["base"], group["rows"])
            for group in explain._by_reason()
        }
        self.assertEqual(
            sums,
            {
                "excluded_category": (2, 150, [("domains", 2, 150)]),
                "discounted": (1, 180, [("vps", 1, 180)]),
            },
        )

    def test_one_definition_on_the_screen_as_a_page_and_as_a_workbook(self):
        """What only waits is not excluded; what gave nothing never says more."""
        self._invoice(self.client, "2026-01-15", 700)  # not paid yet
        boris = self._participant("Boris")
        closed = self._partner("Client of Boris")
        self._referral(boris, closed)
        self._paid("2026-01-16", 600, partner=closed)
        boris._update_state("closed", "Test")
        explain, action = self._excluded()
        rows = self._opened(action)
        self.assertNotIn("search_default_excluded", action["context"])
        self.assertEqual(
            sorted(rows.mapped("reason")),
            ["discounted", "excluded_category", "excluded_category",
             "participant_inactive"],
        )  # fmt: skip
        self.assertEqual(set(rows.mapped("state")), {"nothing"})
        screen = sum(rows.mapped("unearned"))
        self.assertEqual(screen, 100 + 50 + 180 + 600)
        self.assertEqual(sum(group["base"] for group in explain._by_reason()), screen)
        report = self.env["ir.actions.report"]
        html, _kind = report._render_qweb_html(
            "referral_program.referral_explanation_pdf", explain.ids
        )
        self.assertIn(b"930.00", html)
        content, _kind = report._render_xlsx(
            "referral_program.referral_explanation_xlsx", explain.ids, {}
        )
        book = openpyxl.load_workbook(io.BytesIO(content))
        lines = list(book["Invoice Lines"].values)
        column = lines[0].index("Excluded Amount")
        amounts = [
            row[column] for row in lines[1:] if isinstance(row[column], float | int)
        ]
        self.assertEqual(sum(amounts), screen)
        # those that wait are told apart where one asks why
        waiting = explain.row_ids.filtered("waits")
        self.assertEqual(waiting.mapped("reason"), ["not_paid"])

    def test_excluded_services_as_a_workbook(self):
        explain, _action = self._excluded()
        report = self.env["ir.actions.report"]
        content, kind = report._render_xlsx(
            "referral_program.referral_explanation_xlsx", explain.ids, {}
        )
        self.assertEqual(kind, "xlsx")
        book = openpyxl.load_workbook(io.BytesIO(content))
        self.assertEqual(book.sheetnames, ["Summary", "Invoice Lines"])
        lines = list(book["Invoice Lines"].values)
        self.assertEqual(len(lines), 4)
        by_name = dict(zip(lines[0], lines[1], strict=True))
        self.assertEqual(by_name["Client"], "Client")
        self.assertEqual(
            by_name["Why"], explain.row_ids.filtered("reason")[0].explanation
        )
        summary = [row for row in book["Summary"].values if row[2] is not None]
        self.assertEqual(
            summary[1:3],
            [
                ("Category excluded by the terms", "domains", 2, 150),
                ("Discounted", "vps", 1, 180),
            ],
        )
        self.assertEqual(summary[3][0], "Total")
        self.assertRegex(summary[3][3], r"^=SUM\(D\d+:D\d+\)$")

    def test_excluded_services_as_a_page(self):
        explain, _action = self._excluded()
        report = self.env["ir.actions.report"]
        html, _kind = report._render_qweb_html(
            "referral_program.referral_explanation_pdf", explain.ids
        )
        for text in (b"Category excluded by the terms", b"150.00", b"330.00"):
            self.assertIn(text, html)
        self.assertNotIn(b"1,000.00", html)
