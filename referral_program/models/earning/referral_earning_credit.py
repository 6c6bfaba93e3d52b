from dataclasses import replace

from odoo import models
from odoo.tools import SQL

from .referral_earning import RECEIVED


class ReferralEarning(models.AbstractModel):
    """What credit is worth where it is spent: the money that stands behind it.

    Only where credit notes of other groups, or entries that carry a receivable on,
    settle an invoice; elsewhere nothing of this runs.
    """

    _inherit = "referral.earning"

    def _make_credit(self, conditions):
        """Make the table of the credit that settles invoices, and what it is worth.

        A row for each part that a credit note of another group (``from_id``), or an
        entry that carries a receivable on, settles: ``amount`` in the currency of the
        invoice's root, ``worth`` from 0 to 1, as of the last day.
        """
        self._make_table(
            conditions.table("credit"),
            SQL(
                "SELECT 0 AS group_id, 0 AS from_id, 0 AS move_id, NULL::date AS day,"
                " 0::numeric AS amount, 0::numeric AS worth, NULL::date AS look_again"
                " WHERE FALSE"
            ),
        )
        [[credited, carried]] = self.env.execute_query(
            SQL(
                "SELECT BOOL_OR(credited), BOOL_OR(carried) FROM %s",
                conditions.table("money"),
            )
        )
        if carried:
            self._add_carried(conditions)
        if credited:
            self._add_credit_notes(conditions)

    # === CREDIT NOTES OF OTHER GROUPS === #

    def _add_credit_notes(self, conditions):
        """Add what credit notes of other groups settle, to any depth."""
        upstream = replace(conditions, stage=f"{conditions.stage}_upstream")
        self._make_table(
            upstream.table("scope"), self._upstream_query(conditions), ("group_id",)
        )
        scope = SQL("SELECT group_id FROM %s", upstream.table("scope"))
        self._make_table(
            upstream.table("root"), self._root_query(upstream, scope), ("group_id",)
        )
        self._make_money(upstream)
        self._make_table(
            upstream.table("credit"), self._credit_query(upstream), ("group_id",)
        )
        self._add_carried(upstream)
        self._make_table(upstream.table("source"), self._source_query(upstream))
        self._value_goodwill(upstream)
        self._value_sources(upstream)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO %(credit)s
                SELECT edge.group_id,
                       edge.from_id,
                       edge.move_id,
                       edge.day,
                       edge.amount,
                       CASE WHEN edge.day <= %(end)s AND edge.worth IS NULL
                            THEN COALESCE(source.worth, 0) ELSE 0 END,
                       CASE WHEN edge.day > %(end)s
                            THEN edge.day ELSE source.look_again END
                  FROM %(edges)s edge
                  JOIN %(root)s root ON root.group_id = edge.group_id
                  LEFT JOIN %(sources)s source ON source.group_id = edge.from_id
                 WHERE edge.from_id IS NOT NULL
                """,
                credit=conditions.table("credit"),
                end=conditions.end,
                edges=upstream.table("credit"),
                root=conditions.table("root"),
                sources=upstream.table("source"),
            )
        )
        self._drop_tables(upstream, ("scope", *RECEIVED, "source"))

    def _upstream_query(self, conditions):
        """Return the ``SELECT`` of the groups that give credit to others, and of those
        that get it: all that are connected with the ones in question, upstream."""
        return SQL(
            """
            WITH RECURSIVE upstream(group_id) AS (
                SELECT group_id FROM %(money)s WHERE credited
                 UNION
                SELECT COALESCE(payer.referral_root_id, payer.id)
                  FROM upstream
                  JOIN account_move document
                    ON document.id = upstream.group_id
                    OR document.referral_root_id = upstream.group_id
                  JOIN account_move_line receivable
                    ON receivable.move_id = document.id
                   AND receivable.display_type = 'payment_term'
                  JOIN account_partial_reconcile part
                    ON part.debit_move_id = receivable.id
                  JOIN account_move_line counterpart
                    ON counterpart.id = part.credit_move_id
                   AND counterpart.parent_state = 'posted'
                  JOIN account_move payer
                    ON payer.id = counterpart.move_id
                   AND payer.move_type = 'out_refund'
                 WHERE document.move_type = 'out_invoice'
                   AND document.state = 'posted'
            )
            SELECT group_id FROM upstream
            """,
            money=conditions.table("money"),
        )

    def _credit_query(self, conditions):
        """Return the ``SELECT`` of the parts that credit notes of other groups settle.

        Their worth is not known yet.
        """
        return SQL(
            """
            SELECT member.group_id,
                   COALESCE(payer.referral_root_id, payer.id) AS from_id,
                   payer.id AS move_id,
                   part.max_date AS day,
                   %(amount)s AS amount,
                   NULL::numeric AS worth,
                   NULL::date AS look_again
              FROM %(members)s member
              JOIN %(money)s money
                ON money.group_id = member.group_id AND money.credited
              %(counterparts)s
             WHERE member.sign > 0 AND %(is_credit)s
            """,
            amount=self._part_amount(),
            members=conditions.table("member"),
            money=conditions.table("money"),
            counterparts=self._counterparts(conditions),
            is_credit=self._is_credit(),
        )

    def _source_query(self, conditions):
        """Return the ``SELECT`` of the groups that give credit, without what they get.

        ``used_outside`` is what their credit notes paid outside: other invoices,
        refunded in cash, or still open.
        """
        return SQL(
            """
            SELECT root.group_id,
                   root.root_sign,
                   COALESCE(net.net, 0) + COALESCE(money.deducted, 0) AS net,
                   COALESCE(money.amount, 0) + COALESCE(carried.amount, 0) AS money,
                   COALESCE(outside.used_outside, 0) AS used_outside,
                   LEAST(net.look_again, money.look_again, carried.look_again)
                       AS look_again,
                   NULL::numeric AS worth
              FROM %(root)s root
              LEFT JOIN (%(net)s) net ON net.group_id = root.group_id
              LEFT JOIN %(money)s money ON money.group_id = root.group_id
              LEFT JOIN (SELECT group_id,
                                SUM(amount * worth) AS amount,
                                MIN(look_again) AS look_again
                           FROM %(credit)s
                          WHERE from_id IS NULL
                          GROUP BY group_id) carried
                ON carried.group_id = root.group_id
              LEFT JOIN (%(outside)s) outside ON outside.group_id = root.group_id
            """,
            root=conditions.table("root"),
            net=self._net_query(conditions),
            money=conditions.table("money"),
            credit=conditions.table("credit"),
            outside=self._outside_query(conditions),
        )

    def _outside_query(self, conditions):
        """Return the ``SELECT`` of what credit notes gave outside of their groups."""
        return SQL(
            """
            SELECT member.group_id,
                   SUM(member.total - COALESCE(inside.amount, 0)) AS used_outside
              FROM %(members)s member
              LEFT JOIN LATERAL (
                    SELECT SUM(CASE WHEN item.currency_id = member.currency_id
                                    THEN part.credit_amount_currency
                                    ELSE part.amount * member.per_unit END) AS amount
                      FROM account_move_line item
                      JOIN account_partial_reconcile part
                        ON part.credit_move_id = item.id AND part.max_date <= %(end)s
                      JOIN account_move_line other ON other.id = part.debit_move_id
                      JOIN account_move paid
                        ON paid.id = other.move_id AND paid.move_type = 'out_invoice'
                     WHERE item.move_id = member.move_id
                       AND item.display_type = 'payment_term'
                       AND COALESCE(paid.referral_root_id, paid.id) = member.group_id
                   ) inside ON TRUE
             WHERE member.sign < 0 AND member.invoice_date <= %(end)s
             GROUP BY member.group_id
            """,
            members=conditions.table("member"),
            end=conditions.end,
        )

    def _value_goodwill(self, upstream):
        """Value credit notes that reverse nothing: by what they take back."""
        sources = upstream.table("source")
        scope = SQL("SELECT group_id FROM %s WHERE root_sign < 0", sources)
        [[some]] = self.env.execute_query(SQL("SELECT EXISTS (%s)", scope))
        if not some:
            return
        goodwill = replace(upstream, stage=f"{upstream.stage}_goodwill")
        self._make_tables(goodwill, scope)
        self.env.cr.execute(
            SQL(
                """
                UPDATE %(sources)s source
                   SET worth = GREATEST(0, LEAST(1, COALESCE(
                           took.back / NULLIF(took.whole, 0), 0))),
                       look_again = LEAST(source.look_again, took.look_again)
                  FROM (SELECT grp.group_id,
                               SUM(line.with_tax * line.earned_part) AS back,
                               SUM(line.with_tax) AS whole,
                               MIN(line.look_again) AS look_again
                          FROM %(groups)s grp
                          LEFT JOIN (%(lines)s) line
                            ON line.group_id = grp.group_id AND NOT line.is_further
                         GROUP BY grp.group_id) took
                 WHERE took.group_id = source.group_id
                """,
                sources=sources,
                groups=goodwill.table("group"),
                lines=self._line_query(goodwill),
            )
        )
        self._drop_tables(goodwill)

    def _value_sources(self, upstream):
        """Value credit notes of invoices: by the surplus of their groups.

        A group is valued once all that it got is. Groups that pay each other, directly
        or around, give each other nothing.
        """
        while True:
            self.env.cr.execute(self._value_statement(upstream))
            if not self.env.cr.rowcount and not self._break_circles(upstream):
                return

    def _value_statement(self, upstream):
        """Return the statement that values the groups of which all is known."""
        return SQL(
            """
            UPDATE %(sources)s source
               SET worth = CASE WHEN source.used_outside > 0 THEN LEAST(1, GREATEST(0,
                       source.money + ready.credit - GREATEST(source.net, 0)
                   ) / source.used_outside) ELSE 0 END,
                   look_again = LEAST(source.look_again, ready.look_again)
              FROM (SELECT source.group_id,
                           COALESCE(SUM(edge.amount * giver.worth) FILTER (
                               WHERE edge.day <= %(end)s AND edge.worth IS NULL), 0)
                               AS credit,
                           MIN(CASE WHEN edge.day > %(end)s THEN edge.day
                                    ELSE giver.look_again END) AS look_again
                      FROM %(sources)s source
                      LEFT JOIN %(edges)s edge
                        ON edge.group_id = source.group_id
                       AND edge.from_id IS NOT NULL
                      LEFT JOIN %(sources)s giver ON giver.group_id = edge.from_id
                     WHERE source.worth IS NULL
                     GROUP BY source.group_id
                    HAVING COALESCE(BOOL_AND(giver.group_id IS NULL
                                             OR giver.worth IS NOT NULL
                                             OR edge.worth IS NOT NULL), TRUE)) ready
             WHERE ready.group_id = source.group_id
            """,
            sources=upstream.table("source"),
            edges=upstream.table("credit"),
            end=upstream.end,
        )

    def _break_circles(self, upstream):
        """Have credit that comes back to whoever gave it be worth nothing.

        :return bool: whether there was any
        """
        self.env.cr.execute(
            SQL(
                """
                WITH RECURSIVE open_edge AS (
                    SELECT DISTINCT edge.from_id, edge.group_id
                      FROM %(edges)s edge
                      JOIN %(sources)s giver
                        ON giver.group_id = edge.from_id AND giver.worth IS NULL
                     WHERE edge.worth IS NULL
                ),
                reached(from_id, group_id) AS (
                    SELECT from_id, group_id FROM open_edge
                     UNION
                    SELECT reached.from_id, open_edge.group_id
                      FROM reached
                      JOIN open_edge ON open_edge.from_id = reached.group_id
                )
                UPDATE %(edges)s edge
                   SET worth = 0
                  FROM reached
                 WHERE reached.from_id = edge.group_id
                   AND reached.group_id = edge.from_id
                   AND edge.worth IS NULL
                """,
                edges=upstream.table("credit"),
                sources=upstream.table("source"),
            )
        )
        return bool(self.env.cr.rowcount)
