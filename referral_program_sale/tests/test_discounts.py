"""Discounts of orders, and rewards: nobody lists a product for them."""

from odoo.tests import tagged

from .ordering import RewardCase


@tagged("post_install", "-at_install")
class TestDiscounts(RewardCase):
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

    def test_points_stay_bonus_money(self):
        self.program.vouchers_are_money = True
        self.test_points_are_bonus_money()
