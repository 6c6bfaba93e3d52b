import base64
from contextlib import suppress

from odoo import api, fields, models
from odoo.fields import NO_ACCESS
from odoo.http import request

from ...tools import secrets


class ReferralDocument(models.Model):
    """The text of a document: kept encrypted, read on record."""

    _name = "referral.document"
    _inherit = ["referral.document", "referral.secret.mixin"]

    text = fields.Char(
        readonly=True, copy=False, groups=NO_ACCESS, help="Kept encrypted."
    )
    text_digest = fields.Char(
        readonly=True,
        copy=False,
        groups=NO_ACCESS,
        index="btree_not_null",
        help="The same for the same text. Without the key it reveals nothing.",
    )
    shown_text = fields.Char(
        "Number",
        compute="_compute_shown_text",
        groups="referral_program.group_officer",
        help="What the participant entered. Each access is recorded.",
    )

    @api.depends_context("uid", "su")
    def _compute_shown_text(self):
        """Show the text to a user who asks for it, and record who it was.

        Mails, reports and actions get nothing: they run in superuser mode, or in the
        name of somebody who does not know.
        """
        in_person = bool(
            not self.env.su and request and request.env.uid == self.env.uid
        )
        for document in self:
            document.shown_text = in_person and document._read_text("text")

    def _read_text(self, purpose):
        """Return the text, and keep a record of who read it.

        The caller has checked that the user may.

        :param str purpose: ``text`` or ``export``
        :return str: empty if there is none
        :raise ValidationError: without the right key
        """
        self.ensure_one()
        # sudo: the field is closed to everybody, so that nobody reads past the log
        secret = self.sudo().text
        if not secret:
            return ""
        self._log_reading(purpose)
        return self._decrypt(self._bytes_of(secret)).decode()

    def _prepare_text_vals(self, text):
        """Return the values of a text as it is kept.

        :param str text: as it was handed in; nothing is kept of an empty one
        """
        if not text:
            return {"text": False, "text_digest": False}
        same = "".join(filter(str.isalnum, text.upper()))
        secret = self._encrypt(text.encode())
        return {
            "text": base64.urlsafe_b64encode(secret).decode(),
            "text_digest": self._digest(same) if same else False,
        }

    def _bytes_of(self, secret):
        """Return what is kept as bytes: a text of before encryption, as it is."""
        with suppress(ValueError):
            content = base64.b64decode(secret, altchars=b"-_", validate=True)
            if secrets.is_encrypted(content):
                return content
        return secret.encode()

    def _renew_secret(self):
        text = self._renewed(self._bytes_of(self.text))
        if text is None:
            return False
        return self._write_unguarded(self._prepare_text_vals(text.decode()))
