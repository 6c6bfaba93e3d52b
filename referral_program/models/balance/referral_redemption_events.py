from odoo import models

from ...tools.amounts import exact


class ReferralRedemption(models.Model):
    """Who is told of invoices paid from the balance, and of what was undone."""

    _name = "referral.redemption"
    _inherit = ["referral.redemption", "referral.event.states", "referral.mail.mixin"]

    def _by_mail_template(self):
        done = self.filtered(lambda redemption: redemption.state == "done")
        return {"referral_program.mail_template_redemption": done}

    def _tell_state(self, state):
        """Write to the participant as well, whoever undid it and however."""
        result = super()._tell_state(state)
        for redemption in self if state == "undone" else ():
            redemption.participant_id._notify_owners(
                lambda env, redemption=redemption: env._(
                    "The payment of %(invoice)s from your referral balance was undone: "
                    "%(amount)s is on your balance again. If the invoice is still "
                    "open, pay it in another way, or from the balance once more.",
                    invoice=redemption.invoice_id.name,
                    amount=redemption.participant_id.with_env(env)._money(
                        redemption.amount
                    ),
                )
            )
        return result

    def _event_data(self):
        """Return what is told: the invoice by its number."""
        return {
            "redemption_id": self.id,
            "number": self.name,
            "state": self.state,
            "invoice": self.invoice_id.name,
            "amount": exact(self.amount, self.currency_id.decimal_places),
            "currency": self.currency_id.name,
        }
