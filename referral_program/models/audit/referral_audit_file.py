import hashlib
import logging

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import NO_ACCESS

from ...tools.actions import download
from ...tools.mimetypes import XLSX

_logger = logging.getLogger(__name__)


class ReferralAuditFile(models.Model):
    """That somebody had the audit file of a month made, with the file's hash.

    The latest file of each month is kept, closed to everybody: it is read through
    :meth:`_read_file`, which compares it with the hash. Of earlier ones the hash
    stays, so that whoever has such a file can show that it is the one.
    """

    _name = "referral.audit.file"
    _description = "Referral Audit File"
    _inherit = ["referral.log.mixin"]
    _order = "id desc"

    name = fields.Char("File", required=True)
    accrual_id = fields.Many2one("referral.accrual", required=True, index=True)
    program_id = fields.Many2one(related="accrual_id.program_id")
    company_id = fields.Many2one(related="accrual_id.company_id")
    made_on = fields.Datetime(required=True)
    user_id = fields.Many2one("res.users", "Made By", required=True)
    lang = fields.Char("Language", required=True)
    sha256 = fields.Char("Hash", required=True, help="SHA-256.")
    size = fields.Integer("Size (bytes)")
    xlsx = fields.Binary("XLSX Document", attachment=True, groups=NO_ACCESS)
    is_kept = fields.Boolean(
        "Kept",
        compute="_compute_is_kept",
        help="Only the latest file of a month is kept; of earlier files, only the "
        "hash.",
    )

    def _compute_is_kept(self):
        # sudo: the files are closed to everybody
        kept = set(self.sudo()._stored_files().mapped("res_id"))
        for file in self:
            file.is_kept = file.id in kept

    def _stored_files(self):
        return self.env["ir.attachment"].search(
            [
                ("res_model", "=", self._name),
                ("res_field", "=", "xlsx"),
                ("res_id", "in", self.ids),
            ]
        )

    # === MAKING === #

    def _make(self, accrual):
        """Make the audit file of a posted accrual anew, and write that down.

        The caller has checked that the user may.

        :param accrual: one ``referral.accrual``
        :return: the new ``referral.audit.file``, as the user sees it
        """
        user = self.env.user
        lang = self.env.lang or user.lang or "en_US"
        # sudo: an auditor may change nothing, yet that a file was made is recorded
        accrual = accrual.sudo().with_context(lang=lang)
        made_on = fields.Datetime.now()
        content = self._render(accrual, made_on, user)
        file = self.sudo().create(
            {
                "name": f"audit-{accrual.period_start:%Y-%m}-{accrual.id}.xlsx",
                "accrual_id": accrual.id,
                "made_on": made_on,
                "user_id": user.id,
                "lang": lang,
                "sha256": hashlib.sha256(content).hexdigest(),
                "size": len(content),
            }
        )
        file._store(content)
        accrual.message_post(
            body=self.env._(
                "Audit file %(name)s was made. Its SHA-256: %(hash)s",
                name=file.name,
                hash=file.sha256,
            ),
            author_id=user.partner_id.id,
        )
        return file.with_env(self.env)

    def _render(self, accrual, made_on, user):
        """Return the workbook's bytes."""
        report = self.env["report.referral_program.audit_file_xlsx"].with_env(
            accrual.env
        )
        run = accrual.program_id._check_integrity(accrual, origin="button")
        # what is read in SQL has to be in the database
        self.env.flush_all()
        content, _kind = report.with_context(
            active_model=accrual._name
        ).create_xlsx_report(
            accrual.ids, {"made_on": made_on, "user": user, "integrity": run}
        )
        return content

    def _store(self, content):
        """Keep the file, and no longer those that were made of the month before."""
        self.search(
            [("accrual_id", "=", self.accrual_id.id), ("id", "<", self.id)]
        )._stored_files().unlink()
        self.env["ir.attachment"].create(
            {
                "name": self.name,
                "res_model": self._name,
                "res_field": "xlsx",
                "res_id": self.id,
                "raw": content,
                "mimetype": XLSX,
            }
        )

    # === READING === #

    def _read_file(self):
        """Return the file's bytes.

        The caller has checked that the user may.

        :raise UserError: if it is not kept any more, or is not the one that was made
        """
        self.ensure_one()
        # sudo: the files are closed to everybody, so that nobody reads past the hash
        stored = self.sudo()._stored_files()
        if not stored:
            raise UserError(
                self.env._(
                    "%(name)s has been generated again since, and only the latest "
                    "file of a month is kept. Download the latest file.",
                    name=self.name,
                )
            )
        content = stored.raw or b""
        if hashlib.sha256(content).hexdigest() != self.sha256:
            _logger.error(
                "Audit file %s (%s) does not match its hash", self.id, self.name
            )
            raise UserError(
                self.env._(
                    "The stored file %(name)s has been damaged or changed: it does "
                    "not match its hash. Create it again.",
                    name=self.name,
                )
            )
        return content

    def action_download(self):
        """Download these files: one as it is, several in a ZIP file.

        :raise UserError: if one is not kept any more
        """
        self.check_access("read")
        for file in self:
            if not file.is_kept:
                file._read_file()  # says why
        return download(f"/referral/audit/{','.join(map(str, self.ids))}")
