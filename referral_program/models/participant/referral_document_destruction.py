from odoo import api, fields, models


class ReferralDocumentDestruction(models.Model):
    """The act of destroying a participant's document."""

    _name = "referral.document.destruction"
    _description = "Referral Document Destruction"
    _inherit = ["referral.log.mixin"]
    _order = "id desc"

    name = fields.Char("Act", required=True)
    participant_id = fields.Many2one(
        "referral.participant", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="participant_id.company_id")
    document_name = fields.Char("Document", required=True)
    page_count = fields.Integer("Files")
    content_hashes = fields.Text(
        help="SHA-256 of each file that was destroyed, a line each."
    )
    destroyed_on = fields.Datetime(required=True, default=fields.Datetime.now)
    user_id = fields.Many2one(
        "res.users",
        required=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
    )
    rule = fields.Char(
        required=True, help="The rule by which the document was destroyed."
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["name"] = self.env["ir.sequence"].next_by_code(
                "referral.document.destruction"
            )
        return super().create(vals_list)
