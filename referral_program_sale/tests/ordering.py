"""Orders of a hosting provider, invoiced by Odoo's own wizard, for tests."""

from odoo import Command

from odoo.addons.referral_program.tests.common import OneReferralCase


class OrderCase(OneReferralCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref("sales_team.group_sale_manager")

    @classmethod
    def _order(cls, day, lines, partner=None, confirmed=True, **values):
        """Return an order of a day.

        :param lines: an amount, or values of lines by ``_sold``
        """
        if not isinstance(lines, list):
            lines = [cls._sold(lines)]
        with cls.on(day):
            order = cls.env["sale.order"].create(
                {
                    "partner_id": (partner or cls.client).id,
                    "order_line": lines,
                    "payment_term_id": False,
                    **values,
                }
            )
            if confirmed:
                order.action_confirm()
        return order

    @classmethod
    def _sold(cls, amount, category="vps", product=None, **values):
        """Return the values of an order's line without tax."""
        product = product or cls._product(category, invoice_policy="order")
        return Command.create(
            {
                "product_id": product.id,
                "product_uom_qty": 1,
                "price_unit": float(amount),
                "tax_ids": [Command.clear()],
                **values,
            }
        )

    @classmethod
    def _bill(cls, order, day, method="delivered", posted=True, **values):
        """Invoice an order by the wizard; return the invoice.

        :param method: ``delivered``, ``percentage`` (with ``amount``) or ``fixed``
            (with ``fixed_amount``)
        """
        with cls.on(day):
            wizard = (
                cls.env["sale.advance.payment.inv"]
                .with_context(active_model="sale.order", active_ids=order.ids)
                .create({"advance_payment_method": method, **values})
            )
            invoice = wizard._create_invoices(order)
            invoice.invoice_date = day
            if posted:
                invoice.action_post()
        return invoice

    @classmethod
    def _advance(cls, order, day, amount, paid=True):
        """Invoice a fixed amount in advance; return the invoice."""
        invoice = cls._bill(order, day, "fixed", fixed_amount=float(amount))
        if paid:
            cls._pay(invoice, day)
        return invoice


class RewardCase(OrderCase):
    """Discounts, rewards and vouchers of Odoo's loyalty programs."""

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

    def _claim(self, order, code=None, day="2026-01-05"):
        """Claim the only reward of an order, by a code if there is one; confirm it."""
        rewards = (
            order._try_apply_code(code) if code else order._get_claimable_rewards()
        )
        self.assertNotIn("error", rewards)
        (coupon, reward), *_others = rewards.items()
        order._apply_program_reward(reward[:1], coupon)
        self.assertTrue(order.order_line.reward_id)
        with self.on(day):
            order.action_confirm()
