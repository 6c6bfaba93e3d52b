from odoo import api, fields, models
from odoo.exceptions import UserError


class ReferralRedeem(models.TransientModel):
    """Staff pay a participant's own invoice with the referral balance."""

    _name = "referral.redeem"
    _description = "Pay an Invoice With a Referral Balance"
    _inherit = ["referral.sight.mixin"]

    invoice_id = fields.Many2one("account.move", required=True)
    participant_id = fields.Many2one(
        "referral.participant", compute="_compute_participant_id"
    )
    currency_id = fields.Many2one(related="participant_id.currency_id")
    available_balance = fields.Monetary(related="participant_id.available_balance")
    due = fields.Monetary("Open Amount", compute="_compute_participant_id")
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )

    @api.depends("invoice_id")
    def _compute_participant_id(self):
        for wizard in self:
            redemptions = self.env["referral.redemption"]
            participant = redemptions._visible_payer_of(wizard.invoice_id)
            wizard.participant_id = participant
            wizard.due = (
                redemptions._due(participant, wizard.invoice_id) if participant else 0.0
            )

    @api.depends("participant_id", "due")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = min(wizard.participant_id.available_balance, wizard.due)

    def action_confirm(self):
        """Pay it.

        :raise UserError: saying why it cannot be
        """
        self.ensure_one()
        self.env["referral.program"]._check_accountant()
        self.invoice_id.check_access("write")
        self.participant_id.check_access("read")
        if not self.participant_id:
            raise UserError(
                self.env._(
                    "%(client)s does not take part in the program.",
                    client=self.invoice_id.commercial_partner_id.display_name,
                )
            )
        self.env["referral.redemption"]._redeem(
            self.participant_id, self.invoice_id, self.amount, by_staff=True
        )
        return {"type": "ir.actions.act_window_close"}
