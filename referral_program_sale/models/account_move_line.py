from odoo import models

#: What says that a line is an advance, and which documents deduct it.
ADVANCE = frozenset({"is_downpayment", "sale_line_ids"})


class AccountMoveLine(models.Model):
    """Lines of advances, and those that deduct them, leave marks for each other."""

    _inherit = "account.move.line"

    def write(self, vals):
        changing = self if ADVANCE & vals.keys() else self.browse()
        changing._mark_advances()
        result = super().write(vals)
        changing._mark_advances()
        return result

    def unlink(self):
        self._mark_advances()
        return super().unlink()

    def _mark_advances(self):
        """Have the next accrual look at all documents of these lines' advances."""
        # sudo: whoever edits an invoice need not see the order, nor its other ones
        own = self.sudo().filtered("is_downpayment")
        self.env["referral.mark"]._mark_moves(own.sale_line_ids.invoice_lines.move_id)
