from odoo import fields, models


class ReferralForecastLine(models.TransientModel):
    """What will be due to a participant in a month."""

    _name = "referral.forecast.line"
    _description = "Referral Forecast Line"
    _inherit = ["referral.forecast.row"]
    _order = "month, participant_id, kind, id"

    program_id = fields.Many2one("referral.program", required=True, ondelete="cascade")
    participant_id = fields.Many2one(
        "referral.participant", required=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [("certain", "Certain"), ("expected", "Expected")],
        "Certainty",
        required=True,
        help="Certain: already paid, and credited as services are rendered. Expected: "
        "credited if open invoices are paid on their due date.",
    )
    amount = fields.Monetary()
