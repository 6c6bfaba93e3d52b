from odoo import fields, models


class ReferralSimulationLine(models.TransientModel):
    """A participant's month in a simulation."""

    _name = "referral.simulation.line"
    _description = "Referral Simulation Line"
    _inherit = ["referral.simulation.part"]
    _order = "month, participant_id, id"

    participant_id = fields.Many2one(
        "referral.participant", required=True, ondelete="cascade"
    )
    month = fields.Date(required=True)
