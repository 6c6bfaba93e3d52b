from odoo import fields, models


class ReferralSimulationMonth(models.TransientModel):
    """A month of all participants in a simulation."""

    _name = "referral.simulation.month"
    _description = "Referral Simulation Month"
    _inherit = ["referral.simulation.figures"]
    _order = "month, id"

    simulation_id = fields.Many2one(
        "referral.simulation",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    month = fields.Date(required=True, readonly=True)
    currency_id = fields.Many2one(related="simulation_id.currency_id")
