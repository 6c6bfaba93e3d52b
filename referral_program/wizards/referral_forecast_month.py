from odoo import fields, models


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
