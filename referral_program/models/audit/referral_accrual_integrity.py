from odoo import fields, models

from ...tools.columns import write_columns


class ReferralAccrual(models.Model):
    """Whether what a posted month wrote ties."""

    _inherit = "referral.accrual"

    checked_on = fields.Datetime(
        readonly=True,
        copy=False,
        help="When the scheduled action checked the posted month.",
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
