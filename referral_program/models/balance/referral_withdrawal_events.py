from odoo import models

from ...tools.amounts import exact

#: What the participant is written of a withdrawal, by its state.
STATE_MAILS = {
    "requested": "referral_program.mail_template_withdrawal_requested",
    "billed": "referral_program.mail_template_withdrawal_billed",
    "paid": "referral_program.mail_template_withdrawal_paid",
    "refused": "referral_program.mail_template_withdrawal_refused",
    "cancelled": "referral_program.mail_template_withdrawal_cancelled",
}


class ReferralWithdrawal(models.Model):
    """Who is told of withdrawals: the participant, and the provider's own system."""

    _name = "referral.withdrawal"
    _inherit = ["referral.withdrawal", "referral.event.states", "referral.mail.mixin"]

    def _approve(self):
        # sudo: as the step itself
        approved = self.sudo()._to_approve()
        result = super()._approve()
        self.env["referral.event"]._record("withdrawal.approved", approved)
        return result

    def _event_data(self):
        """Return what is told: no account, no reason."""
        return {
            "withdrawal_id": self.id,
            "number": self.name,
            "state": self.state,
            "amount": exact(self.amount, self.currency_id.decimal_places),
            "currency": self.currency_id.name,
        }

    def _by_mail_template(self):
        return {STATE_MAILS[state]: own for state, own in self.grouped("state").items()}

    def _tell_state(self, state):
        """Write to those who may move the participant's money; nobody stops that."""
        if state != "requested":  # again, after its bill
            self._mail_soon()
        return super()._tell_state(state)
