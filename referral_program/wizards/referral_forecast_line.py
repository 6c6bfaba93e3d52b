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
        help="Certain is paid already and comes as services are rendered; expected "
        "comes if open invoices are paid on the day they are due.",
    )
    amount = fields.Monetary(readonly=True)
