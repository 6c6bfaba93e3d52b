from odoo import fields, models


class ReferralSimulationParticipant(models.TransientModel):
    """All months of a participant in a simulation."""

    _name = "referral.simulation.participant"
    _description = "Referral Simulation Participant"
    _inherit = ["referral.simulation.figures"]
    _order = "difference desc, participant_id, id"

    simulation_id = fields.Many2one(
        "referral.simulation",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    participant_id = fields.Many2one(
        "referral.participant", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="simulation_id.currency_id")
