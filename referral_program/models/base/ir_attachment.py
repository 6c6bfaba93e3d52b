from odoo import models
from odoo.exceptions import AccessError
from odoo.fields import Domain

#: Records whose files are read through the program's own routes only.
CLOSED_MODELS = (
    "referral.audit.file",
    "referral.document.page",
    "referral.statement",
)


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def _check_access(self, operation):
        """Close the files of documents and statements, to administrators too.

        They are read through the program's own routes: these keep a log of who reads
        documents, and compare statements with their hashes.
        """
        result = super()._check_access(operation)
        if self.env.su:
            return result
        # sudo: whose file it is has to be known before anybody may read it
        closed = self.sudo().filtered(
            lambda attachment: attachment.res_model in CLOSED_MODELS
        )
        closed = self.browse(closed._ids)
        if not closed:
            return result
        forbidden = closed | (result[0] if result else self.browse())

        def error():
            return AccessError(
                self.env._(
                    "Open participants' documents and statements in the referral "
                    "program: it records who reads them, and compares them with their "
                    "hashes."
                )
            )

        return forbidden, error

    def _search(self, domain, *args, bypass_access=False, **kwargs):
        """Leave these files out of every search but the program's own."""
        if not self.env.su and not bypass_access:
            domain = Domain(domain) & (
                Domain("res_model", "not in", CLOSED_MODELS)
                | Domain("res_model", "=", False)
            )
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)
