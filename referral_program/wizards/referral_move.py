from odoo import api, fields, models

from ..models.referral.referral_refusal import REFUSAL_REASONS


class ReferralMove(models.TransientModel):
    """Staff correct who referred a client: officers do it, accountants ask for it."""

    _name = "referral.move"
    _inherit = ["referral.sight.mixin"]
    _description = "Move a Referral"

    referral_id = fields.Many2one("referral.referral", required=True)
    program_id = fields.Many2one(related="referral_id.program_id")
    client_id = fields.Many2one(related="referral_id.partner_id", string="Client")
    from_participant_id = fields.Many2one(
        related="referral_id.participant_id", string="Current Participant"
    )
    participant_id = fields.Many2one(
        "referral.participant",
        "New Participant",
        required=True,
        domain="[('program_id', '=', program_id), ('id', '!=', from_participant_id),"
        " ('state', 'in', ('submitted', 'active', 'suspended'))]",
    )
    date_from = fields.Date(
        "Invoices From",
        required=True,
        compute="_compute_date_from",
        store=True,
        precompute=True,
        readonly=False,
        help="The first day whose invoices belong to the other participant.",
    )
    reason = fields.Char(required=True)
    currency_id = fields.Many2one(related="referral_id.currency_id")
    amount = fields.Monetary(
        "Already Credited",
        compute="_compute_amount",
        help="What was credited so far for the invoices that move.",
    )
    objection = fields.Selection(REFUSAL_REASONS, compute="_compute_objection")

    @api.depends("referral_id")
    def _compute_date_from(self):
        for wizard in self:
            wizard.date_from = wizard.referral_id.date_start

    @api.depends("referral_id", "date_from")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.referral_id._credited_since(wizard.date_from)

    @api.depends("referral_id", "participant_id")
    def _compute_objection(self):
        for wizard in self:
            referral, participant = wizard.referral_id, wizard.participant_id
            wizard.objection = (
                referral
                and participant
                and referral._why_not(participant, referral.partner_id, ignore=referral)
            )

    def action_confirm(self):
        """Move it, and show it."""
        self.ensure_one()
        moved = self.referral_id._move(self.participant_id, self.date_from, self.reason)
        return moved._get_records_action()

    def action_ask(self):
        """Ask the officer to move it."""
        self.ensure_one()
        self.env["referral.program"]._check_accountant()
        self.referral_id._ask_to_move(self.participant_id, self.date_from, self.reason)
        return {"type": "ir.actions.act_window_close"}
