from odoo import fields, models


class ReferralSimulationFigures(models.AbstractModel):
    """What was credited, beside what other terms would have credited.

    ``simulated = credited + late + difference``; the terms make the difference.
    """

    _name = "referral.simulation.figures"
    _description = "Referral Simulation Figures"

    currency_id = fields.Many2one("res.currency")  # each says of what it is
    credited = fields.Monetary(help="What the posted accruals credited.")
    late = fields.Monetary(
        "Late or Changed Facts",
        help="What would change if the accruals were run again today under the same "
        "terms: late facts then fall in the months to which they belong.",
    )
    simulated = fields.Monetary("Under Other Terms")
    difference = fields.Monetary(
        help="The effect of the terms alone: late facts are included on both sides."
    )
    percent = fields.Float(
        "Difference (%)",
        digits=(16, 2),
        aggregator=None,
        help="Relative to the compensation under the terms in force.",
    )


class ReferralSimulationPart(models.AbstractModel):
    """The figures of a part of a simulation."""

    _name = "referral.simulation.part"
    _description = "Part of a Referral Simulation"
    _inherit = ["referral.simulation.figures"]

    simulation_id = fields.Many2one(
        "referral.simulation", required=True, ondelete="cascade", index=True
    )
    currency_id = fields.Many2one(related="simulation_id.currency_id")


class ReferralSimulationMonth(models.TransientModel):
    """A month of all participants in a simulation."""

    _name = "referral.simulation.month"
    _description = "Referral Simulation Month"
    _inherit = ["referral.simulation.part"]
    _order = "month, id"

    month = fields.Date(required=True)


class ReferralSimulationParticipant(models.TransientModel):
    """All months of a participant in a simulation."""

    _name = "referral.simulation.participant"
    _description = "Referral Simulation Participant"
    _inherit = ["referral.simulation.part"]
    _order = "difference desc, participant_id, id"

    participant_id = fields.Many2one("referral.participant", required=True)


class ReferralSimulationLine(models.TransientModel):
    """A participant's month in a simulation."""

    _name = "referral.simulation.line"
    _description = "Referral Simulation Line"
    _inherit = ["referral.simulation.part"]
    _order = "month, participant_id, id"

    participant_id = fields.Many2one("referral.participant", required=True)
    month = fields.Date(required=True)
