from odoo import fields, models


class ReferralForecastLine(models.TransientModel):
    """What will be due to a participant in a month."""

    _name = "referral.forecast.line"
    _description = "Referral Forecast Line"
    _order = "month, participant_id, kind, id"

    forecast_id = fields.Many2one(
        "referral.forecast",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    program_id = fields.Many2one(
        "referral.program", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="forecast_id.currency_id")
    participant_id = fields.Many2one(
        "referral.participant", required=True, readonly=True, ondelete="cascade"
    )
    month = fields.Date(required=True, readonly=True)
    is_rest = fields.Boolean(
        "And Later",
        readonly=True,
        help="The sum of this month and of all after it.",
    )
    kind = fields.Selection(
        [("certain", "Certain"), ("expected", "Expected")],
        "Certainty",
        required=True,
        readonly=True,
        help="Certain: already paid, and credited as services are rendered. Expected: "
        "credited if open invoices are paid on their due date.",
    )
    amount = fields.Monetary(readonly=True)
