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


class ReferralForecastMonth(models.TransientModel):
    """What will be due to all participants in a month, and owed by then."""

    _name = "referral.forecast.month"
    _description = "Referral Forecast Month"
    _inherit = ["referral.forecast.row"]

    certain = fields.Monetary()
    expected = fields.Monetary()
    total = fields.Monetary("Certain and Expected")
    liability_certain = fields.Monetary(
        "Liability, Certain",
        aggregator=None,
        help="What will be owed at the month's end if no more is paid by clients, and "
        "nothing to participants.",
    )
    liability = fields.Monetary(
        "Liability, Expected",
        aggregator=None,
        help="What will be owed at the month's end if open invoices are paid when they "
        "are due, and nothing is paid to participants.",
    )


class ReferralForecastLine(models.TransientModel):
    """What will be due to a participant in a month."""

    _name = "referral.forecast.line"
    _description = "Referral Forecast Line"
    _inherit = ["referral.forecast.row"]
    _order = "month, participant_id, kind, id"

    program_id = fields.Many2one("referral.program", required=True)
    participant_id = fields.Many2one("referral.participant", required=True)
    kind = fields.Selection(
        [("certain", "Certain"), ("expected", "Expected")],
        "Certainty",
        required=True,
        help="Certain: already paid, and credited as services are rendered. Expected: "
        "credited if open invoices are paid on their due date.",
    )
    amount = fields.Monetary()
