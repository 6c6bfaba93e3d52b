from odoo import Command, fields, models

from ..tools.actions import dialog


class ReferralReason(models.TransientModel):
    """Asks staff for the reason of what they are about to do."""

    _name = "referral.reason"
    _description = "Referral Reason"
    _inherit = ["referral.sight.mixin"]

    action = fields.Selection(
        [
            ("reject_documents", "Reject documents"),
            ("suspended", "Suspend"),
            ("rejected", "Reject"),
            ("closed", "Close"),
            ("refuse_withdrawals", "Refuse withdrawals"),
        ],
        required=True,
    )
    participant_ids = fields.Many2many("referral.participant")
    document_ids = fields.Many2many("referral.document")
    withdrawal_ids = fields.Many2many("referral.withdrawal")
    reason = fields.Char(required=True)

    def _ask(self, title, action, **records):
        """Return the action that asks for the reason.

        :param str title: of the window
        :param str action: one of :attr:`action`
        :param records: what it is done to, by the name of its field
        """
        context = {
            f"default_{name}": [Command.set(those.ids)]
            for name, those in records.items()
        }
        return dialog(self, title, context={"default_action": action, **context})

    def action_confirm(self):
        """Do it, with the reason."""
        self.ensure_one()
        if self.action == "reject_documents":
            self.document_ids._reject(self.reason)
        elif self.action == "refuse_withdrawals":
            self.withdrawal_ids._refuse(self.reason)
        else:
            self.participant_ids.check_access("write")
            self.participant_ids._update_state(self.action, self.reason)
        return {"type": "ir.actions.act_window_close"}
