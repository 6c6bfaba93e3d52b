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
        help="What the same terms would give if the accruals were run today: facts "
        "that came late are in the months to which they belong.",
    )
    simulated = fields.Monetary("Under the Draft", readonly=True)
    difference = fields.Monetary(
        readonly=True,
        help="The difference that the terms make. Facts that came late are in neither.",
    )
    percent = fields.Float(
        "Difference (%)",
        readonly=True,
        digits=(16, 2),
        aggregator=None,
        help="Of what the terms in force give.",
    )
