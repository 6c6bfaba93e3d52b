"""Subscriptions: what is billed for a period earns by its days."""

from odoo import Command
from odoo.tests import tagged

from odoo.addons.referral_program.tests.common import OneReferralCase


@tagged("post_install", "-at_install")
class TestSubscriptions(OneReferralCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref("sales_team.group_sale_manager")
        cls.pricelist = cls.env["product.pricelist"].create({"name": "Hosting"})
        cls.hosting = cls._product(invoice_policy="order", taxes_id=False)

    def _template(self, kind="years", mode="draft", **values):
        return self.env["sale.subscription.template"].create(
            {
                "name": "Hosting",
                "recurring_rule_type": kind,
                "invoicing_mode": mode,
                **values,
            }
        )

    def _subscription(self, day, amount=1200, **values):
        """Return a subscription that begins on a day, by default of a prepaid year."""
        with self.on(day):
            subscription = self.env["sale.subscription"].create(
                {
                    "partner_id": self.client.id,
                    "template_id": self._template(**values).id,
                    "pricelist_id": self.pricelist.id,
                    "date_start": day,
                    "recurring_next_date": day,
                    "sale_subscription_line_ids": [
                        Command.create(
                            {
                                "product_id": self.hosting.id,
                                "price_unit": amount,
                                "tax_ids": False,
                            }
                        )
                    ],
                }
            )
            subscription.action_start_subscription()
        return subscription

    def _bill(self, subscription, day):
        """Have the scheduled action bill on a day; return the new invoice."""
        orders = subscription.sale_order_ids
        before = subscription.invoice_ids | orders.invoice_ids
        with self.on(day):
            subscription.cron_subscription_management()
            orders = subscription.sale_order_ids
            invoice = (subscription.invoice_ids | orders.invoice_ids) - before
            self.assertEqual(len(invoice), 1)
            if invoice.state == "draft":
                invoice.action_post()
        return invoice

    def _periods(self, invoice):
        return [
            (str(line.start_date), str(line.end_date))
            for line in invoice.invoice_line_ids
        ]

    def test_a_prepaid_year_earns_by_its_days(self):
        for mode in ("draft", "invoice", "sale_and_invoice"):
            with self.subTest(mode), self.cr.savepoint() as savepoint:
                subscription = self._subscription("2026-01-01", mode=mode)
                invoice = self._bill(subscription, "2026-01-01")
                self.assertEqual(self._periods(invoice), [("2026-01-01", "2026-12-31")])
                self._pay(invoice, "2026-01-02")
                # 31 and 28 of 365 days
                self.assertEarned("2026-01", self.participant, "9.17")
                self.assertEarned("2026-02", self.participant, "8.28")
                savepoint.rollback()

    def test_periods_follow_each_other_however_late_they_are_billed(self):
        for mode in ("draft", "sale_and_invoice"):
            with self.subTest(mode):
                subscription = self._subscription(
                    "2026-01-31", kind="months", mode=mode
                )
                periods = [
                    self._periods(self._bill(subscription, day))
                    for day in ("2026-02-05", "2026-03-20", "2026-03-28")
                ]
                self.assertEqual(
                    periods,
                    [
                        [("2026-01-31", "2026-02-27")],
                        [("2026-02-28", "2026-03-27")],
                        [("2026-03-28", "2026-04-27")],
                    ],
                )

    def test_an_invoice_made_anew_has_the_period_of_its_order(self):
        subscription = self._subscription(
            "2026-01-15", kind="months", mode="sale_and_invoice"
        )
        invoice = self._bill(subscription, "2026-01-15")
        order = subscription.sale_order_ids
        with self.on("2026-01-20"):
            invoice.button_draft()
            invoice.unlink()
            order.action_unlock()
            again = order._create_invoices()
        self.assertEqual(self._periods(again), [("2026-01-15", "2026-02-14")])

    def test_an_invoice_by_hand(self):
        subscription = self._subscription("2026-01-15", kind="weeks")
        with self.on("2026-01-20"):
            invoice = self.env["account.move"].browse(
                subscription.manual_invoice()["res_id"]
            )
        self.assertEqual(self._periods(invoice), [("2026-01-15", "2026-01-21")])

    def test_the_order_that_begins_a_subscription_bills_its_first_period(self):
        hosting = self._product(
            invoice_policy="order",
            taxes_id=False,
            subscribable=True,
            subscription_template_id=self._template().id,
        )
        setup = self._product("setup", invoice_policy="order", taxes_id=False)
        with self.on("2026-01-01"):
            order = self.env["sale.order"].create(
                {
                    "partner_id": self.client.id,
                    "pricelist_id": self.pricelist.id,
                    "payment_term_id": False,
                    "order_line": [
                        Command.create({"product_id": hosting.id, "price_unit": 1200}),
                        Command.create({"product_id": setup.id, "price_unit": 100}),
                    ],
                }
            )
            order.action_confirm()
        with self.on("2026-01-10"):
            invoice = order._create_invoices()
            invoice.invoice_date = "2026-01-10"
            invoice.action_post()
        self.assertEqual(
            self._periods(invoice),
            [("2026-01-01", "2026-12-31"), ("False", "False")],
        )
        self._pay(invoice, "2026-01-12")
        # 31 of 365 days, and the setup
        self.assertEarned("2026-01", self.participant, "18.17")
        again = self._bill(order.subscription_ids, "2027-01-01")
        self.assertEqual(self._periods(again), [("2027-01-01", "2027-12-31")])

    def test_what_no_subscription_bills_has_no_period(self):
        with self.on("2026-01-01"):
            order = self.env["sale.order"].create(
                {
                    "partner_id": self.client.id,
                    "pricelist_id": self.pricelist.id,
                    "order_line": [
                        Command.create({"product_id": self.hosting.id}),
                        Command.create({"display_type": "line_note", "name": "Thanks"}),
                    ],
                }
            )
            order.action_confirm()
            invoice = order._create_invoices()
        self.assertEqual(self._periods(invoice), [("False", "False")] * 2)
