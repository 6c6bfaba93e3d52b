import base64
import re

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import NO_ACCESS
from odoo.http import request


class ReferralDocumentPage(models.Model):
    """A file of a document: a page, or several in a PDF.

    Its content is kept encrypted and read through the program's own routes only,
    which keep a log; the field itself is closed to everybody, and so is its
    attachment.
    """

    _name = "referral.document.page"
    _description = "Referral Document Page"
    _inherit = ["referral.secret.mixin"]
    _order = "document_id, sequence, id"

    document_id = fields.Many2one(
        "referral.document", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    name = fields.Char("File", required=True)
    content = fields.Binary(attachment=True, required=True, groups=NO_ACCESS)
    mimetype = fields.Char("Type", required=True)
    size = fields.Integer(required=True, help="In bytes.")
    sha256 = fields.Char("Hash", required=True)

    def write(self, vals):
        if vals.keys() - {"sequence"}:
            raise UserError(
                self.env._("A file cannot be edited. Upload a new one instead.")
            )
        return super().write(vals)

    def _read_content(self, purpose):
        """Return the file's bytes, and keep a record of who read them.

        The caller has checked that the user may.

        :param str purpose: ``view`` or ``export``
        :return bytes: the content
        :raise ValidationError: without the right key
        """
        self.ensure_one()
        self.document_id._log_reading(purpose, self)
        # sudo: the field is closed to everybody, so that nobody reads past the log
        return self._decrypt(base64.b64decode(self.sudo().content))

    def _renew_secret(self):
        content = self._renewed(base64.b64decode(self.content))
        if content is None:
            return False
        # past the guard: the file is the same
        return super().write({"content": base64.b64encode(self._encrypt(content))})

    def _safe_name(self, name, extension):
        """Return a file name without paths, control signs and false extensions."""
        stem = re.split(r"[\\/]", name or "")[-1].rsplit(".", 1)[0]
        stem = re.sub(r"[^\w\- ]+", "_", stem).strip(" _")[:60]
        return f"{stem or 'document'}.{extension}"

    def _address(self):
        """Return the address of the request that is being served, if any."""
        return request.httprequest.remote_addr if request else False
