from odoo import api, models


class AccountMove(models.Model):
    """A final credit note is a document of its own, whatever origin it names."""

    _inherit = "account.move"

    @api.depends(
        "invoice_line_ids.is_downpayment",
        "invoice_line_ids.price_subtotal",
        "invoice_line_ids.sale_line_ids",
    )
    def _compute_referral_root_id(self):
        """It charges what was delivered of an order, less than the advance it deducts.

        Countries ask for the advance's invoice as its origin; it reverses nothing.
        """
        result = super()._compute_referral_root_id()
        for move in self.filtered("referral_root_id"):
            if move._deducts_more_than_it_charges():
                move.referral_root_id = False
        return result

    def _deducts_more_than_it_charges(self):
        """Tell whether a credit note charges lines of an order and deducts advances."""
        self.ensure_one()
        if self.move_type != "out_refund":
            return False
        # sudo: whoever edits invoices need not see orders
        lines = self.sudo().invoice_line_ids.filtered("sale_line_ids")
        deducted = lines.filtered("is_downpayment")
        charged = lines - deducted
        return any(line.price_subtotal > 0 for line in deducted) and any(
            line.price_subtotal < 0 for line in charged
        )
