from odoo import models
from odoo.exceptions import AccessError


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def _check_access(self, operation):
        """Close the files of documents to everybody, administrators too.

        They are read through the program's own routes, which keep a log.
        """
        result = super()._check_access(operation)
        if self.env.su:
            return result
        # sudo: whose file it is has to be known before anybody may read it
        closed = self.sudo().filtered(
            lambda attachment: attachment.res_model == "referral.document.page"
        )
        closed = self.browse(closed._ids)
        if not closed:
            return result
        forbidden = closed | (result[0] if result else self.browse())

        def error():
            return AccessError(
                self.env._(
                    "Participants' documents are opened in the referral program, "
                    "where each reading is recorded."
                )
            )

        return forbidden, error
