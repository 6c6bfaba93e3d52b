"""Gift cards and eWallets: bonus money, or money where the program says so."""

from odoo.tests import tagged

from .ordering import RewardCase


@tagged("post_install", "-at_install")
class TestVouchers(RewardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.somebody = cls._partner("Somebody else")

    def assertGoesOn(self, month, expected):
        """Check what a month gives, and that everything adds up then."""
        self.assertEarned(month, self.participant, expected)
        found = self.program._check_integrity().finding_ids
        self.assertFalse(found.mapped(lambda f: (f.title, f.expected, f.found)))

    def test_what_a_gift_card_pays_is_bonus_money(self):
        self._spend(self._give("gift_card", 300), "2026-01-20")
        self.assertGoesOn("2026-01", "63")

    def test_what_an_e_wallet_pays_is_bonus_money(self):
        self._spend(self._give("ewallet", 300), "2026-01-20")
        self.assertGoesOn("2026-01", "63")

    def test_a_program_may_say_that_gift_cards_are_money(self):
        self._check_money("gift_card")

    def test_a_program_may_say_that_e_wallets_are_money(self):
        self._check_money("ewallet")

    def _check_money(self, kind):
        """The client buys it, spends it, and pays the rest later."""
        self.program.vouchers_are_money = True
        card = self._buy(kind, self.client, "2026-01-06")
        self.assertGoesOn("2026-01", "0")
        invoice = self._spend(card, "2026-02-20", paid=False)
        self.assertGoesOn("2026-02", "27")
        self._pay(invoice, "2026-03-20")
        self.assertGoesOn("2026-03", "63")

    def test_what_the_program_says_of_gift_cards_may_change_later(self):
        self._check_change("gift_card")

    def test_what_the_program_says_of_e_wallets_may_change_later(self):
        self._check_change("ewallet")

    def _check_change(self, kind):
        self._spend(self._buy(kind, self.client, "2026-01-06"), "2026-01-20")
        self.assertGoesOn("2026-01", "63")
        self.program.vouchers_are_money = True
        self.assertGoesOn("2026-02", "27")
        self.assertGoesOn("2026-03", "0")
        self.program.vouchers_are_money = False
        self.assertGoesOn("2026-04", "-27")

    def test_a_gift_card_that_somebody_else_bought(self):
        card = self._buy("gift_card", self.somebody, "2026-01-06")
        self._spend(card, "2026-01-20")
        self.assertGoesOn("2026-01", "63")
        self.program.vouchers_are_money = True
        self.assertGoesOn("2026-02", "27")

    def test_what_counted_as_money_may_become_bonus_money(self):
        self.program.vouchers_are_money = True
        self._spend(self._buy("ewallet", self.client, "2026-01-06"), "2026-01-20")
        self.assertGoesOn("2026-01", "90")
        self.program.vouchers_are_money = False
        self.assertGoesOn("2026-02", "-27")
        self.program.vouchers_are_money = True
        self.assertGoesOn("2026-03", "27")

    def test_a_gift_card_that_another_participant_s_client_bought(self):
        """It earns once: for whoever brought the client that spends it."""
        other = self._participant("Other")
        self._referral(other, self.somebody)
        self.program.vouchers_are_money = True
        card = self._buy("gift_card", self.somebody, "2026-01-06")
        self._spend(card, "2026-01-20")
        accrual = self._accrue("2026-01")
        self.assertEqual(self._earned(accrual, self.participant), 90)
        self.assertEqual(self._earned(accrual, other), 0)
        self.assertFalse(self.program._check_integrity().finding_ids.mapped("title"))

    def test_what_a_voucher_paid_wholly_and_is_taken_back(self):
        self.program.vouchers_are_money = True
        invoice = self._spend(self._give("gift_card", 1000), "2026-01-20")
        self.assertEqual(invoice.amount_total, 0)
        self.assertGoesOn("2026-01", "90")
        with self.on("2026-02-10"):
            invoice._reverse_moves([{"invoice_date": "2026-02-10"}], cancel=True)
        self.assertGoesOn("2026-02", "-90")

    def test_buying_a_gift_card_or_a_top_up_earns_nothing(self):
        for kind, month in (("gift_card", "2026-01"), ("ewallet", "2026-02")):
            with self.subTest(kind):
                self._buy(kind, self.client, f"{month}-06")
                self.assertGoesOn(month, "0")

    # === Things that happen === #

    def _give(self, kind, amount):
        """Return a voucher of the client's that nobody bought."""
        return self.env["loyalty.card"].create(
            {
                "program_id": self._wallet(kind).id,
                "partner_id": kind == "ewallet" and self.client.id,
                "points": amount,
            }
        )

    def _buy(self, kind, buyer, day):
        """Have somebody buy a voucher of 300; return it."""
        program = self._wallet(kind)
        voucher = program.trigger_product_ids
        voucher.taxes_id = False
        lines = [self._sold(300, product=voucher)]
        order = self._order(day, lines, buyer, confirmed=False)
        order._update_programs_and_rewards()
        with self.on(day):
            order.action_confirm()
        self._pay(self._bill(order, day), day)
        self.assertEqual(program.coupon_ids.points, 300)
        return program.coupon_ids

    def _spend(self, card, day, paid=True):
        """Have the client spend a voucher on an order of 1,000; return the invoice."""
        amount = card.points
        order = self._order(day, 1000, confirmed=False)
        by_code = card.program_type == "gift_card"
        if not by_code:
            order._update_programs_and_rewards()
        self._claim(order, card.code if by_code else None, day)
        invoice = self._bill(order, day)
        self.assertEqual(invoice.amount_total, 1000 - amount)
        if paid and invoice.amount_total:
            self._pay(invoice, day)
        return invoice
