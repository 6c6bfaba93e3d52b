"""Contracts: what is billed for a period earns by its days."""

from odoo import Command
from odoo.tests import tagged

from odoo.addons.referral_program.tests.common import OneReferralCase


@tagged("post_install", "-at_install")
class TestContracts(OneReferralCase):
    def _contract(self, day, amount, kind="yearly", **values):
        """Return a contract from a day on, by default of a prepaid year."""
        with self.on(day):
            return self.env["contract.contract"].create(
                {
                    "name": "Hosting",
                    "partner_id": self.client.id,
                    "line_recurrence": True,
                    "contract_line_ids": [
                        Command.create(
                            {
                                "product_id": self._product().id,
                                "name": "Hosting #START# - #END#",
                                "quantity": 1,
                                "price_unit": amount,
                                "recurring_rule_type": kind,
                                "recurring_interval": 1,
                                "recurring_invoicing_type": "pre-paid",
                                "date_start": day,
                                "recurring_next_date": day,
                                **values,
                            }
                        )
                    ],
                }
            )

    def _bill(self, contract, day):
        with self.on(day):
            invoice = contract._recurring_create_invoice()
            invoice.invoice_date = day
            invoice.action_post()
        return invoice

    def _period(self, invoice):
        line = invoice.invoice_line_ids
        return [str(line.start_date), str(line.end_date)]

    def test_a_prepaid_year_earns_by_its_days(self):
        contract = self._contract("2026-01-01", 1200)
        invoice = self._bill(contract, "2026-01-01")
        self.assertEqual(self._period(invoice), ["2026-01-01", "2026-12-31"])
        self._pay(invoice, "2026-01-02")
        # 31 and 28 of 365 days
        self.assertEarned("2026-01", self.participant, "9.17")
        self.assertEarned("2026-02", self.participant, "8.28")

    def test_months_follow_each_other(self):
        contract = self._contract("2026-01-15", 100, "monthly")
        first = self._bill(contract, "2026-01-15")
        second = self._bill(contract, "2026-02-15")
        self.assertEqual(self._period(first), ["2026-01-15", "2026-02-14"])
        self.assertEqual(self._period(second), ["2026-02-15", "2026-03-14"])

    def test_a_period_ends_with_the_contract(self):
        contract = self._contract("2026-01-01", 1200, date_end="2026-06-30")
        invoice = self._bill(contract, "2026-01-01")
        self.assertEqual(self._period(invoice), ["2026-01-01", "2026-06-30"])

    def test_a_note_has_no_period(self):
        contract = self._contract("2026-01-01", 1200)
        contract.contract_line_ids = [
            Command.create(
                {
                    "display_type": "line_note",
                    "name": "Thank you",
                    "date_start": "2026-01-01",
                    "recurring_next_date": "2026-01-01",
                }
            )
        ]
        invoice = self._bill(contract, "2026-01-01")
        note = invoice.invoice_line_ids.filtered(
            lambda line: line.display_type == "line_note"
        )
        self.assertTrue(note)
        self.assertFalse(note.start_date)
