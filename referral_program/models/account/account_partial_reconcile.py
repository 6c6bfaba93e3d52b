from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._mark_for_accrual()
        return partials

    def unlink(self):
        """Undo the redemptions whose reconciliation with the invoice is taken back."""
        if not self:  # Odoo deletes nothing a dozen times for each payment
            return super().unlink()
        self._mark_for_accrual()
        redemptions = self._redemptions()
        result = super().unlink()
        redemptions._undo()
        return result

    def _redemptions(self):
        """Return the redemptions whose invoice is unmatched by deleting these."""
        # sudo: an accountant without this program's groups undoes them all the same
        items = (self.debit_move_id | self.credit_move_id).sudo()
        reversing = self.env.context.get("referral_reversing")
        if not isinstance(reversing, frozenset):
            reversing = ()  # a request says so, which can send lists only
        return items.filtered(
            lambda item: item.account_id.account_type == "asset_receivable"
            and item.move_id.id not in reversing
        ).move_id.referral_redemption_id

    def _mark_for_accrual(self):
        """Leave a mark only: reconciliation does not become slow by accruals."""
        lines = self.debit_move_id | self.credit_move_id
        self.env["referral.mark"]._mark_reconciled(lines.move_id)
