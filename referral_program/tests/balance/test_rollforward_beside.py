"""The roll-forward beside OCA's reports and the accounting reports of Odoo."""

import ast

from odoo import Command, fields
from odoo.tests import tagged

from .test_rollforward import BOOK, FIGURES, BookCase

MODULE = "referral_program"
#: The ends of days that are looked at: before, between and after all that happened.
DAYS = (
    "2026-01-30",
    "2026-01-31",
    "2026-02-28",
    "2026-03-05",
    "2026-03-31",
    "2026-04-01",
    "2026-04-19",
    "2026-04-20",
    "2026-04-30",
    "2026-05-31",
)


@tagged("post_install", "-at_install")
class TestRollforwardBeside(BookCase):
    def _oca_ledger(self, company, account, date_from, date_to):
        """Return what OCA's general ledger says: opening, closing, by partner."""
        wizard = self.env["general.ledger.report.wizard"].create(
            {
                "company_id": company.id,
                "date_from": date_from,
                "date_to": date_to,
                "account_ids": [Command.set(account.ids)],
                "grouped_by": "partners",
                "centralize": False,
                "foreign_currency": False,
            }
        )
        report = self.env["report.account_financial_report.general_ledger"]
        values = report._get_report_values(wizard.ids, wizard._prepare_report_data())
        opening = closing = 0.0
        partners = {}
        for found in values["general_ledger"]:
            self.assertEqual(found["id"], account.id)
            opening -= found["init_bal"]["balance"]
            closing -= found["fin_bal"]["balance"]
            for group in found.get("list_grouped", ()):
                partners[group["id"]] = -group["fin_bal"]["balance"]
        return round(opening, 2), round(closing, 2), partners

    def _oca_open_items(self, company, account, day):
        """Return what OCA's open items are worth on a day."""
        wizard = self.env["open.items.report.wizard"].create(
            {
                "company_id": company.id,
                "date_at": day,
                "account_ids": [Command.set(account.ids)],
                "foreign_currency": False,
            }
        )
        report = self.env["report.account_financial_report.open_items"]
        values = report._get_report_values(wizard.ids, wizard._prepare_report_data())
        amounts = values["total_amount"].get(account.id, {"residual": 0.0})
        return round(-amounts["residual"], 2)

    def test_it_is_what_ocas_reports_say(self):
        program = self._second_company()
        looked_at = 0
        for own, companies in (
            (self.program, self.company | self.branch),
            (program, program.company_id),
        ):
            account = own.liability_account_id
            for day in DAYS:
                start = fields.Date.start_of(fields.Date.to_date(day), "month")
                total = self._rollforward(start, day, own).total_ids
                closing = round(total.closing, 2)
                self.assertFalse(total.difference)
                with self.on("2026-12-01"):
                    still_open = sum(
                        self._oca_open_items(company, account, day)
                        for company in companies
                    )
                    booked = [
                        self._oca_ledger(company, account, start, day)
                        for company in companies
                    ]
                self.assertAlmostEqual(still_open, closing, 2, (own, day))
                self.assertAlmostEqual(still_open, total.open_items, 2, (own, day))
                # the ledger of OCA is a company's; a branch's opening balance on its
                # parent's account is not in it
                alone = self._rollforward(start, day, own, companies[0])
                figures = alone.total_ids
                self.assertEqual(
                    (round(figures.opening, 2), round(figures.closing, 2)),
                    booked[0][:2],
                    (own, day),
                )
                for line in alone.line_ids:
                    partner = booked[0][2].get(line.partner_id.id or 0, 0.0)
                    self.assertAlmostEqual(line.closing, partner, 2, (line, day))
                for company in companies[1:]:
                    branch = self._rollforward("2020-01-01", day, own, company)
                    with self.on("2026-12-01"):
                        ledger = self._oca_ledger(company, account, "2020-01-01", day)
                    self.assertEqual(round(branch.total_ids.closing, 2), ledger[1], day)
                    closing -= ledger[1]
                self.assertAlmostEqual(closing, booked[0][1], 2, (own, day))
                looked_at += bool(total.closing)
        self.assertGreater(looked_at, len(DAYS))

    def _evaluate(self, expression, date_from, date_to):
        """Return an expression's value by partner, as a viewer computes it."""
        bounds = {
            "strict_range": [("date", ">=", date_from), ("date", "<=", date_to)],
            "to_beginning_of_period": [("date", "<", date_from)],
            "from_beginning": [("date", "<=", date_to)],
        }
        self.assertEqual(expression.engine, "domain")
        self.assertEqual(expression.subformula, "-sum")
        groups = self.env["account.move.line"]._read_group(
            [
                *ast.literal_eval(expression.formula),
                *bounds[expression.date_scope],
                ("parent_state", "=", "posted"),
                ("company_id", "child_of", self.company.id),
            ],
            ["partner_id"],
            ["balance:sum"],
        )
        return {partner: round(-balance, 2) for partner, balance in groups}

    def test_the_accounting_report_says_the_same(self):
        report = self.env.ref(f"{MODULE}.account_report_rollforward")
        self.assertEqual(
            tuple(report.column_ids.sorted("sequence").mapped("expression_label")),
            FIGURES,
        )
        [line] = report.line_ids
        self.assertEqual(line.groupby, "partner_id")
        expressions = {e.label: e for e in line.expression_ids}
        self.assertEqual(set(expressions), set(FIGURES))
        for month in BOOK:
            rollforward = self._month_of(month)
            values = {
                name: self._evaluate(
                    expression, rollforward.date_from, rollforward.date_to
                )
                for name, expression in expressions.items()
            }
            partners = set().union(*values.values())
            self.assertLessEqual(
                partners,
                set(rollforward.line_ids.partner_id) | {self.env["res.partner"]},
            )
            for row in rollforward.line_ids:
                found = {n: v.get(row.partner_id, 0.0) for n, v in values.items()}
                for name in set(FIGURES) - {"accrued", "reversed"}:
                    self.assertAlmostEqual(found[name], row[name], 2, (month, name))
                # whole items only: what an accrual took back is not apart
                self.assertAlmostEqual(
                    found["accrued"] + found["reversed"],
                    row.accrued + row.reversed,
                    2,
                )
                self.assertGreaterEqual(found["accrued"], 0)
                self.assertLessEqual(found["reversed"], 0)
