import base64

from odoo import models
from odoo.exceptions import ValidationError

from ...tools.numbers import VALIDATORS
from ...tools.uploads import UploadRefused, check_upload
from .referral_document import MAX_FILES, MEGABYTE


class ReferralDocument(models.Model):
    """Handing in: numbers and files, checked before they are kept."""

    _inherit = "referral.document"

    # === HANDING IN === #

    def _hand_in_text(self, text):
        """Take a text: a number, a series.

        :param str text: as the participant typed it; empty takes it back
        :raise ValidationError: with a text for the participant
        """
        self.ensure_one()
        if self.kind != "text":
            raise ValidationError(self.env._("Choose a file."))
        text = " ".join((text or "").split())[:200]
        if text and self.validator:
            try:
                text = VALIDATORS[self.validator](text)
            except ValueError:
                raise ValidationError(
                    self.env._("This number is not valid. Check it and enter it again.")
                ) from None
        # sudo: the text is closed to the portal, whose user hands it in
        self.sudo()._update_state(
            "draft" if text else "requested", text=text or False, reason=False
        )

    def _hand_in_files(self, files):
        """Take the files in place of those that were there.

        All or none: a file that is refused leaves the document as it was.

        :param list files: pairs of name and bytes
        :raise ValidationError: with a text for the participant
        """
        self.ensure_one()
        program = self.participant_id.program_id.sudo()
        if self.kind != "file" or not files:
            raise ValidationError(self.env._("Choose a file."))
        if len(files) > MAX_FILES:
            raise ValidationError(
                self.env._(
                    "Up to %(count)s files are accepted. Combine the pages into one "
                    "PDF.",
                    count=MAX_FILES,
                )
            )
        uploads = []
        for name, content in files:
            try:
                upload = check_upload(content, program.max_file_size * MEGABYTE)
            except UploadRefused as refusal:
                raise ValidationError(
                    self._explain_refusal(refusal.reason, name)
                ) from None
            uploads.append((name, upload))
        self._check_total_size(program, uploads)
        # sudo: the portal's user hands in through this method only
        document = self.sudo()
        document.page_ids.unlink()
        document._update_state("draft", reason=False)
        self.env["referral.document.page"].sudo().create(
            [
                self._prepare_page_vals(number, name, upload)
                for number, (name, upload) in enumerate(uploads, 1)
            ]
        )

    def _check_total_size(self, program, uploads):
        others = self.participant_id.sudo().document_ids - self
        total = sum(others.page_ids.mapped("size"))
        total += sum(len(upload.content) for _name, upload in uploads)
        if total > program.max_total_size * MEGABYTE:
            raise ValidationError(
                self.env._(
                    "All files together may have at most %(size)s MB. Upload smaller "
                    "files: lower-resolution pictures, or a PDF.",
                    size=program.max_total_size,
                )
            )

    def _prepare_page_vals(self, number, name, upload):
        return {
            "document_id": self.id,
            "sequence": number,
            "name": self.env["referral.document.page"]._safe_name(
                name, upload.extension
            ),
            "content": base64.b64encode(upload.content),
            "mimetype": upload.mimetype,
            "size": len(upload.content),
            "sha256": upload.sha256,
        }

    def _explain_refusal(self, reason, name):
        """Return what the participant can do about a file that was refused."""
        size = self.participant_id.program_id.sudo().max_file_size
        texts = {
            "empty": self.env._("The file is empty. Choose another one."),
            "too_large": self.env._(
                "The file is too large: up to %(size)s MB are accepted.", size=size
            ),
            "type": self.env._(
                "This file is neither a PDF nor a JPEG nor a PNG, whatever its name "
                "says. Save the document in one of these formats."
            ),
            "broken": self.env._(
                "The file cannot be read. Scan or save the document again."
            ),
            "encrypted": self.env._(
                "The PDF is protected by a password. Save it without one."
            ),
            "active": self.env._(
                "The PDF contains scripts, forms or attachments. Print it to a new "
                "PDF, or upload a picture."
            ),
            "foreign": self.env._(
                "The file contains something besides the document. Scan or save the "
                "document again."
            ),
            "pixels": self.env._(
                "The picture is too large: scan the document at a lower resolution."
            ),
            "pages": self.env._(
                "The PDF has too many pages. Upload only the pages that are needed."
            ),
        }
        text = texts[reason]
        if not name:
            return text
        return f"{name[:80]}: {text}"
