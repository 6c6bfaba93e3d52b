from odoo import models
from odoo.tools import SQL


class ReferralMark(models.Model):
    _inherit = "referral.mark"

    def _concerned(self):
        """What becomes of an advance concerns the documents that deduct it."""
        return [
            *super()._concerned(),
            SQL(
                """
                SELECT COALESCE(document.referral_root_id, document.id)
                  FROM account_move advance
                  JOIN account_move_line item
                    ON item.move_id = advance.id AND item.is_downpayment
                  JOIN sale_order_line_invoice_rel own
                    ON own.invoice_line_id = item.id
                  JOIN sale_order_line_invoice_rel other
                    ON other.order_line_id = own.order_line_id
                  JOIN account_move_line line ON line.id = other.invoice_line_id
                  JOIN account_move document
                    ON document.id = line.move_id
                   AND document.move_type IN ('out_invoice', 'out_refund')
                 WHERE advance.id = touched.id OR advance.referral_root_id = touched.id
                """
            ),
        ]
