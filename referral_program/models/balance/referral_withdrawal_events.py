from odoo import models

from ...tools.amounts import exact


class ReferralWithdrawal(models.Model):
    """What the provider's own system is told of withdrawals."""

    _name = "referral.withdrawal"
    _inherit = ["referral.withdrawal", "referral.event.states"]

    def _approve(self):
        # sudo: as the step itself
        approved = self.sudo()._to_approve()
        result = super()._approve()
        self.env["referral.event"]._record("withdrawal.approved", approved)
        return result

    def _event_participant(self):
        return self.participant_id

    def _event_data(self):
        """Return what is told: no account, no reason."""
        return {
            "withdrawal_id": self.id,
            "number": self.name,
            "state": self.state,
            "amount": exact(self.amount, self.currency_id.decimal_places),
            "currency": self.currency_id.name,
        }
