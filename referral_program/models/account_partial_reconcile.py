from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._mark_for_accrual()
        return partials

    def unlink(self):
        self._mark_for_accrual()
        return super().unlink()

    def _mark_for_accrual(self):
        """Leave a mark only: reconciliation does not become slow by accruals."""
        lines = self.debit_move_id | self.credit_move_id
        self.env["referral.mark"]._mark_reconciled(lines.move_id)
