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
