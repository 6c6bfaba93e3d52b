from odoo import api, fields, models

#: States in which nothing is taken off the balance.
NOT_TAKEN = ("refused", "cancelled", "undone")


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
    counted_amount = fields.Monetary(
        "Amount",
        compute="_compute_counted_amount",
        store=True,
        help="The amount for sums: zero if it was refused, cancelled or undone.",
    )

    @api.depends("amount", "state")
    def _compute_counted_amount(self):
        for payment in self:
            taken = payment.state not in NOT_TAKEN
            payment.counted_amount = payment.amount if taken else 0.0
