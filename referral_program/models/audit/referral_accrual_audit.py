from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.actions import window_of
from ...tools.columns import write_columns
from ...tools.counting import count_of
from ...tools.roles import check_role
from .integrity import chain

AUDIT_GROUPS = (
    "referral_program.group_auditor",
    "referral_program.group_accountant",
)


class ReferralAccrual(models.Model):
    """What proves a posted month: its place in the chain, its checks and audit files.

    Each hash of the chain covers the one before, and is written in the transaction that
    posts the month's last entry. What is in it, and how it is written, is in
    ``models/audit/integrity/ways.py``.
    """

    _inherit = "referral.accrual"

    chain_number = fields.Integer(
        "Place in the Chain",
        readonly=True,
        copy=False,
        help="The month's number in the chain of hashes, from 1 on.",
    )
    hash = fields.Char(
        "Month's Hash",
        readonly=True,
        copy=False,
        help="SHA-256 over everything that the month credited and over the hash of "
        "the month before, written when it was posted.",
    )
    previous_hash = fields.Char(
        "Hash of the Month Before",
        readonly=True,
        copy=False,
        help="Zeros for the first month.",
    )
    hash_version = fields.Integer(
        "Version of the Hash",
        readonly=True,
        copy=False,
        help="The version of the rule by which the hash is computed.",
    )
    terms_hash = fields.Char("Hash of the Terms", readonly=True, copy=False)
    compensations_hash = fields.Char(
        "Hash of the Compensations", readonly=True, copy=False
    )
    lines_hash = fields.Char("Hash of the Lines", readonly=True, copy=False)
    items_hash = fields.Char("Hash of the Journal Items", readonly=True, copy=False)
    statements_hash = fields.Char(
        "Hash of the Statements",
        readonly=True,
        copy=False,
        help="SHA-256 over the participants' statements, written when they were made.",
    )
    checked_on = fields.Datetime(
        readonly=True,
        copy=False,
        help="When the scheduled action checked the posted month.",
    )
    audit_file_ids = fields.One2many(
        "referral.audit.file",
        "accrual_id",
        "Audit Files",
        groups=",".join(AUDIT_GROUPS),
    )
    audit_file_count = fields.Integer(
        compute=count_of("audit_file_count", "referral.audit.file", "accrual_id"),
        groups=",".join(AUDIT_GROUPS),
    )

    # Two months posted at once cannot follow the same one.
    _chain_unique = models.UniqueIndex(
        "(program_id, chain_number) WHERE chain_number > 0",
        "Another month already has this place in the chain.",
    )
    _previous_unique = models.UniqueIndex(
        "(program_id, previous_hash) WHERE previous_hash IS NOT NULL",
        "Another accrual already follows the same month.",
    )

    def _seal(self):
        """Add the month to the chain.

        The first one seals what was posted before there was a chain, too.
        """
        self.ensure_one()
        self.env.flush_all()
        [program] = self.env.execute_query_dict(
            SQL(
                "SELECT COALESCE(chain_length, 0) AS length, chain_head AS head"
                " FROM referral_program WHERE id = %s FOR NO KEY UPDATE",
                self.program_id.id,
            )
        )
        months = self
        if not program["length"]:
            months |= self.search(
                [
                    ("program_id", "=", self.program_id.id),
                    ("state", "=", "posted"),
                    ("period_start", "<", self.period_start),
                ]
            )
        number, head = program["length"], program["head"] or chain.GENESIS
        for number, accrual in enumerate(months.sorted("period_start"), number + 1):  # noqa: B020
            [[head]] = self.env.execute_query(
                chain.seal_query(accrual.id, number, head)
            )
            accrual._seal_statements()
        write_columns(self.program_id, chain_length=number, chain_head=head)
        months.invalidate_recordset()

    def _seal_statements(self):
        """Write the hash of the month's statements, if they are made."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE referral_accrual accrual
                   SET statements_hash = seal.hash
                  FROM (%s) seal
                 WHERE accrual.id = seal.accrual_id
                   AND accrual.statements_on IS NOT NULL
                """,
                chain.statements_seal_query(SQL("SELECT %s", self.id)),
            )
        )

    def _check_once(self):
        """Check what the month wrote, and remember that it is checked."""
        run = self.program_id._check_integrity(self, origin="accrual")
        write_columns(self, checked_on=run.started_on)

    # === ACTION METHODS === #

    def action_check_integrity(self):
        """Check what the month wrote and open the result."""
        self.ensure_one()
        self.program_id._check_accountant()
        return self.program_id._check_integrity(self)._get_records_action()

    def action_make_audit_file(self):
        """Make the audit file of each of these months, and download them.

        :return: the action that downloads a workbook, or a ZIP file of several
        :raise AccessError: if the user is neither auditor nor accountant
        :raise UserError: if a month is not posted
        """
        self.check_access("read")
        check_role(
            self.env,
            self.env._("Only auditors and accountants may create audit files."),
            *AUDIT_GROUPS,
        )
        open_months = self.filtered(lambda accrual: accrual.state != "posted")
        if open_months or not self:
            raise UserError(
                self.env._(
                    "Audit files can be created only for posted months. Not posted "
                    "yet: %(accruals)s",
                    accruals=", ".join(open_months.mapped("display_name")),
                )
            )
        files = self.env["referral.audit.file"]
        for accrual in self:
            files |= files._make(accrual)
        return files.action_download()

    def action_view_audit_files(self):
        """Open the list of these months' audit files."""
        return window_of(self, "referral_audit_file_action", "accrual_id")
