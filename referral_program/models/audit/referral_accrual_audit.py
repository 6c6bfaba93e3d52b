from odoo import fields, models
from odoo.exceptions import UserError

from ...tools.actions import window
from ...tools.counting import set_counts
from ...tools.roles import check_role

AUDIT_GROUPS = (
    "referral_program.group_auditor",
    "referral_program.group_accountant",
)


class ReferralAccrual(models.Model):
    """The audit files of posted months."""

    _inherit = "referral.accrual"

    audit_file_ids = fields.One2many(
        "referral.audit.file",
        "accrual_id",
        "Audit Files",
        groups=",".join(AUDIT_GROUPS),
    )
    audit_file_count = fields.Integer(
        compute="_compute_audit_file_count", groups=",".join(AUDIT_GROUPS)
    )

    def _compute_audit_file_count(self):
        set_counts(
            self, "audit_file_count", self.env["referral.audit.file"], "accrual_id"
        )

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
        return window(
            self.env, "referral_audit_file_action", [("accrual_id", "in", self.ids)]
        )
