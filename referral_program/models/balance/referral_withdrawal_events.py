from odoo import models

from ...tools.amounts import exact

#: What the participant is written when a withdrawal gets into a state.
STATE_MAILS = {
    "billed": "referral_program.mail_template_withdrawal_billed",
    "paid": "referral_program.mail_template_withdrawal_paid",
    "refused": "referral_program.mail_template_withdrawal_refused",
    "cancelled": "referral_program.mail_template_withdrawal_cancelled",
}


class ReferralWithdrawal(models.Model):
    """Who is told of withdrawals: the participant, and the provider's own system."""

    _name = "referral.withdrawal"
    _inherit = ["referral.withdrawal", "referral.event.states"]

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

    def _send(self, template):
        """Write to those who may move the participant's money; nobody stops that."""
        template = self.env["referral.program"]._mail_template(template)
        if not template:
            return
        # sudo: as the template's
        for program, withdrawals in self.sudo().grouped("program_id").items():
            template.send_mail_batch(
                withdrawals.ids,
                email_values=program._prepare_mail_vals(),
                email_layout_xmlid="referral_program.mail_layout",
            )

    def _message_track_post_template(self, changes):
        """Write to the participant when the state has changed, whoever changed it."""
        if "state" in (changes or ()) and self.state in STATE_MAILS:
            self._send_together(STATE_MAILS[self.state])
        return super()._message_track_post_template(changes)

    def _send_together(self, template):
        """Write with all others that are written about for the same reason.

        That is a fifth of the time that billing many takes.
        """
        callbacks = self.env.cr.precommit
        due = callbacks.data.setdefault("referral.withdrawal.mails", {})
        if template not in due:
            callbacks.add(lambda: due.pop(template)._send(template))
        due[template] = due.get(template, self.browse()) | self
