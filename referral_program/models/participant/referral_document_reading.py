from datetime import timedelta

from odoo import fields, models


class ReferralDocumentReading(models.Model):
    """That somebody read a participant's document."""

    _name = "referral.document.reading"
    _description = "Referral Document Reading"
    _inherit = ["referral.log.mixin"]
    _order = "id desc"
    _personal_fields = ("page_name", "ip_address")

    participant_id = fields.Many2one("referral.participant", required=True, index=True)
    company_id = fields.Many2one(related="participant_id.company_id")
    document_id = fields.Many2one(
        "referral.document",
        "Document Record",
        index="btree_not_null",
        help="Empty once the document is deleted; its name is kept.",
    )
    document_name = fields.Char("Document", required=True)
    page_name = fields.Char("File")
    user_id = fields.Many2one("res.users", required=True)
    read_on = fields.Datetime(required=True, default=fields.Datetime.now)
    purpose = fields.Selection(
        [("view", "View"), ("text", "Text"), ("export", "Export")], required=True
    )
    ip_address = fields.Char("Address")

    def _over_domain(self, program):
        limit = fields.Datetime.now() - timedelta(days=program.trace_days)
        return [
            ("participant_id.program_id", "=", program.id),
            ("read_on", "<", limit),
        ]
