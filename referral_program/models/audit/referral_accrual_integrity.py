from odoo import fields, models
from odoo.tools import SQL


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
        self.env.cr.execute(
            SQL(
                "UPDATE referral_accrual SET checked_on = %s WHERE id = %s",
                run.started_on,
                self.id,
            )
        )
        self.invalidate_recordset(["checked_on"])

    # === ACTION METHODS === #

    def action_check_integrity(self):
        """Check what the month wrote and open the result."""
        self.ensure_one()
        self.program_id._check_accountant()
        return self.program_id._check_integrity(self)._get_records_action()
