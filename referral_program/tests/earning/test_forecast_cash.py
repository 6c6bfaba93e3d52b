"""The forecast as cash: open withdrawals, and what may be withdrawn, by month."""

from datetime import date

from odoo.tests import tagged

from ..balance.test_withdrawals import MoneyCase


@tagged("post_install", "-at_install")
class TestForecastCash(MoneyCase):
    """January gave 90,000, which may be withdrawn from 10,000 on."""

    def _cash(self, day="2026-02-10"):
        """Return (month, withdrawals, certain, expected) of each month of cash."""
        with self.on(day):
            forecast = self.env["referral.forecast"]._make(self.program)
        rows = forecast.cash_ids
        so_far = 0
        for row in rows:
            so_far += row.withdrawals + row.certain + row.expected
            self.assertAlmostEqual(row.so_far, so_far, 6)
            self.assertAlmostEqual(
                row.total, row.withdrawals + row.certain + row.expected, 6
            )
        return [
            (row.month.month, row.withdrawals, row.certain, row.expected)
            for row in rows
        ]

    def test_what_is_available_may_be_withdrawn_now(self):
        self.assertEqual(self._cash(), [(2, 0, 90_000, 0)])

    def test_open_withdrawals_are_not_counted_twice(self):
        self._request(30_000)
        self.assertEqual(self._cash(), [(2, 30_000, 60_000, 0)])

    def test_less_than_the_minimum_waits(self):
        self.program.min_withdrawal = 100_000
        self.assertEqual(self._cash(), [])
        # 9 % of 100,000 for February are credited in March
        self._paid("2026-02-05", 100_000)
        self.assertEqual(self._cash(), [])
        self.program.min_withdrawal = 99_000
        self.assertEqual(self._cash(), [(3, 0, 99_000, 0)])
        self.program.min_withdrawal = 99_000.01
        self.assertEqual(self._cash(), [])

    def test_open_invoices_are_expected(self):
        self._invoice(
            self.client, "2026-02-05", 100_000, invoice_date_due=date(2026, 3, 20)
        )
        self.assertEqual(self._cash(), [(2, 0, 90_000, 0)], "9,000 are too little")
        self.program.min_withdrawal = 9_000
        self.assertEqual(self._cash(), [(2, 0, 90_000, 0), (4, 0, 0, 9_000)])
        # what is expected brings forward what is certain, and is counted once
        self.program.min_withdrawal = 99_000
        self.assertEqual(self._cash(), [(4, 0, 0, 99_000)])

    def test_a_bill_is_paid_when_it_is_due(self):
        self.program.bill_payment_term_id = self.env.ref(
            "account.account_payment_term_30days"
        )
        withdrawal = self._request(30_000, "2026-02-05")
        with self.on("2026-02-06"):
            withdrawal.action_approve()
            withdrawal.action_bill()
        self.assertEqual(withdrawal.bill_id.invoice_date_due, date(2026, 3, 8))
        self.assertEqual(self._cash(), [(2, 0, 60_000, 0), (3, 30_000, 0, 0)])
        self.assertEqual(self._cash("2026-05-02")[0][:3], (5, 30_000, 60_000))

    def test_who_is_not_paid_today_is_left_out(self):
        self.participant._update_state("suspended", "Test")
        self.assertEqual(self._cash(), [])

    def test_it_is_read_by_who_may_read_the_forecast(self):
        accountant = self._user("cash_acc", "referral_program.group_accountant")
        with self.on("2026-02-10"):
            forecasts = self.env["referral.forecast"].with_user(accountant)
            forecast = forecasts._make(self.program)
        self.assertEqual(forecast.cash_ids.mapped("total"), [90_000])
        other = self._user("cash_other", "referral_program.group_accountant")
        self.env.invalidate_all()
        self.assertFalse(self.env["referral.forecast.cash"].with_user(other).search([]))
