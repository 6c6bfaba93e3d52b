from odoo import fields, models

from ...tools.amounts import exact


class ReferralAccrual(models.Model):
    """When a month is credited."""

    _inherit = "referral.accrual"

    def _link_compensations(self, entry, batch):
        result = super()._link_compensations(entry, batch)
        self.env["referral.event"]._record("month.credited", batch)
        return result


class ReferralCompensation(models.Model):
    """What the provider's own system is told of a credited month."""

    _inherit = "referral.compensation"

    def _event_participant(self):
        return self.participant_id

    def _event_data(self):
        """Return what is told: the month, and what it gave or took back."""
        accrual, currency = self.accrual_id, self.participant_id.currency_id
        return {
            "month": fields.Date.to_string(accrual.period_start),
            "amount": exact(self.amount, currency.decimal_places),
            "currency": currency.name,
        }
