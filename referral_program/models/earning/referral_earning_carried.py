from odoo import models
from odoo.tools import SQL


class ReferralEarning(models.AbstractModel):
    """Entries that carry a receivable on: worth what real money settled of them."""

    _inherit = "referral.earning"

    def _add_carried(self, conditions):
        """Add what entries settle that were settled by real money in their turn.

        One step further, not more: by whoever the receivable was carried on to, or by
        the bank on a transit account.
        """
        self.env.cr.execute(
            SQL(
                """
                WITH part AS MATERIALIZED (%(parts)s),
                settled AS (%(settled)s)
                INSERT INTO %(credit)s
                SELECT part.group_id,
                       NULL,
                       part.move_id,
                       part.day,
                       part.amount,
                       CASE WHEN part.day <= %(end)s
                            THEN COALESCE(settled.worth, 0) ELSE 0 END,
                       CASE WHEN part.day > %(end)s
                            THEN GREATEST(part.day, settled.look_again)
                            ELSE settled.look_again END
                  FROM part
                  JOIN settled ON settled.move_id = part.move_id
                """,
                parts=self._carried_query(conditions),
                settled=self._settled_query(conditions),
                credit=conditions.table("credit"),
                end=conditions.end,
            )
        )

    def _carried_query(self, conditions):
        """Return the ``SELECT`` of what such entries settle."""
        return SQL(
            """
            SELECT member.group_id,
                   payer.id AS move_id,
                   part.max_date AS day,
                   %(amount)s AS amount
              FROM %(members)s member
              JOIN %(money)s money
                ON money.group_id = member.group_id AND money.carried
              %(counterparts)s
             WHERE member.sign > 0
               AND %(is_carried)s
               AND NOT %(is_money)s
            """,
            amount=self._part_amount(),
            members=conditions.table("member"),
            money=conditions.table("money"),
            counterparts=self._counterparts(conditions),
            is_carried=self._is_carried(conditions),
            is_money=self._is_money(conditions),
        )

    def _settled_query(self, conditions):
        """Return the ``SELECT`` of how much of these entries was settled by money."""
        return SQL(
            """
            SELECT entry.move_id,
                   -- LEAST leaves NULL out
                   LEAST(1, COALESCE(SUM(part.amount) FILTER (
                       WHERE %(is_money)s AND %(date)s <= %(end)s
                   ), 0) / MAX(entry.debit)) AS worth,
                   MIN(%(date)s) FILTER (
                       WHERE %(is_money)s AND %(date)s > %(end)s) AS look_again
              FROM (SELECT item.move_id, SUM(item.debit) AS debit
                      FROM account_move_line item
                     WHERE item.move_id IN (SELECT move_id FROM part)
                     GROUP BY item.move_id) entry
              JOIN account_move_line receivable
                ON receivable.move_id = entry.move_id AND receivable.balance > 0
              %(payers)s
             GROUP BY entry.move_id
            """,
            is_money=self._is_money(conditions),
            date=self._when_paid(conditions)["date"],
            end=conditions.end,
            payers=self._payers(conditions),
        )
