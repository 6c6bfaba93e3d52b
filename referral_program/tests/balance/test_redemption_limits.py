"""Paying own invoices: never more than the balance loses, never without end."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.errors import CheckViolation

from odoo.exceptions import UserError
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ...models.balance import referral_redemption_due
from ...tools.amounts import settled_by, taken_for
from .test_withdrawals import MoneyCase

#: The smallest amounts of currencies with 0, 2 and 3 decimals.
ROUNDINGS = st.sampled_from((1.0, 0.01, 0.001))
#: Rates as they are typed, and as they are if their inverse is typed.
TYPED = st.integers(1, 10**7).map(lambda units: units / 10**4)
RATES = TYPED | TYPED.map(lambda rate: 1 / rate)
#: A few units in a float's last place.
NOISE = Fraction(1, 2**48)


@tagged("post_install", "-at_install")
class TestSettledAndTaken(BaseCase):
    @settings(max_examples=2_000, derandomize=True, database=None, deadline=None)
    @given(units=st.integers(1, 10**9), rate=RATES, own=ROUNDINGS, other=ROUNDINGS)
    def test_what_is_settled_is_worth_no_more_than_what_is_taken(
        self, units, rate, own, other
    ):
        amount = units * own
        settled = settled_by(amount, rate, other)
        taken = min(amount, taken_for(settled, rate, own))
        worth = Fraction(settled) / Fraction(rate)
        self.assertLessEqual(worth, Fraction(taken) * (1 + NOISE))
        # nor is more taken than the least that settles as much
        self.assertLess(Fraction(taken) - worth, Fraction(own) + worth * NOISE)

    @settings(max_examples=2_000, derandomize=True, database=None, deadline=None)
    @given(units=st.integers(1, 10**9), rate=RATES, own=ROUNDINGS, other=ROUNDINGS)
    def test_what_is_due_settles_all(self, units, rate, own, other):
        due = taken_for(units * other, rate, own)
        self.assertGreaterEqual(round(settled_by(due, rate, other) / other), units)

    def test_exactly(self):
        for amount, rate, own, other, settled, taken in (
            (0.46, 1 / 90.9, 0.01, 0.01, 0, 0),
            (0.91, 1 / 90.9, 0.01, 0.01, 0.01, 0.91),
            (1.81, 1 / 90.9, 0.01, 0.01, 0.01, 0.91),
            (90.9, 1 / 90.9, 0.01, 0.01, 1, 90.9),
            (1.0, 1.6, 0.01, 1.0, 1, 0.63),
            (3.0, 0.006, 1.0, 0.01, 0.01, 2),
            (0.01, 0.3, 0.01, 0.001, 0.003, 0.01),
        ):
            with self.subTest(amount=amount, rate=rate):
                self.assertEqual(settled_by(amount, rate, other), settled)
                self.assertEqual(taken_for(settled, rate, own), taken)


@tagged("post_install", "-at_install")
class TestRedemptionLimits(MoneyCase):
    def setUp(self):
        super().setUp()
        self.invoice = self._invoice(self.participant.partner_id, "2026-03-01", 40_000)

    def _redeem(self, amount, invoice=None, day="2026-03-05", **options):
        with self.on(day):
            return self.env["referral.redemption"]._redeem(
                self.participant, invoice or self.invoice, amount, **options
            )

    def _invoice_in(self, name, inverse, amount, rounding=None):
        """Return an own invoice in a currency of which one costs so many roubles."""
        currency = self._enable_currency(name)
        if rounding:
            currency.rounding = rounding
        currency.rate_ids = False
        self.env["res.currency.rate"].create(
            {
                "name": "2026-03-01",
                "rate": 1 / inverse,
                "currency_id": currency.id,
                "company_id": self.company.id,
            }
        )
        return self._invoice(
            self.participant.partner_id, "2026-03-01", amount, currency_id=currency.id
        )

    # === Rounding === #

    def test_ten_small_payments_pay_nothing_of_a_foreign_invoice(self):
        invoice = self._invoice_in("EUR", 90.9, 100)
        for _number in range(10):
            with self.assertRefused(UserError, "smallest amount in EUR"):
                self._redeem(0.46, invoice)
        self.assertEqual(invoice.amount_residual, 100)
        self.assertMoney(90_000, 90_000)

    def test_what_settles_nothing_is_not_taken(self):
        invoice = self._invoice_in("EUR", 90.9, 100)
        redemption = self._redeem(1.81, invoice)
        self.assertEqual((redemption.amount, redemption.invoice_amount), (0.91, 0.01))
        self.assertEqual(invoice.amount_residual, 99.99)
        self.assertMoney(89_999.09, 89_999.09)
        # what is left: 99.99 × 90.9 = 9,089.091
        with self.assertRefused(UserError, r"Only .*9,089\.10"):
            self._redeem(9_089.11, invoice)
        rest = self._redeem(9_089.10, invoice)
        self.assertEqual((rest.amount, rest.invoice_amount), (9_089.10, 99.99))
        self.assertEqual(invoice.amount_residual, 0)
        self.assertMoney(80_909.99, 80_909.99)

    def test_currencies_with_none_and_three_decimals(self):
        yen = self._invoice_in("JPY", 0.6127, 1_000)
        redemption = self._redeem(1, yen)
        # 1 / 0.6127 = 1.63 yen
        self.assertEqual((redemption.amount, redemption.invoice_amount), (0.62, 1))
        dinar = self._invoice_in("KWD", 299.99, 10, rounding=0.001)
        redemption = self._redeem(1, dinar)
        # 1 / 299.99 = 0.00333 dinar, of which 0.003 cost 0.89997
        self.assertEqual((redemption.amount, redemption.invoice_amount), (0.90, 0.003))
        self.assertMoney(89_998.48, 89_998.48)

    # === The least === #

    def test_a_minimum_that_all_of_the_rest_may_be_below(self):
        self.program.min_redemption = 500
        with self.assertRefused(UserError, r"minimum payment .*500\.00"):
            self._redeem(499.99)
        self._redeem(500)
        small = self._invoice(self.participant.partner_id, "2026-03-01", 100)
        with self.assertRefused(UserError, r"minimum payment .*100\.00"):
            self._redeem(99.99, small)
        self._redeem(100, small)
        # staff may pay less
        self._redeem(1, by_staff=True)
        self.assertMoney(89_399, 89_399)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRefused(CheckViolation, "limits_not_negative"),
        ):
            self.program.min_redemption = -1

    # === How often === #

    def test_ten_a_day(self):
        self.assertEqual(referral_redemption_due.MAX_A_DAY, 10)
        for _number in range(10):
            self._redeem(1)
        with self.on("2026-03-05"):
            self.participant.redemption_ids.action_undo()
        with self.assertRefused(UserError, "At most 10 payments a day"):
            self._redeem(1)
        self.assertMoney(90_000, 90_000)
        # staff are not counted, and tomorrow is another day
        self._redeem(1, by_staff=True)
        self._redeem(1, day="2026-03-06")
        self.assertMoney(89_998, 89_998)
