from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    subscription_period_start = fields.Date(
        readonly=True,
        copy=False,
        help="The first day of the period that a subscription bills by this order.",
    )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _prepare_invoice_line(self, **optional_values):
        """Give the invoice the period that a subscription bills by this line."""
        vals = super()._prepare_invoice_line(**optional_values)
        if not vals.get("start_date"):
            vals.update(self._subscription_period())
        return vals

    def _subscription_period(self):
        """Return the values of the period; none, if no subscription bills the line."""
        # sudo: whoever invoices an order need not see subscriptions
        order = self.order_id.sudo()
        if self.display_type or self.is_downpayment:
            return {}
        if order.subscription_period_start:
            return order.order_subscription_id._referral_period(
                order.subscription_period_start
            )
        # the order that a subscription began with bills its first period
        template = self.product_id.subscription_template_id
        begun = order.subscription_ids.filtered(lambda sub: sub.template_id == template)
        if not self.product_id.subscribable or not begun:
            return {}
        return begun[0]._referral_period(begun[0]._get_first_invoice_date())
