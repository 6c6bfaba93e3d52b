"""The forecast agrees with what really comes, to the kopeck, and writes nothing."""

import io
from datetime import date
from decimal import Decimal

from openpyxl import load_workbook

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_simulation import DryRunCase


@tagged("post_install", "-at_install")
class TestForecast(DryRunCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["referral.referral"].search([]).date_start = "2025-12-01"

    def _forecast(self, day, programs=None):
        """Forecast on a day, and check that nothing but the forecast is written."""
        before = self._written("referral_forecast")
        with self.on(day):
            forecast = self.env["referral.forecast"]._make(programs or self.program)
        self.assertEqual(self._written("referral_forecast"), before)
        self.assertFalse(self._temporary_tables())
        for row in forecast:
            self.assertSums(row)
        return forecast

    def assertSums(self, forecast):
        """Check that the parts add up to the whole, and to the liability."""
        owed = owed_certain = forecast.liability
        for month in forecast.month_ids.sorted("month"):
            self.assertAlmostEqual(month.total, month.certain + month.expected, 6)
            owed += month.total
            owed_certain += month.certain
            self.assertAlmostEqual(month.liability, owed, 6)
            self.assertAlmostEqual(month.liability_certain, owed_certain, 6)
        for kind in ("certain", "expected"):
            lines = forecast.line_ids.filtered(lambda line, k=kind: line.kind == k)
            self.assertAlmostEqual(sum(lines.mapped("amount")), forecast[kind], 6)
        self.assertAlmostEqual(forecast.total, forecast.certain + forecast.expected, 6)

    def _months(self, forecast, participant=None):
        """Return (year, month, certain, expected) of each month, as exact numbers."""
        found = {}
        for line in forecast.line_ids:
            if participant in (None, line.participant_id):
                sums = found.setdefault(
                    line.month, {"certain": Decimal(0), "expected": Decimal(0)}
                )
                sums[line.kind] += Decimal(str(round(line.amount, 2)))
        return [
            (day.year, day.month, sums["certain"], sums["expected"])
            for day, sums in sorted(found.items())
        ]

    def _quarter(self, day="2026-01-01", amount=9_000, partner=None, **values):
        """Invoice service over the first quarter (90 days)."""
        line = self._line(amount, start_date="2026-01-01", end_date="2026-03-31")
        return self._invoice(partner or self.client, day, [line], **values)

    def _estimated(self, day, participant):
        with self.on(day):
            self.env["referral.estimate"]._estimate(self.program)
        estimate = self.env["referral.estimate"].search(
            [("participant_id", "=", participant.id)]
        )
        return estimate.so_far + estimate.unrendered

    def assertComesTrue(self, forecast, months=5):
        """Accrue the months to come, and compare each with what was expected."""
        expected = {
            (line.participant_id, line.month): Decimal(0) for line in forecast.line_ids
        }
        for line in forecast.line_ids:
            expected[line.participant_id, line.month] += Decimal(
                str(round(line.amount, 2))
            )
        before = self.program.accrual_ids
        start = self.program._next_period()
        for number in range(months):
            month = fields.Date.add(start, months=number)
            self._accrue(month.strftime("%Y-%m"))
        compensations = (self.program.accrual_ids - before).compensation_ids
        came = {
            (row.participant_id, row.accrual_id.period_start): Decimal(
                str(round(row.amount, 2))
            )
            for row in compensations
            if row.amount
        }
        self.assertTrue(came)
        self.assertEqual({key: sum_ for key, sum_ in expected.items() if sum_}, came)
        self.program.invalidate_recordset(["liability"])
        self.assertAlmostEqual(
            self.program.liability, forecast.month_ids[-1].liability, 6
        )

    # === What it tells === #

    def test_nothing(self):
        forecast = self._forecast("2026-01-15")
        self.assertFalse(forecast.line_ids)
        self.assertFalse(forecast.month_ids)
        self.assertEqual(forecast.total, 0)

    def test_paid_but_not_used(self):
        self._pay(self._quarter(), "2026-01-02")
        forecast = self._forecast("2026-01-10")
        self.assertEqual(
            self._months(forecast),
            [(2026, 1, 279, 0), (2026, 2, 252, 0), (2026, 3, 279, 0)],
        )
        self.assertEqual(forecast.certain, self._estimated("2026-01-10", self.anna))
        self.assertComesTrue(forecast)

    def test_open_invoices(self):
        due = self._quarter(invoice_date_due="2026-02-20")
        overdue = self._invoice(
            self.other_client, "2025-12-01", 1_000, invoice_date_due="2025-12-15"
        )
        self._accrue("2025-12")
        forecast = self._forecast("2026-01-10")
        self.assertEqual(
            self._months(forecast, self.anna),
            [(2026, 2, 0, 531), (2026, 3, 0, 279)],
        )
        self.assertEqual(self._months(forecast, self.boris), [(2026, 1, 0, 90)])
        self._pay(due, "2026-02-20")
        self._pay(overdue, "2026-01-10")
        self.assertComesTrue(forecast)

    def test_partly_paid(self):
        invoice = self._quarter(invoice_date_due="2026-03-10")
        self._pay(invoice, "2026-01-02", 4_500)
        forecast = self._forecast("2026-01-10")
        # half is paid: used up by the middle of February
        self.assertEqual(
            self._months(forecast),
            [(2026, 1, 279, 0), (2026, 2, 126, 0), (2026, 3, 0, 405)],
        )
        self.assertEqual(forecast.certain, self._estimated("2026-01-10", self.anna))
        self._pay(invoice, "2026-03-10")
        self.assertComesTrue(forecast)

    def test_installments_taxes_and_a_foreign_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "company_id": self.company.id,
                "name": "2026-01-01",
                "rate": 0.37,
            }
        )
        # amounts: OCA's account_payment_term_extension takes percents of the other
        # currency; what is left is percents in both
        term = self.env["account.payment.term"].create(
            {
                "name": "Thirds",
                "line_ids": [
                    Command.create(
                        {"value": value, "value_amount": amount, "nb_days": days}
                    )
                    for value, amount, days in (
                        ("fixed", 510.61, 10),
                        ("fixed", 510.61, 40),
                        ("percent", 100, 70),
                    )
                ],
            }
        )
        line = self._line(
            "777.77",
            start_date="2026-01-15",
            end_date="2026-04-10",
            tax_ids=[Command.set(self._tax(20).ids)],
        )
        at_once = self._line(500, tax_ids=[Command.set(self._tax(20).ids)])
        invoice = self._invoice(
            self.client,
            "2026-01-05",
            [line, at_once],
            currency_id=euro.id,
            invoice_payment_term_id=term.id,
        )
        forecast = self._forecast("2026-01-10")
        self.assertEqual(len(forecast.month_ids), 4)
        for item in self._receivable(invoice).sorted("date_maturity"):
            self._pay(
                invoice, item.date_maturity, abs(item.amount_currency),
                currency_id=euro.id,
            )  # fmt: skip
        self.assertEqual(invoice.amount_residual, 0)
        self.assertComesTrue(forecast)

    def test_tiers_and_exclusions_and_two_terms(self):
        terms = self.program.terms_ids
        terms.tier_ids = [Command.create({"above": 3_000, "rate": 12})]
        terms.excluded_category_ids = self._category("domains")
        self.env["referral.program.terms"].create(
            {"program_id": self.program.id, "date_from": "2026-01-10", "rate": 7}
        )
        self._pay(self._quarter(), "2026-01-02")
        mixed = self._invoice(
            self.client,
            "2026-01-12",
            [self._line(2_000), self._line(500, category="domains")],
            invoice_date_due="2026-02-12",
        )
        forecast = self._forecast("2026-01-20")
        self._pay(mixed, "2026-02-12")
        self.assertComesTrue(forecast)

    def test_credit_notes_and_take_backs(self):
        used = self._paid("2026-01-05", 1_000, self.other_client)
        quarter = self._quarter(invoice_date_due="2026-02-10")
        self._pay(quarter, "2026-01-10", 3_000)
        self._accrue("2026-01")
        self._credit_note(used, "2026-02-03", [self._line(400)])
        credit = self._credit_note(quarter, "2026-02-04", [self._line(1_500)])
        self._match(credit, quarter, "2026-02-04")
        forecast = self._forecast("2026-02-05")
        self.assertEqual(self._months(forecast, self.boris), [(2026, 2, -36, 0)])
        self._pay(quarter, "2026-02-10")
        self.assertComesTrue(forecast)

    def test_cohorts(self):
        self.program.terms_by = "attribution"
        self.env["referral.program.terms"].create(
            {"program_id": self.program.id, "date_from": "2026-01-01", "rate": 20}
        )
        young = self._partner("Young")
        self._referral(self.boris, young, "2026-01-01")
        self._pay(self._quarter(partner=young), "2026-01-02")
        self._pay(self._quarter(), "2026-01-02")
        forecast = self._forecast("2026-01-10")
        self.assertEqual(self._months(forecast, self.boris)[0], (2026, 1, 620, 0))
        self.assertEqual(self._months(forecast, self.anna)[0], (2026, 1, 279, 0))
        self.assertComesTrue(forecast)

    def test_who_is_not_active_gets_nothing(self):
        self._pay(self._quarter(), "2026-01-02")
        self._paid("2026-01-05", 1_000, self.other_client)
        self.anna._update_state("suspended", "Test")
        forecast = self._forecast("2026-01-10")
        self.assertFalse(self._months(forecast, self.anna))
        self.assertEqual(self._months(forecast, self.boris), [(2026, 1, 90, 0)])
        self.assertComesTrue(forecast)

    def test_what_the_bank_has_not_matched_is_expected(self):
        self.program.paid_when = "bank"
        matched = self._quarter()
        self._bank_match(self._pay(matched, "2026-01-02"), "2026-01-03")
        waiting = self._invoice(self.other_client, "2026-01-05", 1_000)
        payment = self._pay(waiting, "2026-01-06")
        self._accrue("2026-01")
        forecast = self._forecast("2026-02-10")
        self.assertEqual(self._months(forecast, self.boris), [(2026, 2, 0, 90)])
        self.assertEqual(
            self._months(forecast, self.anna), [(2026, 2, 252, 0), (2026, 3, 279, 0)]
        )
        self._bank_match(payment, "2026-02-10")
        self.assertComesTrue(forecast)

    def test_months_that_are_over_but_not_posted(self):
        self._pay(self._quarter(), "2026-01-02")
        self.program.posting_policy = "review"
        computed = self._accrue("2026-01")
        forecast = self._forecast("2026-02-10")
        self.assertEqual(
            self._months(forecast),
            [(2026, 1, 279, 0), (2026, 2, 252, 0), (2026, 3, 279, 0)],
        )
        # what waits for review is not given yet for the estimate either
        self.assertEqual(forecast.certain, self._estimated("2026-02-10", self.anna))
        with self.on("2026-02-11"):
            computed.action_post()
        forecast = self._forecast("2026-02-12")
        self.assertEqual(forecast.liability, 279)
        self.assertEqual(len(self._months(forecast)), 2)

    def test_new_terms_for_everything(self):
        self._pay(self._quarter(), "2026-01-02")
        self._accrue("2026-01")
        self.program.bonus_journal_ids |= self.bank_journal
        forecast = self._forecast("2026-02-10")
        self.assertEqual(self._months(forecast), [(2026, 2, -279, 0)])
        self.assertComesTrue(forecast)

    def test_drafts_are_not_foreseen(self):
        self.program.terms_ids.copy({"date_from": "2025-12-01", "rate": 50})
        self._paid("2026-01-05")
        self.assertEqual(self._forecast("2026-01-10").certain, 90)

    def test_the_rest_after_36_months(self):
        line = self._line(
            48_000, start_date="2026-01-01", end_date="2029-12-31"
        )  # 1461 days
        self._pay(self._invoice(self.client, "2026-01-01", [line]), "2026-01-01")
        forecast = self._forecast("2026-01-01")
        self.assertEqual(len(forecast.month_ids), 37)
        *months, rest = forecast.month_ids
        self.assertFalse(any(month.is_rest for month in months))
        self.assertTrue(rest.is_rest)
        self.assertEqual(rest.month, date(2029, 1, 1))
        self.assertAlmostEqual(rest.certain, 4_320 * 365 / 1461, 2)
        # each month is rounded once
        self.assertAlmostEqual(forecast.certain, 4_320, delta=0.005 * 37)

    def test_a_month_without_anything_has_a_row(self):
        self._invoice(self.client, "2026-01-05", 1_000, invoice_date_due="2026-03-15")
        self._paid("2026-01-05", 1_000, self.other_client)
        forecast = self._forecast("2026-01-10")
        self.assertEqual(
            [(row.month.month, row.total) for row in forecast.month_ids],
            [(1, 90), (2, 0), (3, 90)],
        )

    # === Several programs === #

    def test_currencies_are_never_added(self):
        self._paid("2026-01-05")
        data = self.setup_other_company(
            name="Elsewhere", currency_id=self.env.ref("base.EUR").id
        )
        other = self._program(data["company"])
        self.assertNotEqual(other.currency_id, self.currency)
        forecasts = self._forecast("2026-01-10", self.program | other)
        self.assertEqual(len(forecasts), 2)
        for forecast in forecasts:
            self.assertEqual(forecast.program_ids.currency_id, forecast.currency_id)
        with self.on("2026-01-10"):
            several = (self.program | other).action_forecast()
            one = self.program.action_forecast()
        self.assertFalse(several["res_id"])
        self.assertTrue(one["res_id"])

    def test_one_currency_is_one_forecast(self):
        data = self.setup_other_company(name="Sister", currency_id=self.currency.id)
        other = self._program(data["company"])
        self._paid("2026-01-05")
        forecast = self._forecast("2026-01-10", self.program | other)
        self.assertEqual(len(forecast), 1)
        self.assertEqual(forecast.certain, 90)

    # === Who may === #

    def test_who_may_forecast(self):
        self._paid("2026-01-05")
        for group in ("accountant", "auditor", "administrator"):
            user = self._user(f"forecast_{group}", f"referral_program.group_{group}")
            with self.on("2026-01-10"):
                action = self.program.with_user(user).action_forecast()
                self.env["referral.forecast"].with_user(user).action_open()
            forecast = self.env["referral.forecast"].with_user(user)
            forecast = forecast.browse(action["res_id"])
            self.assertEqual(forecast.certain, 90)
            self.assertEqual(forecast.month_ids.certain, 90)
            self.assertTrue(forecast.line_ids.mapped("participant_id.display_name"))
            for operation in ("write", "create", "unlink"):
                self.assertFalse(forecast.has_access(operation))
                self.assertFalse(forecast.line_ids.has_access(operation))
        mine = self._forecast("2026-01-10")
        for group in ("officer", "reader", "integration"):
            user = self._user(f"forecast_{group}", f"referral_program.group_{group}")
            with self.assertRaises(AccessError):
                self.program.with_user(user).action_forecast()
            with self.assertRaises(AccessError):
                self.env["referral.forecast"].with_user(user).action_open()
            with self.assertRaises(AccessError):
                mine.with_user(user).read(["certain"])
        auditor = self.env["res.users"].search([("login", "=", "forecast_auditor")])
        for records in (mine, mine.line_ids, mine.month_ids):
            with self.assertRaises(AccessError):
                records.with_user(auditor).read(["currency_id"])

    def test_other_companies(self):
        auditor = self._user("forecast_auditor", "referral_program.group_auditor")
        other = self._program(self.setup_other_company(name="Other")["company"])
        with self.assertRaises(AccessError):
            other.with_user(auditor).action_forecast()
        self.program.active = False
        with self.assertRefused(UserError, "no referral program"):
            self.env["referral.forecast"].with_user(auditor).action_open()

    # === Documents === #

    def test_xlsx(self):
        self._pay(self._quarter(), "2026-01-02")
        forecast = self._forecast("2026-01-10")
        content, kind = self.env["ir.actions.report"]._render_xlsx(
            "referral_program.forecast_xlsx", forecast.ids, {}
        )
        self.assertEqual(kind, "xlsx")
        book = load_workbook(io.BytesIO(content), data_only=True)
        cash, months, participants = book.worksheets
        self.assertEqual(
            [cell.value for cell in months[2]][1:6], [279, 0, 279, 279, 279]
        )
        self.assertEqual(months[5][3].value, 810)
        self.assertEqual(participants.max_row, 5)
