"""Service periods on orders, as OCA's sale_start_end_dates has them."""

from odoo.tests import tagged

from .ordering import OrderCase


@tagged("post_install", "-at_install")
class TestPeriods(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hosting = cls._product(invoice_policy="order", must_have_dates=True)

    def _year(self, **values):
        return self._sold(1200, product=self.hosting, **values)

    def _period(self, line):
        return str(line.start_date), str(line.end_date)

    def test_the_order_s_dates_reach_the_invoice_and_the_accrual(self):
        order = self._order(
            "2026-01-05",
            [self._year(), self._sold(100, "setup")],
            default_start_date="2026-01-11",
            default_end_date="2027-01-10",
        )
        invoice = self._bill(order, "2026-01-06")
        hosting, setup = invoice.invoice_line_ids
        self.assertEqual(self._period(hosting), ("2026-01-11", "2027-01-10"))
        self.assertFalse(setup.start_date)
        self._pay(invoice, "2026-01-06")
        # 21 and 28 of 365 days, and what has no dates at once
        self.assertEarned("2026-01", self.participant, "15.21")
        self.assertEarned("2026-02", self.participant, "8.28")

    def test_a_line_s_own_dates(self):
        order = self._order(
            "2026-01-05", [self._year(start_date="2026-02-01", end_date="2026-02-28")]
        )
        invoice = self._bill(order, "2026-01-06")
        self._pay(invoice, "2026-01-06")
        self.assertEarned("2026-01", self.participant, "0")
        self.assertEarned("2026-02", self.participant, "108")

    def test_a_year_paid_in_advance_earns_by_its_days(self):
        order = self._order(
            "2026-01-05", [self._year(start_date="2026-01-01", end_date="2026-12-31")]
        )
        self._advance(order, "2026-01-05", 1200)
        final = self._bill(order, "2026-01-31")
        self.assertEqual(final.amount_total, 0)
        self.assertEarned("2026-01", self.participant, "9.17")
        self.assertEarned("2026-02", self.participant, "8.28")
