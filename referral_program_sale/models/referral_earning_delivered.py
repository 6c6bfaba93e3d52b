from odoo import models
from odoo.tools import SQL


class ReferralEarning(models.AbstractModel):
    """What was ordered and paid, but is delivered later."""

    _inherit = "referral.earning"

    def _line_columns(self):
        return {
            **super()._line_columns(),
            "order_line_id": SQL(
                """
                (SELECT MIN(sold.order_line_id)
                   FROM sale_order_line_invoice_rel sold
                   JOIN referral_delivery delivery
                     ON delivery.order_line_id = sold.order_line_id
                  WHERE sold.invoice_line_id = item.id)
                """
            ),
        }

    def _rendered(self, conditions):
        """Without a service period: the share that was delivered by the last day."""
        return SQL(
            """
            CASE WHEN line.order_line_id IS NULL
                      OR grp.postpaid
                      OR line.start_date IS NOT NULL AND line.end_date IS NOT NULL
                 THEN %(whole)s
                 ELSE LEAST(%(whole)s, COALESCE((
                     SELECT delivery.share
                       FROM referral_delivery delivery
                      WHERE delivery.order_line_id = line.order_line_id
                        AND delivery.date <= %(end)s
                      ORDER BY delivery.date DESC
                      LIMIT 1), 0)) END
            """,
            whole=super()._rendered(conditions),
            end=conditions.end,
        )
