from odoo import fields, models
from odoo.tools import SQL


class ReferralVisit(models.Model):
    """How many people opened a participant's link on a day: a number, no trace."""

    _name = "referral.visit"
    _description = "Referral Visits"
    _order = "day desc, id desc"
    _rec_name = "day"

    participant_id = fields.Many2one(
        "referral.participant",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="participant_id.company_id")
    day = fields.Date(required=True, readonly=True)
    visits = fields.Integer(required=True, readonly=True)

    _day_unique = models.UniqueIndex("(participant_id, day)")

    def _count(self, participant):
        """Count a visit of a participant's link, today in the company's time zone."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_visit (participant_id, day, visits)
                VALUES (%s, %s, 1)
                ON CONFLICT (participant_id, day)
                DO UPDATE SET visits = referral_visit.visits + 1
                """,
                participant.id,
                participant.program_id._today(),
            )
        )
        self.invalidate_model(["visits"])
