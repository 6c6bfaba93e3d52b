from odoo import fields, models


class ReferralSimulationFigures(models.AbstractModel):
    """What was given, beside what other terms would have given.

    ``simulated = given + late + difference``: only the difference is the terms' doing.
    """

    _name = "referral.simulation.figures"
    _description = "Referral Simulation Figures"

    currency_id = fields.Many2one("res.currency")  # each says of what it is
    given = fields.Monetary(readonly=True, help="What the posted accruals gave.")
    late = fields.Monetary(
        "Came Late or Changed",
        readonly=True,
        help="What would change if the accruals were run again today by the same "
        "terms: facts that came late are then in the months to which they belong.",
    )
    simulated = fields.Monetary("Under Other Terms", readonly=True)
    difference = fields.Monetary(
        readonly=True,
        help="What the terms make, and nothing else does: facts that came late are in "
        "both.",
    )
    percent = fields.Float(
        "Difference (%)",
        readonly=True,
        digits=(16, 2),
        aggregator=None,
        help="Of what the terms in force give.",
    )


class ReferralSimulationPart(models.AbstractModel):
    """The figures of a part of a simulation."""

    _name = "referral.simulation.part"
    _description = "Part of a Referral Simulation"
    _inherit = ["referral.simulation.figures"]

    simulation_id = fields.Many2one(
        "referral.simulation",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    currency_id = fields.Many2one(related="simulation_id.currency_id")
