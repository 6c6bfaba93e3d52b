"""Discounts of orders, rewards and vouchers: nobody lists a product for them."""

from odoo import Command
from odoo.tests import tagged

from .ordering import OrderCase


@tagged("post_install", "-at_install")
class TestDiscounts(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["loyalty.program"].search([]).active = False

    def assertInvoiceEarns(self, order, total, earned):
        """Invoice and pay an order, and check what that gives."""
        invoice = self._bill(order, "2026-01-20")
        self.assertEqual(invoice.amount_total, total)
        if total:
            self._pay(invoice, "2026-01-20")
        self.assertEarned("2026-01", self.participant, earned)

    def test_an_order_discount(self):
        for values in (
            {"discount_type": "so_discount", "discount_percentage": 0.1},
            {"discount_type": "amount", "discount_amount": 100},
        ):
            with self.subTest(values):
                order = self._order("2026-01-05", 1000)
                wizard = self.env["sale.order.discount"].create(
                    {"sale_order_id": order.id, **values}
                )
                wizard.action_apply_discount()
                self.assertFalse(self.program.discount_product_ids)
                self.assertInvoiceEarns(order, 900, "0")

    def test_an_order_without_a_discount(self):
        self.assertInvoiceEarns(self._order("2026-01-05", 1000), 1000, "90")

    def test_a_discount_code(self):
        self._program_of("promo_code", code="TEN")
        order = self._order("2026-01-05", 1000, confirmed=False)
        self._claim(order, "TEN")
        self.assertInvoiceEarns(order, 900, "0")

    def test_a_coupon(self):
        program = self._program_of("coupons")
        coupon = self.env["loyalty.card"].create(
            {"program_id": program.id, "points": 1}
        )
        order = self._order("2026-01-05", 1000, confirmed=False)
        self._claim(order, coupon.code)
        self.assertInvoiceEarns(order, 900, "0")

    def test_a_free_product(self):
        vps = self._product(list_price=500, invoice_policy="order")
        self._program_of(
            "buy_x_get_y",
            {
                "reward_type": "product",
                "reward_product_id": vps.id,
                "required_points": 1,
            },
            {"product_ids": vps.ids, "reward_point_amount": 1},
            applies_on="current",
            trigger="auto",
        )
        order = self._order(
            "2026-01-05", [self._sold(500, product=vps)], confirmed=False
        )
        order._update_programs_and_rewards()
        self._claim(order)
        self.assertInvoiceEarns(order, 500, "0")

    def test_points_are_bonus_money(self):
        program = self._program_of(
            "loyalty",
            {
                "reward_type": "discount",
                "discount_mode": "per_point",
                "discount": 1,
                "required_points": 1,
            },
            applies_on="both",
            trigger="auto",
        )
        self.env["loyalty.card"].create(
            {
                "program_id": program.id,
                "partner_id": self.client.id,
                # and one for this order
                "points": 299,
            }
        )
        order = self._order("2026-01-05", 1000, confirmed=False)
        order._update_programs_and_rewards()
        self._claim(order)
        self.assertInvoiceEarns(order, 700, "63")

    def test_what_a_gift_card_pays_is_bonus_money(self):
        program = self._wallet("gift_card")
        card = self.env["loyalty.card"].create(
            {"program_id": program.id, "points": 300}
        )
        order = self._order("2026-01-05", 1000, confirmed=False)
        self._claim(order, card.code)
        self.assertInvoiceEarns(order, 700, "63")

    def test_what_an_e_wallet_pays_is_bonus_money(self):
        program = self._wallet("ewallet")
        self.env["loyalty.card"].create(
            {"program_id": program.id, "partner_id": self.client.id, "points": 300}
        )
        order = self._order("2026-01-05", 1000, confirmed=False)
        order._update_programs_and_rewards()
        self._claim(order)
        self.assertInvoiceEarns(order, 700, "63")

    def test_a_program_may_say_that_vouchers_are_money(self):
        for kind in ("gift_card",):
            with self.subTest(kind), self.cr.savepoint() as savepoint:
                self.program.vouchers_are_money = True
                program = self._wallet(kind)
                program.trigger_product_ids.taxes_id = False
                bought = self._order(
                    "2026-01-05",
                    [self._sold(300, product=program.trigger_product_ids)],
                )
                self._pay(self._bill(bought, "2026-01-06"), "2026-01-06")
                self.assertEarned("2026-01", self.participant, "0")
                order = self._order("2026-02-05", 1000, confirmed=False)
                card = self.env["loyalty.card"].create(
                    {
                        "program_id": program.id,
                        "partner_id": self.client.id,
                        "points": 300,
                    }
                )
                if kind == "ewallet":
                    order._update_programs_and_rewards()
                self._claim(order, card.code if kind == "gift_card" else None)
                invoice = self._bill(order, "2026-02-20")
                self.assertEqual(invoice.amount_total, 700)
                self.assertEarned("2026-02", self.participant, "27")
                self._pay(invoice, "2026-03-20")
                self.assertEarned("2026-03", self.participant, "63")
                run = self.program._check_integrity()
                self.assertFalse(run.finding_ids.mapped("title"))
                savepoint.rollback()

    def test_what_a_voucher_paid_wholly_and_is_taken_back(self):
        self.program.vouchers_are_money = True
        program = self._wallet("gift_card")
        card = self.env["loyalty.card"].create(
            {"program_id": program.id, "points": 1000}
        )
        order = self._order("2026-01-05", 1000, confirmed=False)
        self._claim(order, card.code)
        invoice = self._bill(order, "2026-01-20")
        self.assertEqual(invoice.amount_total, 0)
        self.assertEarned("2026-01", self.participant, "90")
        with self.on("2026-02-10"):
            invoice._reverse_moves([{"invoice_date": "2026-02-10"}], cancel=True)
        self.assertEarned("2026-02", self.participant, "-90")

    def test_points_stay_bonus_money(self):
        self.program.vouchers_are_money = True
        self.test_points_are_bonus_money()

    def test_buying_a_gift_card_or_a_top_up_earns_nothing(self):
        for kind in ("gift_card", "ewallet"):
            with self.subTest(kind):
                voucher = self._wallet(kind).trigger_product_ids
                voucher.taxes_id = False
                lines = [self._sold(500, product=voucher)]
                order = self._order("2026-01-05", lines)
                self.assertInvoiceEarns(order, 500, "0")

    # === Things that are there === #

    def _program_of(self, kind, reward=None, rule=None, code=None, **values):
        """Return a loyalty program of a kind, by default 10 % off an order."""
        reward = reward or {"reward_type": "discount", "discount": 10}
        rule = rule or {}
        if code:
            rule |= {"mode": "with_code", "code": code}
        return self.env["loyalty.program"].create(
            {
                "name": kind,
                "program_type": kind,
                "reward_ids": [Command.clear(), Command.create(reward)],
                "rule_ids": [Command.clear(), Command.create(rule)],
                **values,
            }
        )

    def _wallet(self, kind):
        """Return the program of gift cards or eWallets that Odoo's template makes."""
        action = self.env["loyalty.program"].create_from_template(kind)
        program = self.env["loyalty.program"].browse(action["res_id"])
        program.currency_id = self.currency
        return program

    def _claim(self, order, code=None):
        """Claim the only reward of an order, by a code if there is one; confirm it."""
        rewards = (
            order._try_apply_code(code) if code else order._get_claimable_rewards()
        )
        self.assertNotIn("error", rewards)
        (coupon, reward), *_others = rewards.items()
        order._apply_program_reward(reward[:1], coupon)
        self.assertTrue(order.order_line.reward_id)
        with self.on("2026-01-05"):
            order.action_confirm()
