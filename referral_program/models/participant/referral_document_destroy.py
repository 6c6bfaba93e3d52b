from odoo import models


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
