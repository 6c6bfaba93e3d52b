from odoo import fields, models


class ReferralForecastRow(models.AbstractModel):
    """A month of a forecast, or the sum of all that come after the last one shown."""

    _name = "referral.forecast.row"
    _description = "Referral Forecast: Row"
    _order = "month, id"

    forecast_id = fields.Many2one(
        "referral.forecast", required=True, ondelete="cascade", index=True
    )
    currency_id = fields.Many2one(related="forecast_id.currency_id")
    month = fields.Date(required=True)
    is_rest = fields.Boolean(
        "And Later", help="The sum of this month and of all after it."
    )
