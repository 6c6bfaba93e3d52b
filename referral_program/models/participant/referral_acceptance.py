from datetime import timedelta

from odoo import api, fields, models


class ReferralAcceptance(models.Model):
    """Who accepted which version of a text, when and from where."""

    _name = "referral.acceptance"
    _description = "Referral Acceptance"
    _inherit = ["referral.log.mixin"]
    _order = "accepted_on desc, id desc"
    _rec_names_search = ["participant_id", "agreement_id"]
    _personal_fields = ("ip_address", "user_agent")

    participant_id = fields.Many2one("referral.participant", required=True, index=True)
    company_id = fields.Many2one(related="participant_id.company_id")
    agreement_id = fields.Many2one("referral.agreement", required=True, index=True)
    version = fields.Integer(related="agreement_id.version")
    user_id = fields.Many2one(
        "res.users", help="Empty once the user has been deleted: the name is kept."
    )
    user_name = fields.Char(
        "Accepted By", required=True, help="The user's name and login at that moment."
    )
    accepted_on = fields.Datetime(required=True, default=fields.Datetime.now)
    ip_address = fields.Char("Address")
    user_agent = fields.Char("Browser")
    lang = fields.Char("Language")
    text_hash = fields.Char(
        "Text's Hash",
        required=True,
        help="SHA-256 of title and text, as they were shown in that language.",
    )

    _once_unique = models.UniqueIndex(
        "(participant_id, agreement_id)", "This version is accepted already."
    )

    def _over_domain(self, program):
        """With the documents, if there were any: until then it proves who accepted."""
        limit = fields.Datetime.now() - timedelta(days=program.retention_days)
        return [
            ("participant_id.program_id", "=", program.id),
            ("participant_id.state", "in", ("rejected", "closed")),
            ("participant_id.state_since", "<", limit),
        ]

    @api.depends("participant_id", "agreement_id")
    def _compute_display_name(self):
        for acceptance in self:
            acceptance.display_name = (
                f"{acceptance.participant_id.display_name}: "
                f"{acceptance.agreement_id.display_name}"
            )
