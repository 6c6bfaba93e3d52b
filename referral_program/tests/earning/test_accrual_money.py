"""What counts as money, and when: payments, statements, currencies, instalments."""

from odoo import Command
from odoo.tests import tagged

from ..common import OneReferralCase
from ..expected import Expected


@tagged("post_install", "-at_install")
class TestAccrualMoney(Expected, OneReferralCase):
    # === Bank statements === #

    def test_statement_line_without_payment_is_money(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        line = self._statement_line(self.client, "2026-01-20", 400)
        with self.on("2026-01-20"):
            self._match_statement_line(line, self._receivable(invoice))
        self.assertEarned("2026-01", self.participant, "36")

    def test_statement_line_in_a_bonus_journal_is_not_money(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        line = self._statement_line(self.client, "2026-01-20", 1000, self.bonus_journal)
        with self.on("2026-01-20"):
            self._match_statement_line(line, self._receivable(invoice))
        self.assertEarned("2026-01", self.participant, "0")

    def test_registered_payment_counts_only_when_the_bank_matched_it(self):
        self.program.paid_when = "bank"
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        payment = self._pay(invoice, "2026-01-12")
        self.assertEarned("2026-01", self.participant, "0")
        line = self._bank_match(payment, "2026-02-03")
        self.assertEarned("2026-02", self.participant, "90")
        with self.on("2026-03-05"):
            line.action_undo_reconciliation()
        self.assertEarned("2026-03", self.participant, "-90")

    def test_a_payment_counts_on_the_day_its_last_part_is_matched(self):
        self.program.paid_when = "bank"
        payment = self._pay(
            self._invoice(self.client, "2026-01-10", 1000), "2026-01-12"
        )
        self._bank_match(payment, "2026-01-20", 400)
        self._bank_match(payment, "2026-02-05", 600)
        self.assertEarned("2026-01", self.participant, "0", on="2026-02-10")
        self.assertEarned("2026-02", self.participant, "90")

    def test_a_payment_that_is_matched_in_part_does_not_count_yet(self):
        self.program.paid_when = "bank"
        payment = self._pay(
            self._invoice(self.client, "2026-01-10", 1000), "2026-01-12"
        )
        self._bank_match(payment, "2026-01-20", 400)
        self.assertEarned("2026-01", self.participant, "0")
        self._bank_match(payment, "2026-02-05", 600)
        self.assertEarned("2026-02", self.participant, "90")

    def test_a_statement_line_whose_day_is_corrected(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        line = self._statement_line(self.client, "2026-03-20", 1000)
        with self.on("2026-01-20"):
            self._match_statement_line(line, self._receivable(invoice))
        self.assertEarned("2026-01", self.participant, "0")
        with self.on("2026-02-20"):
            line.date = "2026-02-20"
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEarned("2026-02", self.participant, "90")

    def test_the_day_of_the_match_decides_not_the_day_it_is_known(self):
        self.program.paid_when = "bank"
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        payment = self._pay(invoice, "2026-01-12")
        self._bank_match(payment, "2026-02-03")
        # both months run late: January must not see February's match
        self.assertEarned("2026-01", self.participant, "0", on="2026-03-01")
        self.assertEarned("2026-02", self.participant, "90", on="2026-03-01")

    def test_payment_to_the_bank_account_itself_needs_no_statement(self):
        self.program.paid_when = "bank"
        journal = self._journal("Direct", "DIR", "bank")
        methods = journal.inbound_payment_method_line_ids
        methods.payment_account_id = journal.default_account_id
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12", journal=journal)
        self.assertEarned("2026-01", self.participant, "90")

    # === Payments of other kinds === #

    def test_payment_without_journal_entry_is_no_money_yet(self):
        # Odoo Accounting's answer: there the bank statement makes the entry
        self.patch(
            self.registry["account.move"],
            "_get_invoice_in_payment_state",
            lambda move: "in_payment",
        )
        journal = self._journal("No entry", "NOE", "bank")
        journal.inbound_payment_method_line_ids.payment_account_id = False
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        payment = self._pay(invoice, "2026-01-12", journal=journal)
        self.assertFalse(payment.move_id)
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertEarned("2026-01", self.participant, "0")
        line = self._statement_line(self.client, "2026-02-03", 1000, journal)
        with self.on("2026-02-03"):
            self._match_statement_line(line, self._receivable(invoice))
        self.assertEarned("2026-02", self.participant, "90")

    def test_miscellaneous_journal_that_the_program_lists_is_money(self):
        offsets = self._journal("Offsets", "OFFS", "general")
        self.program.payment_journal_ids = offsets
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._misc(invoice, "2026-01-12", 300, offsets)
        self._misc(invoice, "2026-01-13", 700)
        self.assertEarned("2026-01", self.participant, "27")

    def test_listing_a_journal_later_gives_in_the_next_accrual(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._misc(invoice, "2026-01-12", 1000)
        self.assertEarned("2026-01", self.participant, "0")
        self.program.payment_journal_ids = self.misc_journal
        self.assertEarned("2026-02", self.participant, "90")

    def test_marking_a_journal_as_bonus_later_takes_back(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12")
        self.assertEarned("2026-01", self.participant, "90")
        self.program.bonus_journal_ids |= self.bank_journal
        self.assertEarned("2026-02", self.participant, "-90")

    def test_an_archived_bonus_journal_is_still_one(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12", journal=self.bonus_journal)
        self.bonus_journal.active = False
        self.assertEarned("2026-01", self.participant, "0")

    def test_cash_is_money(self):
        cash = self._journal("Cash", "CSHX", "cash")
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-31", journal=cash)
        self.assertEarned("2026-01", self.participant, "90")

    def test_an_entry_in_a_cards_journal_is_money(self):
        card = self._journal("Card", "CRDX", "credit")
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._misc(invoice, "2026-01-31", 1000, card)
        self.assertEarned("2026-01", self.participant, "90")

    def test_payment_on_the_first_of_the_next_month_waits(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-02-01", entered="2026-01-31")
        self.assertEarned("2026-01", self.participant, "0", on="2026-02-02")
        self.assertEarned("2026-02", self.participant, "90")

    def test_payment_reset_to_draft_is_no_money(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        payment = self._pay(invoice, "2026-01-12")
        self.assertEarned("2026-01", self.participant, "90")
        with self.on("2026-02-03"):
            payment.action_draft()
        self.assertEarned("2026-02", self.participant, "-90")

    def test_one_payment_of_several_invoices(self):
        one = self._invoice(self.client, "2026-01-10", 1000)
        two = self._invoice(self.client, "2026-01-11", 500)
        self._pay(one | two, "2026-01-12", group_payment=True)
        self.assertEarned("2026-01", self.participant, "135")

    def test_overpayment_earns_no_more_than_the_invoice(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12", 5000)
        self.assertEarned("2026-01", self.participant, "90")

    # === Instalments, discounts, rounding === #

    def test_instalments_are_paid_one_by_one(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "30 % now, the rest in 30 and 60 days",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 30, "nb_days": 0}
                    ),
                    Command.create(
                        {"value": "percent", "value_amount": 30, "nb_days": 30}
                    ),
                    Command.create(
                        {"value": "percent", "value_amount": 40, "nb_days": 60}
                    ),
                ],
            }
        )
        invoice = self._invoice(
            self.client, "2026-01-10", 1000, invoice_payment_term_id=terms.id
        )
        self.assertEqual(len(self._receivable(invoice)), 3)
        self._pay(invoice, "2026-01-10", 300, installments_mode="full")
        self.assertEarned("2026-01", self.participant, "27")
        self._pay(invoice, "2026-02-10", 450, installments_mode="full")
        self.assertEarned("2026-02", self.participant, "40.5")
        self._pay(invoice, "2026-03-10", 250, installments_mode="full")
        self.assertEarned("2026-03", self.participant, "22.5")

    def test_payments_dated_ahead_count_in_their_months(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        for day, amount in (("2026-02-10", 400), ("2026-03-10", 600)):
            self._pay(invoice, day, amount, entered="2026-01-10")
        self.assertEarned("2026-01", self.participant, "0")
        self.assertEarned("2026-02", self.participant, "36")
        self.assertEarned("2026-03", self.participant, "54")

    def test_early_payment_discount_leaves_the_invoice_fully_paid(self):
        """What reconciliation put on the receivable is 1000, though 980 came in."""
        terms = self.env["account.payment.term"].create(
            {
                "name": "2 % within 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 100, "nb_days": 30}
                    )
                ],
            }
        )
        invoice = self._invoice(
            self.client, "2026-01-10", 1000, invoice_payment_term_id=terms.id
        )
        payment = self._pay(invoice, "2026-01-12")
        self.assertEqual(payment.amount, 980)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEarned("2026-01", self.participant, "90")

    def test_cash_rounding_is_paid_but_earns_nothing(self):
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "To 5",
                "rounding": 5,
                "strategy": "add_invoice_line",
                "rounding_method": "UP",
                "profit_account_id": self.income.id,
                "loss_account_id": self.company_data["default_account_expense"].id,
            }
        )
        invoice = self._invoice(
            self.client, "2026-01-10", 998, invoice_cash_rounding_id=rounding.id
        )
        self.assertEqual(invoice.amount_total, 1000)
        self._pay(invoice, "2026-01-12", 500)
        self.assertEarned("2026-01", self.participant, "44.91")
        self._pay(invoice, "2026-02-12", 500)
        self.assertEarned("2026-02", self.participant, "44.91")

    def test_half_a_kopeck_goes_away_from_zero_both_ways(self):
        invoice = self._invoice(self.client, "2026-01-10", "0.50")
        self._pay(invoice, "2026-01-12")
        # 0.045
        self.assertEarned("2026-01", self.participant, "0.05")
        self._credit_note(invoice, "2026-02-10", "0.50")
        self.assertEarned("2026-02", self.participant, "-0.05")

    # === Currencies === #

    def test_foreign_currency_counts_at_the_invoices_own_rate(self):
        """Rates that move between invoice, payment and credit note change nothing."""
        euro = self.setup_other_currency(
            "EUR",
            rates=[("2025-12-01", 0.01), ("2026-02-01", 0.0125), ("2026-03-01", 0.008)],
        )
        invoice = self._invoice(self.client, "2026-01-10", 100, currency_id=euro.id)
        self.assertEqual(invoice.amount_total_signed, 10000)
        self._pay(invoice, "2026-01-20", 50, currency_id=euro.id)
        self.assertEarned("2026-01", self.participant, "450")
        self._pay(invoice, "2026-02-20", 50, currency_id=euro.id)
        self.assertTrue(invoice.line_ids.matched_credit_ids.exchange_move_id)
        self.assertEarned("2026-02", self.participant, "450")
        # the 40 € come back at the rate at which they were given, not at March's 125
        credit = self._credit_note(invoice, "2026-03-05", 40, currency_id=euro.id)
        self.assertEqual(credit.amount_total_signed, -5000)
        self.assertEarned("2026-03", self.participant, "-360")

    def test_net_of_a_foreign_group_is_in_the_invoices_currency(self):
        euro = self.setup_other_currency(
            "EUR", rates=[("2025-12-01", 0.01), ("2026-01-15", 0.0125)]
        )
        invoice = self._invoice(self.client, "2026-01-10", 100, currency_id=euro.id)
        self._credit_note(invoice, "2026-01-20", 40, currency_id=euro.id)
        self._pay(invoice, "2026-01-21", 30, currency_id=euro.id)
        # half of the net 60 € is paid: 0.5 × (10000 − 4000) × 9 %
        self.assertEarned("2026-01", self.participant, "270")

    def test_a_foreign_invoice_that_is_charged_again_in_the_companys_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2025-12-01", 0.01)])
        invoice = self._invoice(self.client, "2026-01-10", 100, currency_id=euro.id)
        credit = self._credit_note(invoice, "2026-01-11", 100, currency_id=euro.id)
        again = self._invoice(
            self.client, "2026-01-12", 10_000, reversed_entry_id=credit.id
        )
        self.assertEqual(again.referral_root_id, invoice)
        # a quarter: 2,500 are 25 of the 100 €
        self._pay(again, "2026-01-20", 2_500)
        self.assertEarned("2026-01", self.participant, "225")

    def test_an_exchange_difference_is_no_money_in_a_journal_that_is_listed(self):
        euro = self.setup_other_currency(
            "EUR", rates=[("2025-12-01", 0.01), ("2026-01-15", 0.0125)]
        )
        self.company.currency_exchange_journal_id = self.misc_journal
        self.program.payment_journal_ids = self.misc_journal
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        credit = self._credit_note(invoice, "2026-01-11", 1000)
        # charged once more, in euros
        again = self._invoice(
            self.client,
            "2026-01-12",
            10,
            currency_id=euro.id,
            reversed_entry_id=credit.id,
        )
        self.assertEqual(again.referral_root_id, invoice)
        self._pay(again, "2026-01-20", 10, currency_id=euro.id)
        exchange = again.line_ids.matched_credit_ids.exchange_move_id
        self.assertEqual(exchange.journal_id, self.misc_journal)
        # the 10 € of the 1,000 were worth 800 when they came in
        self.assertEarned("2026-01", self.participant, "72")

    def test_payment_in_another_currency_than_the_invoice(self):
        euro = self.setup_other_currency("EUR", rates=[("2025-12-01", 0.01)])
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-20", 4, currency_id=euro.id)
        self.assertEarned("2026-01", self.participant, "36")

    # === Credit notes === #

    def test_credit_note_that_reverses_nothing_counts_by_itself(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12")
        self._invoice(self.client, "2026-01-15", 200, move_type="out_refund")
        self.assertEarned("2026-01", self.participant, "72")

    def test_credit_note_before_the_invoice_is_paid_takes_nothing(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._credit_note(invoice, "2026-01-15", 200)
        self.assertEarned("2026-01", self.participant, "0")

    def test_full_refund_in_parts_nets_to_zero(self):
        invoice = self._invoice(self.client, "2026-01-10", "333.33")
        self._pay(invoice, "2026-01-12")
        given = self.assertEarned("2026-01", self.participant, "30")
        self._credit_note(invoice, "2026-02-10", "111.11")
        self._credit_note(invoice, "2026-03-10", "111.11")
        self._credit_note(invoice, "2026-04-10", "111.11")
        for month in ("2026-02", "2026-03", "2026-04"):
            self._accrue(month)
        lines = self.program.accrual_ids.line_ids
        self.assertEqual(sum(lines.mapped("base")), 0)
        self.assertAlmostEqual(sum(lines.mapped("amount")), 0, 6)
        self.assertEqual(self.participant._balance(), 0)
        self.assertEqual(given.state, "posted")

    def test_credit_note_of_excluded_services_takes_nothing_back(self):
        excluded = self._category("domains")
        self.program.terms_ids.excluded_category_ids |= excluded
        domain = self._product("domains")
        invoice = self._invoice(
            self.client,
            "2026-01-10",
            [self._line(1000), self._line(500, product=domain)],
        )
        self._pay(invoice, "2026-01-12")
        self.assertEarned("2026-01", self.participant, "90")
        self._credit_note(invoice, "2026-02-10", [self._line(500, product=domain)])
        self.assertEarned("2026-02", self.participant, "0")

    def test_credit_note_of_an_invoice_that_earned_nothing_takes_nothing(self):
        invoice = self._invoice(
            self.client, "2026-01-10", [self._line(1000, discount=10)]
        )
        self._pay(invoice, "2026-01-12")
        self.assertEarned("2026-01", self.participant, "0")
        # entered by hand, without the discount
        self._credit_note(invoice, "2026-02-10", 300)
        self.assertEarned("2026-02", self.participant, "0")

    def test_credit_note_follows_its_invoices_product_after_an_exclusion(self):
        """A category excluded later does not save what its refund takes back."""
        product = self._product("vps")
        invoice = self._invoice(
            self.client, "2026-01-10", [self._line(1000, product=product)]
        )
        self._pay(invoice, "2026-01-12")
        self.assertEarned("2026-01", self.participant, "90")
        product.categ_id = self.env.ref("referral_program.product_category_domains")
        self._credit_note(invoice, "2026-02-10", [self._line(400, product=product)])
        self.assertEarned("2026-02", self.participant, "-36")

    def test_credit_note_that_reverses_nothing_pays_an_invoice(self):
        credit = self._invoice(self.client, "2026-01-05", 300, move_type="out_refund")
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._match(credit, invoice, "2026-01-12")
        self.assertEarned("2026-01", self.participant, "0")
        self._pay(invoice, "2026-02-05")
        self.assertEarned("2026-02", self.participant, "63")

    def test_credit_note_of_the_months_last_day(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12", 500)
        self._credit_note(invoice, "2026-01-31", 500)
        self.assertEarned("2026-01", self.participant, "45")

    def test_never_more_than_all_is_paid(self):
        invoice = self._paid("2026-01-10")
        self._credit_note(invoice, "2026-01-20", 400)
        accrual = self.assertEarned("2026-01", self.participant, "54")
        self.assertEqual(set(accrual.line_ids.mapped("paid")), {100})

    def test_credit_note_in_another_currency_than_its_invoice(self):
        euro = self.setup_other_currency("EUR", rates=[("2025-12-01", 0.01)])
        pound = self.setup_other_currency("GBP", rates=[("2025-12-01", 0.005)])
        invoice = self._invoice(self.client, "2026-01-10", 100, currency_id=euro.id)
        self._pay(invoice, "2026-01-20", 100, currency_id=euro.id)
        self.assertEarned("2026-01", self.participant, "900")
        # 10 pounds are 2,000: a fifth of the 10,000
        self._credit_note(invoice, "2026-02-05", 10, currency_id=pound.id)
        self.assertEarned("2026-02", self.participant, "-180")

    def test_discount_on_the_credit_note_only(self):
        self.program.terms_ids.exclude_discounted = True
        invoice = self._paid("2026-01-10", [self._line(1000)])
        self.assertEarned("2026-01", self.participant, "90")
        # half of the price, of another product
        lines = [self._line(400, category="storage", discount=50)]
        self._credit_note(invoice, "2026-02-05", lines)
        self.assertEarned("2026-02", self.participant, "-18")
