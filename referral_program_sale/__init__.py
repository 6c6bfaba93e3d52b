from . import models


def post_init_hook(env):
    """Keep what was delivered before, as if it had been on the day of the order."""
    env.cr.execute(
        """
        INSERT INTO referral_delivery (order_line_id, date, share)
        SELECT line.id,
               ordered.date_order::date,
               CASE WHEN line.product_uom_qty = 0 THEN 1
                    ELSE GREATEST(0, LEAST(1, line.qty_delivered::numeric
                                              / line.product_uom_qty::numeric)) END
          FROM sale_order_line line
          JOIN sale_order ordered ON ordered.id = line.order_id
          JOIN product_product product ON product.id = line.product_id
          JOIN product_template template ON template.id = product.product_tmpl_id
         WHERE line.qty_delivered_method NOT IN ('manual', 'analytic')
           AND template.invoice_policy = 'order'
        """
    )
