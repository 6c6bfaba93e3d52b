from dataclasses import replace

from odoo import models
from odoo.tools import SQL

from odoo.addons.referral_program.models.earning.referral_earning import RECEIVED

#: The last word of the names of the temporary tables about advances.
STAGE = "_advance"


class ReferralEarning(models.AbstractModel):
    """Advances: down payments that a final document of the order deducts.

    Advance and deduction share a line of the order. A deduction is worth the share
    of the advance that was paid; in all, no more than the advance.
    """

    _inherit = "referral.earning"

    # === OVERRIDE POINTS === #

    def _root_sign(self):
        """A credit note that deducts an advance is a final document: it charges what
        was delivered, which is less than the advance."""
        return SQL(
            """
            CASE WHEN move.move_type = 'out_refund'
                      AND EXISTS (SELECT FROM account_move_line item
                                   WHERE item.move_id = move.id
                                     AND item.is_downpayment
                                     AND item.display_type = 'product'
                                     AND item.balance > 0)
                 THEN 1 ELSE %s END
            """,
            super()._root_sign(),
        )

    def _advances(self, conditions):
        others = super()._advances(conditions)
        # what pays an advance is looked at without what that deducts in its turn:
        # an advance's rest may pay the advance itself
        if STAGE in conditions.stage:
            return others
        deducted = self.env.execute_query(self._deducted_query(conditions))
        if not deducted:
            return others
        groups, sold, amounts = map(list, zip(*deducted, strict=True))
        worth = self._advance_worth(conditions, [id_ for id_ in sold if id_])
        own = SQL(
            """
            SELECT deducted.group_id, money.amount, money.date, money.deducted,
                   money.amount AS invoiced
              FROM UNNEST(%(groups)s, %(sold)s::int[], %(amounts)s::numeric[])
                   deducted(group_id, order_line_id, amount)
              LEFT JOIN UNNEST(%(lines)s::int[], %(worth)s::numeric[],
                               %(later)s::date[])
                   advance(order_line_id, worth, later)
                ON advance.order_line_id = deducted.order_line_id
             CROSS JOIN LATERAL (
                    SELECT deducted.amount * COALESCE(advance.worth, 0),
                           %(end)s::date,
                           deducted.amount
                     UNION ALL
                    SELECT 0, advance.later, 0 WHERE advance.later IS NOT NULL
                   ) money(amount, date, deducted)
            """,
            groups=groups,
            sold=sold,
            amounts=amounts,
            lines=[id_ for id_, _worth, _later in worth],
            worth=[part for _id, part, _later in worth],
            later=[later for _id, _worth, later in worth],
            end=conditions.end,
        )
        return SQL(" UNION ALL ").join(part for part in (others, own) if part)

    # === STEPS === #

    def _deducted_query(self, conditions):
        """Return the ``SELECT`` of what documents took off for advances.

        By group and line of the order, in the currency of the group's root. A copied
        document has no line of an order: what it takes off was paid by nobody.
        """
        return SQL(
            """
            SELECT charge.group_id, charge.order_line_id, -charge.amount
              FROM (%s) charge
             WHERE charge.amount < 0
            """,
            self._charge_query(
                conditions,
                SQL(),
                SQL("member.currency_id"),
                SQL("COALESCE(member.per_unit, member.invoice_currency_rate)"),
            ),
        )

    def _advance_worth(self, conditions, order_line_ids):
        """Return how much of a unit that is deducted for an advance was paid.

        :param list order_line_ids: the orders' lines of the advances
        :return: rows of such a line, 0 to 1, and the day on which that changes
        """
        advance = replace(conditions, stage=f"{conditions.stage}{STAGE}")
        self._make_received(
            advance,
            SQL(
                """
                SELECT COALESCE(move.referral_root_id, move.id) AS group_id
                  FROM sale_order_line_invoice_rel sold
                  JOIN account_move_line item ON item.id = sold.invoice_line_id
                  JOIN account_move move ON move.id = item.move_id
                 WHERE sold.order_line_id = ANY(%s)
                 GROUP BY 1
                """,
                order_line_ids,
            ),
        )
        worth = self.env.execute_query(
            SQL(
                """
                SELECT charge.order_line_id,
                       COALESCE(
                           SUM(GREATEST(charge.amount, 0) * share.paid)
                           / NULLIF(GREATEST(SUM(GREATEST(charge.amount, 0)),
                                             -SUM(LEAST(charge.amount, 0))), 0),
                           0),
                       MIN(paid.look_again)
                  FROM (%(charges)s) charge
                  JOIN (%(paid)s) paid ON paid.group_id = charge.group_id
                 CROSS JOIN LATERAL (
                        SELECT CASE WHEN paid.net > 0
                                    THEN GREATEST(0, LEAST(1, paid.money / paid.net))
                                    ELSE 0 END
                       ) share(paid)
                 WHERE charge.order_line_id = ANY(%(lines)s)
                 GROUP BY charge.order_line_id
                """,
                charges=self._charge_query(
                    advance,
                    SQL(
                        """
                        JOIN sale_order_line own ON own.id = sold.order_line_id
                        JOIN sale_order ordered ON ordered.id = own.order_id
                        """
                    ),
                    SQL("ordered.currency_id"),
                    SQL("ordered.currency_rate::numeric"),
                ),
                paid=self._paid_query(advance),
                lines=order_line_ids,
            )
        )
        self._drop_tables(advance, RECEIVED)
        return worth

    def _charge_query(self, conditions, joins, currency, unit, charged=None):
        """Return the ``SELECT`` of what groups charge for advances, less deductions.

        By line of an order, with tax, by the last day.

        :param SQL joins: further joins to ``sold``, the line of the order
        :param SQL currency: the currency of the amounts
        :param SQL unit: what a unit of the company's currency is in that
        :param SQL charged: whether a line, ``item``, is of an advance, or of what else
            is charged; of an advance, if left out
        """
        return SQL(
            """
            SELECT member.group_id,
                   sold.order_line_id,
                   SUM(CASE WHEN item.currency_id = %(currency)s
                            THEN member.sign * item.price_total
                            ELSE -item.balance * item.price_total
                                 / NULLIF(item.price_subtotal, 0) * %(unit)s END)
                       FILTER (WHERE member.invoice_date <= %(end)s) AS amount
              FROM %(members)s member
              JOIN account_move_line item
                ON item.move_id = member.move_id
               AND item.display_type = 'product'
               AND %(charged)s
              LEFT JOIN sale_order_line_invoice_rel sold
                ON sold.invoice_line_id = item.id
              %(joins)s
             GROUP BY member.group_id, sold.order_line_id
            """,
            currency=currency,
            unit=unit,
            end=conditions.end,
            members=conditions.table("member"),
            joins=joins,
            charged=charged or SQL("item.is_downpayment"),
        )
