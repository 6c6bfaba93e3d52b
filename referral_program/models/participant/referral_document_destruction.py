from odoo import api, fields, models


class ReferralDocumentDestruction(models.Model):
    """The act of destroying a participant's document."""

    _name = "referral.document.destruction"
    _description = "Referral Document Destruction"
    _inherit = ["referral.log.mixin"]
    _order = "id desc"

    name = fields.Char("Act", required=True)
    participant_id = fields.Many2one("referral.participant", required=True, index=True)
    company_id = fields.Many2one(related="participant_id.company_id")
    document_name = fields.Char("Document", required=True)
    page_count = fields.Integer("Files")
    content_hashes = fields.Text(
        help="SHA-256 of each file that was destroyed, a line each."
    )
    destroyed_on = fields.Datetime(required=True, default=fields.Datetime.now)
    user_id = fields.Many2one(
        "res.users", required=True, default=lambda self: self.env.user
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


class ReferralDocument(models.Model):
    """Documents whose time is over: their contents go, an act stays."""

    _inherit = "referral.document"

    def _destroy(self, rule):
        """Destroy what the documents contain, and leave an act of each.

        Whoever has only begun to join may upload them anew.

        :param str rule: by which rule
        """
        # sudo: acts are written here only; contents go by rule, not by right
        for document in self.sudo().filtered(lambda d: d.state != "destroyed"):
            if document.page_ids or document.text:
                document._leave_act(rule)
            document.page_ids.unlink()
            state = "destroyed"
            if document.participant_id.state == "draft":
                state = "requested"
            document._update_state(state, **self._prepare_text_vals(""))

    def _leave_act(self, rule):
        self.env["referral.document.destruction"].create(
            {
                "participant_id": self.participant_id.id,
                "document_name": self.name,
                "page_count": len(self.page_ids),
                "content_hashes": "\n".join(self.page_ids.mapped("sha256")),
                "rule": rule,
                "user_id": self.env.uid,
            }
        )
