from odoo import fields, models


class ReferralParticipant(models.Model):
    """The participant's monthly statements."""

    _inherit = "referral.participant"

    statement_ids = fields.One2many(
        "referral.statement", "participant_id", "Statements"
    )
    statement_count = fields.Integer(compute="_compute_statement_count")

    def _compute_statement_count(self):
        counts = dict(
            self.env["referral.statement"]._read_group(
                [("participant_id", "in", self.ids)], ["participant_id"], ["__count"]
            )
        )
        for participant in self:
            participant.statement_count = counts.get(participant, 0)

    def action_view_statements(self):
        """Open the monthly statements of these participants."""
        return self._window("referral_statement_action")
