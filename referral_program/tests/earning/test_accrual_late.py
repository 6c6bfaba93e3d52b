"""Late facts and what stops being true: drafts, cancellations, edits, order."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import OneReferralCase
from ..expected import Expected


@tagged("post_install", "-at_install")
class TestAccrualLate(Expected, OneReferralCase):
    def _accrued_invoice(self, lines=1000):
        """Return an invoice of January that earned in January."""
        invoice = self._invoice(self.client, "2026-01-10", lines)
        self._pay(invoice, "2026-01-12")
        self._accrue("2026-01")
        return invoice

    # === What stops being true === #

    def test_invoice_reset_to_draft(self):
        invoice = self._accrued_invoice()
        with self.on("2026-02-03"):
            invoice.button_draft()
        self.assertEarned("2026-02", self.participant, "-90")
        with self.on("2026-03-03"):
            invoice.action_post()  # its payment is still matched with it
        self.assertEarned("2026-03", self.participant, "90")

    def test_cancelled_invoice(self):
        invoice = self._accrued_invoice()
        with self.on("2026-02-03"):
            invoice.button_draft()
            invoice.button_cancel()
        self.assertEarned("2026-02", self.participant, "-90")

    def test_line_removed_from_a_draft_keeps_its_evidence(self):
        invoice = self._accrued_invoice([self._line(1000), self._line(500)])
        evidence = self.program.accrual_ids.line_ids.filtered(
            lambda line: line.base == 500
        )
        with self.on("2026-02-03"):
            invoice.button_draft()
            invoice.invoice_line_ids.filtered(
                lambda line: line.price_unit == 500
            ).unlink()
            invoice.action_post()
        self._pay(invoice, "2026-02-04")
        self.assertEarned("2026-02", self.participant, "-45")
        self.assertFalse(evidence.move_line_id)
        self.assertEqual(evidence.move_name, invoice.name)
        self.assertEqual(evidence.partner_id, self.client)
        self.assertEqual(evidence.amount, 45)

    def test_draft_that_goes_to_somebody_else(self):
        invoice = self._accrued_invoice()
        with self.on("2026-02-05"):
            invoice.button_draft()
            invoice.partner_id = self._partner("Stranger")
            invoice.action_post()
        self.assertEarned("2026-02", self.participant, "-90")

    def test_credit_note_of_a_deleted_invoice_posted_again(self):
        invoice = self._paid("2026-01-10")
        credit = self._credit_note(invoice, "2026-01-15", 200)
        self.assertEarned("2026-01", self.participant, "72")
        with self.on("2026-02-03"):
            invoice.button_draft()
            invoice.with_context(force_delete=True).unlink()
        self.assertEarned("2026-02", self.participant, "-90")
        with self.on("2026-03-03"):
            credit.button_draft()
            credit.action_post()
        self.assertEarned("2026-03", self.participant, "0")

    def test_draft_of_an_accrued_invoice_can_be_deleted(self):
        invoice = self._accrued_invoice()
        name = invoice.name
        with self.on("2026-02-03"):
            invoice.button_draft()
            invoice.with_context(force_delete=True).unlink()
        self.assertEarned("2026-02", self.participant, "-90")
        self.assertEqual(
            self.program.accrual_ids.line_ids.mapped("move_name"), [name, name]
        )

    def test_price_lowered_after_accrual(self):
        invoice = self._accrued_invoice()
        with self.on("2026-02-03"):
            invoice.button_draft()
            invoice.invoice_line_ids.price_unit = 600
            invoice.action_post()
        self._pay(invoice, "2026-02-04")
        self.assertEarned("2026-02", self.participant, "-36")

    def test_price_raised_after_accrual(self):
        invoice = self._accrued_invoice()
        with self.on("2026-02-03"):
            invoice.button_draft()
            invoice.invoice_line_ids.price_unit = 1500
            invoice.action_post()
        self._pay(invoice, "2026-02-04")
        self.assertEarned("2026-02", self.participant, "45")

    def test_service_period_prolonged_after_accrual(self):
        lines = [self._line(310, start_date="2026-01-01", end_date="2026-01-31")]
        invoice = self._accrued_invoice(lines)
        line = invoice.invoice_line_ids
        self.assertEqual(self._balance(), 27.9)
        with self.on("2026-02-03"):
            line.end_date = "2026-03-03"  # 62 days in all
        # by February's end 59 of 62 days are rendered
        self.assertEarned("2026-02", self.participant, "-1.35")
        self.assertEarned("2026-03", self.participant, "1.35")

    def _balance(self):
        return self.participant._balance()

    # === What was fixed at first accrual === #

    def test_category_excluded_later_touches_only_what_was_not_accrued(self):
        product = self._product("vps")
        line = {"start_date": "2026-01-01", "end_date": "2026-02-28"}
        invoice = self._invoice(
            self.client, "2026-01-01", [self._line(590, product=product, **line)]
        )
        self._pay(invoice, "2026-01-01")
        waiting = self._invoice(
            self.client, "2026-01-02", [self._line(1000, product=product)]
        )
        self.assertEarned("2026-01", self.participant, "27.9")
        product.categ_id = self.env.ref("referral_program.product_category_domains")
        self._pay(waiting, "2026-02-02")
        # the first goes on earning, the second never begins
        self.assertEarned("2026-02", self.participant, "25.2")
        self.assertFalse(
            self.program.accrual_ids.line_ids.filtered(
                lambda line: line.move_line_id in waiting.invoice_line_ids
            )
        )

    def test_category_released_later_gives_what_was_not_accrued(self):
        product = self._product("domains")
        excluded = self._category("domains")
        self.program.terms_ids.excluded_category_ids |= excluded
        invoice = self._invoice(
            self.client, "2026-01-02", [self._line(1000, product=product)]
        )
        self._pay(invoice, "2026-01-02")
        self.assertEarned("2026-01", self.participant, "0")
        product.categ_id = self._category("vps")
        self.assertEarned("2026-02", self.participant, "90")

    def test_category_moved_below_an_excluded_one(self):
        child = self._category("lab")
        invoice = self._invoice(self.client, "2026-01-02", [self._line(1000, "lab")])
        self._pay(invoice, "2026-02-02", entered="2026-02-02")
        self.assertEarned("2026-01", self.participant, "0")
        child.parent_id = self.env.ref("referral_program.product_category_domains")
        self.assertEarned("2026-02", self.participant, "0")

    def test_product_without_a_line_product_is_eligible(self):
        line = self._line(1000)
        line[2].pop("product_id")
        line[2].update(name="Service by hand", account_id=self.income.id)
        invoice = self._invoice(self.client, "2026-01-10", [line])
        self._pay(invoice, "2026-01-12")
        self.assertEarned("2026-01", self.participant, "90")

    # === Terms === #

    def test_terms_are_locked_once_a_posted_accrual_used_them(self):
        terms = self.program.terms_ids
        terms.rate = 10
        self._accrued_invoice()
        self.assertTrue(terms.is_locked)
        with self.assertRefused(UserError, "locked"):
            terms.rate = 12
        with self.assertRefused(UserError, "locked"):
            terms.excluded_category_ids = False
        with self.assertRefused(UserError, "locked"):
            terms.tier_ids = [(0, 0, {"above": 1, "rate": 50})]
        with self.assertRefused(UserError, "locked"):
            terms.unlink()
        self.assertEqual(terms.rate, 10)

    def test_invoices_before_the_first_terms_earn_nothing(self):
        self.program.terms_ids.date_from = "2026-01-11"
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12")
        self.assertEarned("2026-01", self.participant, "0")

    def test_terms_entered_late_give_in_the_next_accrual(self):
        self.program.terms_ids.date_from = "2026-01-11"
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12")
        self._accrue("2026-01")
        self.env["referral.program.terms"].create(
            {
                "program_id": self.program.id,
                "date_from": "2026-01-01",
                "rate": 5,
                "excluded_category_ids": False,
            }
        )
        self.assertEarned("2026-02", self.participant, "50")

    def test_terms_entered_late_leave_what_was_accrued_in_part(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12", 500)
        self.assertEarned("2026-01", self.participant, "45")
        self.env["referral.program.terms"].create(
            {"program_id": self.program.id, "date_from": "2026-01-05", "rate": 5}
        )
        self._pay(invoice, "2026-02-12")
        self.assertEarned("2026-02", self.participant, "45")

    # === Tiers === #

    def test_tier_counts_all_of_the_clients_month_and_only_it(self):
        self.program.terms_ids.tier_ids = [
            (0, 0, {"above": 1000, "rate": 10}),
            (0, 0, {"above": 2000, "rate": 20}),
        ]
        for amount in (600, 600):
            invoice = self._invoice(self.client, "2026-01-10", amount)
            self._pay(invoice, "2026-01-12")
        other = self._partner("Other")
        self._referral(self.participant, other)
        small = self._invoice(other, "2026-01-10", 1000)
        self._pay(small, "2026-01-12")
        # 1200 at 10 %, and the other client's 1000 at 9 %
        self.assertEarned("2026-01", self.participant, "210")
        again = self._invoice(self.client, "2026-02-10", 1500)
        self._pay(again, "2026-02-12")
        self.assertEarned("2026-02", self.participant, "150")

    def test_clients_of_one_participant_reach_no_tier_together(self):
        self.program.terms_ids.tier_ids = [(0, 0, {"above": 3000, "rate": 12})]
        other = self._partner("Other")
        self._referral(self.participant, other)
        self._paid("2026-01-10", 2500)
        self._paid("2026-01-10", 2500, partner=other)
        self.assertEarned("2026-01", self.participant, "450")

    def test_what_a_suspended_participant_loses_is_at_the_rate_of_the_tier(self):
        self.program.terms_ids.tier_ids = [(0, 0, {"above": 1000, "rate": 15})]
        invoice = self._invoice(self.client, "2026-01-10", 100000)
        self._pay(invoice, "2026-01-12", 70000)
        self.assertEarned("2026-01", self.participant, "10500")
        self.participant._update_state("suspended", "Test")
        self._credit_note(invoice, "2026-02-10", [self._line(40000)])
        # all of 60,000 is paid now instead of 70,000
        self.assertEarned("2026-02", self.participant, "-1500")

    def test_what_waits_for_a_suspended_participant_reaches_no_tier(self):
        self.program.terms_ids.tier_ids = [(0, 0, {"above": 1000, "rate": 15})]
        invoice = self._invoice(self.client, "2026-01-10", 800)
        self._pay(invoice, "2026-01-12")
        self.assertEarned("2026-01", self.participant, "72")
        self.participant._update_state("suspended", "Test")
        self._credit_note(invoice, "2026-02-10", [self._line(800)])
        self._paid("2026-02-11", 5000)
        self.assertEarned("2026-02", self.participant, "-72")
        self.participant._update_state("active", "Test")
        self.assertEarned("2026-03", self.participant, "750")

    def test_a_rate_of_nothing_is_evidence(self):
        terms = self.program.terms_ids
        terms.rate = 0
        terms.tier_ids = [(0, 0, {"above": 3000, "rate": 5})]
        year = self._line(24000, start_date="2026-01-01", end_date="2026-12-31")
        self._paid("2026-01-10", [year])
        accrual = self.assertEarned("2026-01", self.participant, "0")
        self.assertTrue(accrual.line_ids)
        # each month's 2,000 are below the tier, two months' are not
        self.assertEarned("2026-02", self.participant, "0")

    # === Base === #

    def test_a_free_line_where_taxes_are_in_the_base(self):
        self.program.terms_ids.base = "total"
        self._paid("2026-01-10", [self._line(1000), self._line(0)])
        self.assertEarned("2026-01", self.participant, "90")

    # === Order and time === #

    def test_months_run_late_give_what_they_would_have_given_in_time(self):
        invoice = self._invoice(
            self.client,
            "2026-01-01",
            [self._line(590, start_date="2026-01-01", end_date="2026-02-28")],
        )
        self._pay(invoice, "2026-01-01", 300)
        self._pay(invoice, "2026-02-15", 290)
        self._credit_note(invoice, "2026-03-10", 59)
        got = [
            self._earned(self._accrue(month, on="2026-06-15"), self.participant)
            for month in ("2026-01", "2026-02", "2026-03")
        ]
        self.assertEqual([str(value) for value in got], ["27.0", "26.1", "-5.31"])

    def test_month_that_is_not_over_is_refused(self):
        with self.assertRefused(UserError, "is not over"):
            self._accrue("2026-01", on="2026-01-31")
        self.assertFalse(self.program.accrual_ids)

    def test_month_before_an_accrued_one_is_refused(self):
        self._accrue("2026-02")
        with self.assertRefused(UserError, "exists already"):
            self._accrue("2026-01", on="2026-03-01")

    def test_month_after_one_that_is_not_posted_is_refused(self):
        self.program.posting_policy = "review"
        self._accrue("2026-01")
        with self.assertRefused(UserError, "first"):
            self._accrue("2026-02")

    def test_a_month_is_given_by_its_first_day(self):
        with self.on("2026-03-01"), self.assertRefused(UserError, "first day"):
            self.program._accrue("2026-01-15")

    def test_a_month_without_anything_is_an_accrual_too(self):
        accrual = self._accrue("2026-01")
        self.assertEqual(accrual.state, "posted")
        self.assertFalse(accrual.compensation_ids)
        self.assertFalse(accrual.line_ids)
        self.assertFalse(accrual.move_ids)

    def test_the_month_before_the_company_has_accounts_is_refused(self):
        self.program.liability_account_id = False
        with self.assertRefused(UserError, "Liability Account"):
            self._accrue("2026-01")
