from datetime import timedelta

from odoo import fields, models


class ReferralDocumentReading(models.Model):
    """That somebody read a participant's document."""

    _name = "referral.document.reading"
    _description = "Referral Document Reading"
    _inherit = ["referral.log.mixin"]
    _order = "id desc"
    _personal_fields = ("page_name", "ip_address")

    participant_id = fields.Many2one(
        "referral.participant",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="participant_id.company_id")
    document_id = fields.Many2one(
        "referral.document",
        "Document Record",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Empty once the document is deleted; its name is kept.",
    )
    document_name = fields.Char("Document", required=True, readonly=True)
    page_name = fields.Char("File", readonly=True)
    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, ondelete="restrict"
    )
    read_on = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    purpose = fields.Selection(
        [("view", "View"), ("text", "Text"), ("export", "Export")],
        required=True,
        readonly=True,
    )
    ip_address = fields.Char("Address", readonly=True)

    def _over_domain(self, program):
        limit = fields.Datetime.now() - timedelta(days=program.trace_days)
        return [
            ("participant_id.program_id", "=", program.id),
            ("read_on", "<", limit),
        ]
