from odoo import fields, models


class ReferralPaymentMixin(models.AbstractModel):
    """What takes money off a participant's balance, numbered."""

    _name = "referral.payment.mixin"
    _description = "Money Taken off a Referral Balance"

    name = fields.Char("Number", readonly=True, required=True, copy=False)
    participant_id = fields.Many2one(
        "referral.participant",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    program_id = fields.Many2one(
        related="participant_id.program_id", store=True, index=True
    )
    company_id = fields.Many2one(
        related="participant_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="program_id.currency_id")
    partner_id = fields.Many2one(related="participant_id.partner_id", string="Client")
