from datetime import timedelta

from odoo import fields, models

REFUSAL_REASONS = [
    ("participant_inactive", "The participant's link is not active"),
    ("self_referral", "The client is the participant: same company"),
    ("same_tax_id", "The client has the participant's tax id"),
    ("same_bank_account", "The client has the participant's bank account"),
    ("same_domain", "The client has the participant's e-mail domain"),
    ("existing_customer", "The client was a customer before"),
    ("bound_already", "The client is somebody's referral already"),
    ("cycle", "The client referred the participant, directly or through others"),
    ("claimed_too_late", "The client registered too long ago to be claimed"),
    ("unknown_client", "There is no such client"),
    ("unknown_code", "There is no participant with this code"),
]


class ReferralRefusal(models.Model):
    """A client that a participant did not get, and why."""

    _name = "referral.refusal"
    _description = "Refused Referral"
    _inherit = ["referral.log.mixin"]
    _order = "id desc"
    _rec_name = "reason"
    _personal_fields = ("typed",)

    program_id = fields.Many2one(
        "referral.program", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="program_id.company_id")
    participant_id = fields.Many2one(
        "referral.participant", index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one("res.partner", "Client")
    typed = fields.Char(
        "Entered", help="What somebody entered, if it matches no known client or code."
    )
    source = fields.Selection(
        [("link", "Link"), ("code", "Code"), ("manual", "By Hand"), ("api", "API")],
        required=True,
    )
    reason = fields.Selection(REFUSAL_REASONS, required=True)
    refused_on = fields.Datetime(required=True, default=fields.Datetime.now)
    external_key = fields.Char(help="The API caller's own key.")

    _external_key_unique = models.UniqueIndex(
        "(program_id, external_key) WHERE external_key IS NOT NULL"
    )

    def _over_domain(self, program):
        """What was entered are others' addresses, who know nothing of it."""
        limit = fields.Datetime.now() - timedelta(days=program.trace_days)
        return [("program_id", "=", program.id), ("refused_on", "<", limit)]

    def _explain(self, reason):
        """Return a reason's text in the language of the environment."""
        return dict(self._fields["reason"]._description_selection(self.env))[reason]
