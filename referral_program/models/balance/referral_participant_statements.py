from odoo import fields, models

from ...tools.counting import set_counts


class ReferralParticipant(models.Model):
    """The participant's monthly statements."""

    _inherit = "referral.participant"

    statement_ids = fields.One2many(
        "referral.statement", "participant_id", "Statements"
    )
    statement_count = fields.Integer(compute="_compute_statement_count")

    def _compute_statement_count(self):
        set_counts(
            self, "statement_count", self.env["referral.statement"], "participant_id"
        )

    def action_view_statements(self):
        """Open the monthly statements of these participants."""
        return self._window("referral_statement_action")
