import base64

from odoo import fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...tools.numbers import VALIDATORS
from ...tools.uploads import UploadRefused, check_upload, seconds_spent
from .referral_document import MAX_FILES, MEGABYTE
from .referral_pace import (
    COSTLY_UPLOAD,
    FREE_SECONDS,
    PATIENT_UPLOADS,
    UPLOADS_A_SECOND,
    UPLOADS_AN_HOUR,
)


class UploadsBusy(ValidationError):
    """Others are at it: whatever came with the same request need not be tried."""


class ReferralDocument(models.Model):
    """Handing in: numbers and files, checked before they are kept."""

    _inherit = "referral.document"

    uploader_id = fields.Many2one(
        "res.users",
        "Uploaded By",
        readonly=True,
        copy=False,
        help="The participant's own user, or an officer who uploaded it for them.",
    )

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
            "draft" if text else "requested",
            reason=False,
            uploader_id=self.env.uid,
            **self._prepare_text_vals(text),
        )

    def _hand_in_files(self, files):
        """Take the files in place of those that were there.

        All or none: a file that is refused leaves the document as it was. One after
        the other, so that no more than one of them is in memory.

        :param list files: pairs of name and bytes, or a file to read them from
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
        self._take_turn(self.participant_id.partner_id)
        counted = self._count_uploads(len(files))
        # sudo: the portal's user hands in through this method only
        document = self.sudo()
        with self.env.cr.savepoint():
            document.page_ids.unlink()
            document._update_state("draft", reason=False, uploader_id=self.env.uid)
            for number, (name, content) in enumerate(files, 1):
                upload = document._check_file(
                    name, content, patient=counted <= PATIENT_UPLOADS
                )
                page = document.page_ids.create(
                    document._prepare_page_vals(number, name, upload)
                )
                # written, and out of memory
                page.flush_recordset()
                page.invalidate_recordset()
                document._check_total_size(program)

    def _take_turn(self, client):
        """Have a client hand in by one request at a time: the others would wait for it,
        each with a worker, and be run again.

        :raise ValidationError: if another request is at it
        """
        query = "SELECT pg_try_advisory_xact_lock(hashtext('referral.document'), %s)"
        [[alone]] = self.env.execute_query(SQL(query, client.id))
        if not alone:
            raise UploadsBusy(self._explain_refusal("busy", ""))

    def _count_uploads(self, files):
        """Count a client's files: a membership may be undone with what is in it.

        :return int: how many within an hour
        :raise ValidationError: if there were too many
        """
        client = self.participant_id.partner_id
        paces = self.env["referral.pace"]
        return paces._step("upload", client.id, UPLOADS_AN_HOUR, files)

    def _check_four_eyes(self):
        """Refuse officers who verify what is their own, or what they uploaded.

        :raise UserError: saying who else can
        """
        self.participant_id._check_not_ones_own()
        user = self.env.user
        for document in self.filtered(lambda d: d.uploader_id == user):
            if not self.env.su:
                document.participant_id.program_id._refuse_alone(
                    "group_officer",
                    user,
                    self.env._(
                        "You uploaded %(document)s for %(participant)s yourself.",
                        document=document.name,
                        participant=document.participant_id.display_name,
                    ),
                )

    def _check_file(self, name, content, patient):
        """Return an upload that may be kept; what it took counts as uploads, too.

        :raise ValidationError: with a text for the participant
        """
        before, more = seconds_spent(), 0
        max_size = self.participant_id.program_id.max_file_size * MEGABYTE
        try:
            if not isinstance(content, bytes):
                # a request that is run again has read it; no further than needed
                content.seek(0)
                content = content.read(max_size + 1)
            return check_upload(content, max_size, patient=patient)
        except UploadRefused as refusal:
            if refusal.reason == "costly":
                more = COSTLY_UPLOAD - 1
            error = UploadsBusy if refusal.reason == "busy" else ValidationError
            raise error(self._explain_refusal(refusal.reason, name)) from None
        finally:
            seconds = seconds_spent() - before - FREE_SECONDS
            if more := max(more, round(seconds * UPLOADS_A_SECOND)):
                self._count_uploads(more)

    def _check_total_size(self, program):
        total = sum(self.participant_id.document_ids.page_ids.mapped("size"))
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
            "content": base64.b64encode(self._encrypt(upload.content)),
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
            "packed": self.env._(
                "The PDF is packed in a way that is not accepted. Print it to a new "
                "PDF, or upload a picture."
            ),
            "costly": self.env._(
                "Reading the file takes too long or too much memory. Scan the "
                "document at a lower resolution, or print it to a new PDF."
            ),
            "busy": self.env._(
                "Too many files are being checked. Try again in a minute."
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
