"""Down payments: a service earns when it is rendered, whoever paid when."""

from odoo import Command
from odoo.tests import tagged

from .ordering import OrderCase


@tagged("post_install", "-at_install")
class TestAdvances(OrderCase):
    def test_a_part_in_advance(self):
        order = self._order("2026-01-05", 1000)
        self._advance(order, "2026-01-10", 300)
        self.assertEarned("2026-01", self.participant, "0")
        self._pay(self._bill(order, "2026-02-10"), "2026-02-12")
        self.assertEarned("2026-02", self.participant, "90")

    def test_why_lists_it_among_the_payments(self):
        order = self._order("2026-01-05", 1000)
        self._advance(order, "2026-01-10", 300)
        final = self._bill(order, "2026-02-10")
        with self.on("2026-02-28"):
            explain = self.env["referral.explain"].create(
                {
                    "program_id": self.program.id,
                    "date_from": "2026-02-01",
                    "date_to": "2026-02-28",
                }
            )
            explain._explain_chosen()
        row = explain.row_ids.filtered(lambda row: row.move_name == final.name)[:1]
        self.assertRecordValues(
            row.payment_ids,
            [{"kind": "advance", "amount": 300, "counts": True, "reason": False}],
        )

    def test_a_year_paid_in_advance_earns_by_its_days(self):
        order = self._order("2026-01-05", 1200)
        self._advance(order, "2026-01-10", 1200)
        final = self._bill(order, "2026-01-10", posted=False)
        service = final.invoice_line_ids.filtered("product_id")
        service.write({"start_date": "2026-02-01", "end_date": "2027-01-31"})
        with self.on("2026-01-10"):
            final.action_post()
        self.assertEqual(final.amount_total, 0)
        self.assertEarned("2026-01", self.participant, "0")
        # 28 and 31 of 365 days
        self.assertEarned("2026-02", self.participant, "8.28")
        self.assertEarned("2026-03", self.participant, "9.17")

    def test_an_excluded_service_earns_nothing(self):
        self.program.terms_ids.excluded_category_ids = self._category("domains")
        order = self._order("2026-01-05", [self._sold(1000, "domains")])
        self._advance(order, "2026-01-10", 1000)
        self.assertEarned("2026-01", self.participant, "0")
        self._bill(order, "2026-02-10")
        self.assertEarned("2026-02", self.participant, "0")

    def test_a_discounted_order_earns_nothing(self):
        order = self._order("2026-01-05", [self._sold(1000, discount=10)])
        self._advance(order, "2026-01-10", 300)
        self.assertEarned("2026-01", self.participant, "0")
        self._pay(self._bill(order, "2026-02-10"), "2026-02-12")
        self.assertEarned("2026-02", self.participant, "0")

    def test_the_final_document_is_a_credit_note(self):
        product = self._product(invoice_policy="delivery")
        line = self._sold(100, product=product, product_uom_qty=5)
        order = self._order("2026-01-05", [line])
        self._advance(order, "2026-01-10", 500)
        self.assertEarned("2026-01", self.participant, "0")
        order.order_line.filtered("product_id").qty_delivered = 3
        final = self._bill(order, "2026-02-10")
        self.assertEqual(final.move_type, "out_refund")
        self.assertEqual(final.amount_total, 200)
        self.assertEarned("2026-02", self.participant, "27")
        self._pay(final, "2026-03-10")
        self.assertEarned("2026-03", self.participant, "0")

    def test_a_final_credit_note_that_names_its_origin(self):
        """As countries ask for it: Odoo's ``_refunds_origin_required``."""
        product = self._product(invoice_policy="delivery")
        line = self._sold(100, product=product, product_uom_qty=5)
        order = self._order("2026-01-05", [line])
        advance = self._advance(order, "2026-01-10", 500)
        order.order_line.filtered("product_id").qty_delivered = 3
        self.patch(
            self.registry["account.move"], "_refunds_origin_required", lambda _self: 1
        )
        final = self._bill(order, "2026-02-10", posted=False)
        # Odoo finds the origin where a credit note has one line of an order
        final.reversed_entry_id = advance
        with self.on("2026-02-10"):
            final.action_post()
        self.assertEqual((final.move_type, final.amount_total), ("out_refund", 200))
        self.assertEqual(final.reversed_entry_id, advance)
        self.assertFalse(final.referral_root_id)
        self.assertEarned("2026-02", self.participant, "27")
        self._pay(final, "2026-03-10")
        self.assertEarned("2026-03", self.participant, "0")

    def test_nothing_is_delivered_and_the_credit_note_names_its_origin(self):
        product = self._product(invoice_policy="delivery")
        line = self._sold(100, product=product, product_uom_qty=5)
        order = self._order("2026-01-05", [line])
        advance = self._advance(order, "2026-01-10", 500)
        self.patch(
            self.registry["account.move"], "_refunds_origin_required", lambda _self: 1
        )
        final = self._bill(order, "2026-02-10")
        self.assertEqual((final.move_type, final.amount_total), ("out_refund", 500))
        self.assertEqual(final.reversed_entry_id, advance)
        self.assertEqual(final.referral_root_id, advance)
        self.assertEarned("2026-02", self.participant, "0")

    def test_an_advance_counts_as_far_as_it_was_paid(self):
        order = self._order("2026-01-05", 1000)
        advance = self._advance(order, "2026-01-10", 300, paid=False)
        self._pay(advance, "2026-01-11", 100)
        self._pay(self._bill(order, "2026-01-20"), "2026-01-20")
        # 700 and 100 of 1,000
        self.assertEarned("2026-01", self.participant, "72")
        # what pays the advance later is money on the final invoice
        self._pay(advance, "2026-02-11")
        self.assertEarned("2026-02", self.participant, "18")

    def test_a_payment_of_an_advance_that_bounces(self):
        order = self._order("2026-01-05", 1000)
        advance = self._advance(order, "2026-01-10", 300, paid=False)
        payment = self._pay(advance, "2026-01-11")
        self._pay(self._bill(order, "2026-01-20"), "2026-01-20")
        self.assertEarned("2026-01", self.participant, "90")
        self._unmatch(payment, "2026-02-03")
        self.assertEarned("2026-02", self.participant, "-27")

    def test_a_deduction_larger_than_its_advance(self):
        order = self._order("2026-01-05", 1000)
        self._advance(order, "2026-01-10", 300)
        final = self._bill(order, "2026-01-20", posted=False)
        deduction = final.invoice_line_ids.filtered(
            lambda line: line.is_downpayment and line.display_type == "product"
        )
        with self.on("2026-01-20"):
            deduction.price_unit = 600
            final.action_post()
        self.assertEqual(final.amount_total, 400)
        self._pay(final, "2026-01-20")
        # 400 and 300 came in of 1,000
        self.assertEarned("2026-01", self.participant, "63")

    def test_several_advances(self):
        order = self._order("2026-01-05", 1000)
        self._advance(order, "2026-01-10", 300)
        self._advance(order, "2026-01-11", 200, paid=False)
        final = self._bill(order, "2026-01-20")
        self.assertEqual(final.amount_total, 500)
        self.assertEarned("2026-01", self.participant, "27")
        self._pay(final, "2026-02-01")
        self.assertEarned("2026-02", self.participant, "45")

    def test_an_advance_split_by_tax(self):
        lines = [
            self._sold(1000, tax_ids=[Command.set(self._tax(20).ids)]),
            self._sold(1000, "domains", tax_ids=[Command.set(self._tax(10).ids)]),
        ]
        self.program.terms_ids.excluded_category_ids = self._category("domains")
        order = self._order("2026-01-05", lines)
        advance = self._bill(order, "2026-01-10", "percentage", amount=50)
        self.assertEqual(advance.amount_total, 1150)
        self.assertEqual(len(advance.invoice_line_ids.tax_ids), 2)
        self._pay(advance, "2026-01-10")
        self.assertEarned("2026-01", self.participant, "0")
        final = self._bill(order, "2026-02-10")
        self.assertEqual(final.amount_total, 1150)
        # half of everything is paid
        self.assertEarned("2026-02", self.participant, "45")
        self._pay(final, "2026-03-10")
        self.assertEarned("2026-03", self.participant, "45")

    def test_a_copied_advance_earns_nothing(self):
        order = self._order("2026-01-05", 1000)
        advance = self._advance(order, "2026-01-10", 300)
        copied = self._copied(advance, "2026-01-11")
        self.assertTrue(copied.invoice_line_ids.is_downpayment)
        self._pay(copied, "2026-01-11")
        self._pay(self._bill(order, "2026-01-20"), "2026-01-20")
        self.assertEarned("2026-01", self.participant, "90")

    def test_what_a_copied_final_invoice_deducts_was_paid_by_nobody(self):
        order = self._order("2026-01-05", 1000)
        self._advance(order, "2026-01-10", 300)
        final = self._bill(order, "2026-01-20")
        copied = self._copied(final, "2026-01-21")
        self._pay(copied, "2026-01-21")
        # 300 of 1,000 on the one, 700 of 1,000 on the other
        self.assertEarned("2026-01", self.participant, "90")

    def test_an_advance_that_is_reversed(self):
        order = self._order("2026-01-05", 1000)
        advance = self._advance(order, "2026-01-10", 300)
        final = self._bill(order, "2026-01-20")
        self._pay(final, "2026-01-20")
        self.assertEarned("2026-01", self.participant, "90")
        credit = self._reversed(advance, "2026-02-10")
        self._pay(credit, "2026-02-10")
        self.assertEarned("2026-02", self.participant, "-27")

    def test_a_final_invoice_that_is_reversed_and_made_again(self):
        order = self._order("2026-01-05", 1000)
        self._advance(order, "2026-01-10", 300)
        final = self._bill(order, "2026-01-20")
        self.assertEarned("2026-01", self.participant, "27")
        self._reversed(final, "2026-02-10")
        self.assertEarned("2026-02", self.participant, "-27")
        again = self._bill(order, "2026-03-10")
        self.assertEqual(again.amount_total, 700)
        self._pay(again, "2026-03-10")
        self.assertEarned("2026-03", self.participant, "90")

    def test_an_advance_in_another_currency_than_the_company_s(self):
        euro = self.setup_other_currency("EUR", rates=[("2026-01-01", 0.5)])
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": euro.id}
        )
        order = self._order("2026-01-05", 1000, pricelist_id=pricelist.id)
        self.assertEqual(order.currency_id, euro)
        self._advance(order, "2026-01-10", 300)
        self.assertEarned("2026-01", self.participant, "0")
        self._pay(self._bill(order, "2026-02-10"), "2026-02-12")
        # 1,000 euro are 2,000 in the company's currency
        self.assertEarned("2026-02", self.participant, "180")

    def test_an_advance_paid_with_the_credit_of_another_invoice(self):
        other = self._paid("2026-01-08", 300)
        credit = self._reversed(other, "2026-01-09")
        order = self._order("2026-01-05", 1000)
        advance = self._advance(order, "2026-01-10", 300, paid=False)
        self._match(credit, advance, "2026-01-11")
        self._bill(order, "2026-01-20")
        # the money came in on the other invoice
        self.assertEarned("2026-01", self.participant, "27")

    def test_what_remains_of_an_advance_pays_another_invoice(self):
        product = self._product(invoice_policy="delivery")
        line = self._sold(100, product=product, product_uom_qty=5)
        order = self._order("2026-01-05", [line])
        self._advance(order, "2026-01-10", 500)
        order.order_line.filtered("product_id").qty_delivered = 3
        final = self._bill(order, "2026-01-20")
        other = self._invoice(self.client, "2026-01-21", 200)
        self._match(final, other, "2026-01-21")
        # 300 that were delivered, and 200 of the other invoice
        self.assertEarned("2026-01", self.participant, "45")

    def test_an_unpaid_advance_makes_no_money_of_what_remains(self):
        product = self._product(invoice_policy="delivery")
        line = self._sold(100, product=product, product_uom_qty=5)
        order = self._order("2026-01-05", [line])
        advance = self._advance(order, "2026-01-10", 500, paid=False)
        self._pay(advance, "2026-01-10", 300)
        order.order_line.filtered("product_id").qty_delivered = 3
        final = self._bill(order, "2026-01-20")
        self._match(final, advance, "2026-01-21")
        self.assertEarned("2026-01", self.participant, "27")

    def test_an_advance_whose_payment_waits_for_the_bank(self):
        self.program.paid_when = "bank"
        order = self._order("2026-01-05", 1000)
        advance = self._advance(order, "2026-01-10", 1000, paid=False)
        payment = self._pay(advance, "2026-01-10")
        self._bill(order, "2026-01-20")
        self.assertEarned("2026-01", self.participant, "0")
        self._bank_match(payment, "2026-02-02")
        self.assertEarned("2026-02", self.participant, "90")

    def test_months_run_late_give_the_same(self):
        order = self._order("2026-01-05", 1000)
        advance = self._advance(order, "2026-01-10", 300, paid=False)
        final = self._bill(order, "2026-01-20")
        self._pay(final, "2026-02-20")
        self._pay(advance, "2026-03-20")
        for month, earned in (("01", "0"), ("02", "63"), ("03", "27"), ("04", "0")):
            self.assertEarned(f"2026-{month}", self.participant, earned)

    def test_an_advance_that_is_reset_to_draft_and_deleted(self):
        order = self._order("2026-01-05", 1000)
        advance = self._advance(order, "2026-01-10", 300, paid=False)
        payment = self._pay(advance, "2026-01-11")
        self._pay(self._bill(order, "2026-01-20"), "2026-01-20")
        self.assertEarned("2026-01", self.participant, "90")
        with self.on("2026-02-05"):
            payment.move_id.line_ids.remove_move_reconcile()
            advance.button_draft()
            advance.name = False
            advance.unlink()
        self.assertEarned("2026-02", self.participant, "-27")

    def test_the_books_hold(self):
        order = self._order("2026-01-05", 1000)
        self._advance(order, "2026-01-10", 300)
        self._pay(self._bill(order, "2026-01-20"), "2026-01-20")
        whole = self._order("2026-01-05", 500)
        self._advance(whole, "2026-01-10", 500)
        self._bill(whole, "2026-01-20")
        self.assertEarned("2026-01", self.participant, "135")
        run = self.program._check_integrity()
        self.assertFalse(run.finding_ids.mapped("title"))

    # === Things that happen === #

    def _copied(self, invoice, day):
        with self.on(day):
            copied = invoice.copy({"invoice_date": day})
            copied.action_post()
        return copied

    def _reversed(self, invoice, day):
        """Return what reverses an invoice by Odoo's wizard, posted."""
        with self.on(day):
            wizard = (
                self.env["account.move.reversal"]
                .with_context(active_model="account.move", active_ids=invoice.ids)
                .create({"journal_id": invoice.journal_id.id, "date": day})
            )
            credit = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
            credit.action_post()
        return credit
