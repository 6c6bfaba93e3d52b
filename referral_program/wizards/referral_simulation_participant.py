from odoo import fields, models


class ReferralSimulationParticipant(models.TransientModel):
    """All months of a participant in a simulation."""

    _name = "referral.simulation.participant"
    _description = "Referral Simulation Participant"
    _inherit = ["referral.simulation.part"]
    _order = "difference desc, participant_id, id"

    participant_id = fields.Many2one(
        "referral.participant", required=True, ondelete="cascade"
    )
