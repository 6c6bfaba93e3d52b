from dateutil.relativedelta import relativedelta

from odoo import models


class SaleSubscription(models.Model):
    """Subscriptions bill a period in advance, and keep its days to themselves."""

    _inherit = "sale.subscription"

    def create_sale_order(self):
        order = super().create_sale_order()
        order.subscription_period_start = self._referral_next_start()
        return order

    def _referral_next_start(self):
        """Return the first day of the period that is billed next."""
        return self.recurring_next_date or self._get_first_invoice_date()

    def _referral_period(self, start):
        """Return the service period, as values of an invoice line, from a day on."""
        end = self._get_next_invoice_date(start) - relativedelta(days=1)
        return {"start_date": start, "end_date": end}


class SaleSubscriptionLine(models.Model):
    _inherit = "sale.subscription.line"

    def _prepare_account_move_line(self):
        subscription = self.sale_subscription_id
        period = subscription._referral_period(subscription._referral_next_start())
        return {**period, **super()._prepare_account_move_line()}
