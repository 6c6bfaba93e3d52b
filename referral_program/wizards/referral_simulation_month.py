from odoo import fields, models


class ReferralSimulationMonth(models.TransientModel):
    """A month of all participants in a simulation."""

    _name = "referral.simulation.month"
    _description = "Referral Simulation Month"
    _inherit = ["referral.simulation.part"]
    _order = "month, id"

    month = fields.Date(required=True)
