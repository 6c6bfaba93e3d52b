from odoo import fields, models


class ReferralMoveMembership(models.TransientModel):
    """Asks an officer for the contact that a membership is moved to."""

    _name = "referral.move.membership"
    _inherit = ["referral.sight.mixin"]
    _description = "Move a Membership to Another Contact"

    participant_id = fields.Many2one(
        "referral.participant", "Membership", required=True, readonly=True
    )
    company_id = fields.Many2one(related="participant_id.company_id")
    partner_id = fields.Many2one(
        "res.partner",
        "New Contact",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="The client who takes part from now on; for a company's contact, the "
        "company.",
    )
    currency_id = fields.Many2one(related="participant_id.currency_id")
    balance = fields.Monetary(related="participant_id.balance")
    document_count = fields.Integer("Documents", compute="_compute_counts")
    account_count = fields.Integer("Payee Accounts", compute="_compute_counts")
    referral_count = fields.Integer(related="participant_id.referral_count")
    withdrawal_count = fields.Integer(related="participant_id.withdrawal_count")

    def _compute_counts(self):
        for wizard in self:
            participant = wizard.participant_id
            wizard.document_count = len(participant.document_ids)
            wizard.account_count = len(participant._payee_accounts())

    def action_confirm(self):
        """Move it."""
        self.ensure_one()
        self.participant_id._move_to(self.partner_id)
        return {"type": "ir.actions.act_window_close"}
