"""Days of service: first and last days, later services, changed periods."""

from odoo.tests import tagged

from ..common import OneReferralCase
from ..expected import Expected


@tagged("post_install", "-at_install")
class TestAccrualRendered(Expected, OneReferralCase):
    def _served(self, amount, start, end):
        """Return a line of a service of these days."""
        return self._line(amount, start_date=start, end_date=end)

    def _prepaid(self, *lines):
        """Return an invoice of January, paid in January."""
        invoice = self._invoice(self.client, "2026-01-10", list(lines))
        self._pay(invoice, "2026-01-12")
        return invoice

    def test_an_invoice_of_the_months_last_day(self):
        invoice = self._invoice(self.client, "2026-01-31", 1000)
        self._pay(invoice, "2026-01-31")
        self.assertEarned("2026-01", self.participant, "90")

    def test_an_invoice_of_the_last_day_for_what_was_delivered_before(self):
        invoice = self._invoice(
            self.client, "2026-01-31", 1000, delivery_date="2026-01-20"
        )
        self._pay(invoice, "2026-01-31")
        self.assertEarned("2026-01", self.participant, "90")

    def test_a_service_that_begins_on_the_months_last_day(self):
        self._prepaid(self._served(2800, "2026-02-28", "2026-03-27"))
        self.assertEarned("2026-01", self.participant, "0")
        self.assertEarned("2026-02", self.participant, "9")

    def test_two_services_of_later_months_in_one_invoice(self):
        self._prepaid(
            self._served(1000, "2026-02-01", "2026-02-28"),
            self._served(1000, "2026-03-01", "2026-03-31"),
        )
        self.assertEarned("2026-01", self.participant, "0")
        self.assertEarned("2026-02", self.participant, "90")
        self.assertEarned("2026-03", self.participant, "90")

    def test_another_delivery_date_on_a_posted_invoice(self):
        invoice = self._paid("2026-01-10")
        self.assertEarned("2026-01", self.participant, "90")
        self.env.flush_all()
        invoice.delivery_date = "2026-03-05"
        self.assertEarned("2026-02", self.participant, "-90")
        self.assertEarned("2026-03", self.participant, "90")

    def test_a_credit_note_in_the_month_of_a_take_back(self):
        invoice = self._prepaid(self._served(1000, "2026-01-01", "2026-01-31"))
        self.assertEarned("2026-01", self.participant, "90")
        # 59 of 118 days are rendered by February's end: half is taken back, and the
        # credit note follows the line that it lowers
        with self.on("2026-02-05"):
            invoice.invoice_line_ids.end_date = "2026-04-28"
        self._credit_note(invoice, "2026-02-10", 200)
        self.assertEarned("2026-02", self.participant, "-54")
