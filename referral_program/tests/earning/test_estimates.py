"""What is on its way: the estimate agrees with the accruals that come."""

from odoo.tests import tagged

from ..common import OneReferralCase


@tagged("post_install", "-at_install")
class TestEstimates(OneReferralCase):
    def _estimate(self, day):
        with self.on(day):
            self.env["referral.estimate"]._cron_estimate()
        return self.env["referral.estimate"].search(
            [("participant_id", "=", self.participant.id)]
        )

    def assertEstimate(self, day, so_far, unpaid=0, unrendered=0):
        estimate = self._estimate(day)
        self.assertEqual(
            (estimate.so_far, estimate.unpaid, estimate.unrendered),
            (so_far, unpaid, unrendered),
        )

    def _quarter(self, day):
        """Invoice 9,000 of service over the first quarter (90 days)."""
        line = self._line(9_000, start_date="2026-01-01", end_date="2026-03-31")
        return self._invoice(self.client, day, [line])

    def _round_to_five(self):
        """Have the company's currency in steps of 0.05, as Switzerland's cash is."""
        # by SQL: Odoo refuses to make a unit coarser that was used
        self.env.cr.execute(
            "UPDATE res_currency SET rounding = 0.05 WHERE id = %s",
            (self.company.currency_id.id,),
        )
        self.env.registry.clear_all_caches()
        self.env.invalidate_all()
        self.assertEqual(self.company.currency_id.decimal_places, 2)

    def test_one_rounding_for_estimate_forecast_and_accrual(self):
        """Half up to the currency's unit, which is not always one of its decimals."""
        self._round_to_five()
        self._line(1)  # its product stays when what follows is undone
        for base, rounded in (
            ("142.50", 12.85),  # 12.825
            ("142.20", 12.80),  # 12.798
            ("2.50", 0.25),  # 0.225
            ("2.45", 0.20),  # 0.2205
        ):
            with self.subTest(base), self.cr.savepoint() as savepoint:
                self._paid("2026-01-10", base)
                self.assertEstimate("2026-01-15", rounded)
                with self.on("2026-01-15"):
                    forecast = self.env["referral.forecast"]._make(self.program)
                self.assertEqual(forecast.line_ids.mapped("amount"), [rounded])
                self.assertEarned("2026-01", self.participant, rounded)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_what_is_still_open_is_rounded_likewise(self):
        self._round_to_five()
        unpaid = [self._line("142.50")]
        line = self._line("142.50", start_date="2026-02-01", end_date="2026-02-28")
        self._invoice(self.client, "2026-01-10", unpaid)
        self._pay(self._invoice(self.client, "2026-01-10", [line]), "2026-01-11")
        self.assertEstimate("2026-01-15", 0, unpaid=12.85, unrendered=12.85)

    def test_nothing_without_invoices(self):
        self.assertFalse(self._estimate("2026-01-15"))

    def test_paid_but_not_used(self):
        self._pay(self._quarter("2026-01-01"), "2026-01-02")
        self.assertEstimate("2026-01-10", 90, unrendered=720)
        self.assertEarned("2026-01", self.participant, 279)
        self.assertEstimate("2026-02-01", 9, unrendered=522)
        self.assertEarned("2026-02", self.participant, 252)
        self.assertEarned("2026-03", self.participant, 279)
        self.assertFalse(self._estimate("2026-04-02"))

    def test_used_but_not_paid(self):
        invoice = self._quarter("2026-01-01")
        self.assertEstimate("2026-01-10", 0, unpaid=90)
        self._accrue("2026-01")
        self.assertEstimate("2026-02-14", 0, unpaid=405)
        self._pay(invoice, "2026-02-14", 4_500)
        self.assertEstimate("2026-02-14", 405)
        self.assertEstimate("2026-02-24", 405, unpaid=90)
        self.assertEarned("2026-02", self.participant, 405)

    def test_refunds_are_on_their_way_too(self):
        invoice = self._paid("2026-01-10", 1_000)
        self._accrue("2026-01")
        self._credit_note(invoice, "2026-02-05", [self._line(400)])
        self.assertEstimate("2026-02-06", -36)
        self.assertEarned("2026-02", self.participant, -36)
        self.assertFalse(self._estimate("2026-03-01"))

    def test_what_earns_nothing_is_not_promised(self):
        self.program.terms_ids.excluded_category_ids = self._category("domains")
        self._invoice(
            self.client, "2026-01-05", [self._line(1_000, category="domains")]
        )
        self.assertFalse(self._estimate("2026-01-10"))

    def test_what_waits_for_review_is_still_on_its_way(self):
        self.program.posting_policy = "review"
        self._paid("2026-01-10", 1_000)
        with self.on("2026-02-01"):
            accrual = self.program._accrue("2026-01-01")
        self.assertEqual(accrual.state, "computed")
        self.assertEstimate("2026-02-01", 90)
        with self.on("2026-02-02"):
            accrual._post()
        self.assertFalse(self._estimate("2026-02-02"))

    def test_settings_that_change_what_was_settled_long_ago(self):
        invoice = self._invoice(self.client, "2026-01-10", 1_000)
        self._pay(invoice, "2026-01-12", journal=self.bonus_journal)
        self._accrue("2026-01")
        self.assertFalse(self._estimate("2026-02-01"))
        self.program.bonus_journal_ids = False
        self.assertEstimate("2026-02-01", 90)
        self.assertEarned("2026-02", self.participant, 90)
        self.assertFalse(self._estimate("2026-03-01"))

    def test_an_estimate_changes_nothing(self):
        self._pay(self._quarter("2026-01-01"), "2026-01-02")
        self.env["referral.mark"]._write_marks()  # what has happened so far
        marks = self.env["referral.mark"].search_count([])
        self._estimate("2026-01-20")
        self.assertEqual(self.env["referral.mark"].search_count([]), marks)
        self.assertFalse(self.program.accrual_ids)

    def test_each_estimate_takes_the_place_of_the_last(self):
        self._pay(self._quarter("2026-01-01"), "2026-01-02")
        self._estimate("2026-01-10")
        self.assertEqual(len(self._estimate("2026-01-11")), 1)
