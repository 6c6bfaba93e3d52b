from odoo import models
from odoo.tools import SQL


class ReferralEarning(models.AbstractModel):
    """What follows: negative lines, and all lines of what reverses an invoice.

    What they lower is spread over the lines that lead, in three steps: over lines of
    the same product and discount; what exceeds those, or finds none, over lines of the
    same product; what exceeds those, over all. Each step spreads over what the steps
    before have left, in proportion. What raises again (the reversal of a credit note)
    is spread in the same way.
    """

    _inherit = "referral.earning"

    def _follower_tables(self):
        """Return the common table expressions from ``judged`` to ``followed``.

        ``followed`` has a row for each line that follows: which share of it earns,
        and how much of it is earned. Nothing is computed for groups without any.
        """
        return SQL(
            """
            follower AS (%(follower)s),
            leader AS (%(leader)s),
            first AS (%(first)s),
            second AS (%(second)s),
            third AS (%(third)s),
            spread AS (%(spread)s),
            capped AS (%(capped)s),
            followed AS (%(followed)s)
            """,
            follower=self._follower_query(),
            leader=self._leader_query(),
            first=self._first_step(),
            second=self._second_step(),
            third=self._third_step(),
            spread=self._spread_query(),
            capped=self._capped_query(),
            followed=self._followed_query(),
        )

    def _follower_query(self):
        """Return the ``SELECT`` of what follows, with what it lowers, in root's sense.

        Lines without a product are one product.
        """
        return SQL(
            """
            SELECT line_key,
                   group_id,
                   COALESCE(product_id, 0) AS product,
                   discount,
                   full_base,
                   -root_sign * full_base AS lowers,
                   root_sign,
                   paid,
                   rendered,
                   start_date IS NOT NULL AND end_date IS NOT NULL AS has_period
              FROM judged
             WHERE NOT leads AND own_reason IS NULL
            """
        )

    def _leader_query(self):
        """Return the ``SELECT`` of the lines that lead, summed by product and discount.

        ``size`` is all of them, ``earning`` those that earn, ``earned`` what they have
        earned, ``rendered`` what is rendered of those that earn.
        """
        return SQL(
            """
            SELECT group_id,
                   COALESCE(product_id, 0) AS product,
                   discount,
                   SUM(root_sign * full_base) AS size,
                   SUM(root_sign * full_base)
                       FILTER (WHERE own_reason IS NULL) AS earning,
                   SUM(root_sign * full_base * LEAST(paid, rendered))
                       FILTER (WHERE own_reason IS NULL) AS earned,
                   SUM(root_sign * full_base * rendered)
                       FILTER (WHERE own_reason IS NULL) AS rendered,
                   MIN(own_reason) AS reason
              FROM judged
             WHERE leads AND group_id IN (SELECT group_id FROM follower)
             GROUP BY group_id, COALESCE(product_id, 0), discount
            """
        )

    def _first_step(self):
        """Return the ``SELECT`` of the first step, by product and discount.

        ``part`` of what is spread finds its place here, ``left`` of the lines is left.
        """
        return SQL(
            """
            SELECT group_id,
                   product,
                   discount,
                   COALESCE(leader.size, 0) AS size,
                   COALESCE(leader.earning, 0) AS earning,
                   COALESCE(leader.earned, 0) AS earned,
                   COALESCE(leader.rendered, 0) AS rendered,
                   leader.reason,
                   COALESCE(asked.lowers, 0) AS lowers,
                   step.part,
                   CASE WHEN leader.size > 0
                        THEN 1 - COALESCE(asked.lowers, 0) * step.part / leader.size
                   END AS left
              FROM leader
              FULL JOIN (
                    SELECT group_id, product, discount, SUM(lowers) AS lowers
                      FROM follower
                     GROUP BY group_id, product, discount
                   ) asked USING (group_id, product, discount)
             CROSS JOIN LATERAL (SELECT %s) step(part)
            """,
            self._part(SQL("asked.lowers"), SQL("leader.size")),
        )

    def _second_step(self):
        """Return the ``SELECT`` of the second step, by product."""
        return SQL(
            """
            SELECT found.*,
                   step.part,
                   CASE WHEN size > 0 THEN 1 - lowers * step.part / size END AS left
              FROM (
                SELECT group_id,
                       product,
                       COALESCE(SUM(size * "left"), 0) AS size,
                       COALESCE(SUM(earning * "left"), 0) AS earning,
                       COALESCE(SUM(earned * "left"), 0) AS earned,
                       COALESCE(SUM(rendered * "left"), 0) AS rendered,
                       SUM(size) AS whole_size,
                       SUM(earning) AS whole_earning,
                       SUM(earned) AS whole_earned,
                       SUM(rendered) AS whole_rendered,
                       MIN(reason) AS reason,
                       SUM(lowers * (1 - part)) AS lowers
                  FROM first
                 GROUP BY group_id, product
               ) found
             CROSS JOIN LATERAL (SELECT %s) step(part)
            """,
            self._part(SQL("found.lowers"), SQL("found.size")),
        )

    def _third_step(self):
        """Return the ``SELECT`` of the third step, by group.

        What raises again where nothing is left raises all lines as they were.
        """
        return SQL(
            """
            SELECT group_id,
                   CASE WHEN bare THEN whole_size ELSE size END AS size,
                   CASE WHEN bare THEN whole_earning ELSE earning END AS earning,
                   CASE WHEN bare THEN whole_earned ELSE earned END AS earned,
                   CASE WHEN bare THEN whole_rendered ELSE rendered END AS rendered,
                   reason,
                   CASE WHEN bare THEN 1 ELSE step.part END AS part
              FROM (
                SELECT group_id,
                       COALESCE(SUM(size * "left"), 0) AS size,
                       COALESCE(SUM(earning * "left"), 0) AS earning,
                       COALESCE(SUM(earned * "left"), 0) AS earned,
                       COALESCE(SUM(rendered * "left"), 0) AS rendered,
                       SUM(whole_size) AS whole_size,
                       SUM(whole_earning) AS whole_earning,
                       SUM(whole_earned) AS whole_earned,
                       SUM(whole_rendered) AS whole_rendered,
                       MIN(reason) AS reason,
                       SUM(lowers * (1 - part)) AS lowers
                  FROM second
                 GROUP BY group_id
               ) found
             CROSS JOIN LATERAL (SELECT size <= 0 AND lowers <= 0 AND whole_size > 0)
                   nothing(bare)
             CROSS JOIN LATERAL (SELECT %s) step(part)
            """,
            self._part(SQL("found.lowers"), SQL("found.size")),
        )

    def _part(self, lowers, size):
        """Return how much of what is lowered finds lines that are large enough."""
        return SQL(
            """
            CASE WHEN COALESCE(%(size)s, 0) <= 0 THEN 0
                 WHEN COALESCE(%(lowers)s, 0) <= %(size)s THEN 1
                 ELSE %(size)s / %(lowers)s END
            """,
            lowers=lowers,
            size=size,
        )

    def _spread_query(self):
        """Return the ``SELECT`` of what each follower lowers, of which part earns.

        Its ``progress`` is that of what it lowers, unless it has a service period of
        its own.
        """
        return SQL(
            """
            SELECT follower.*,
                   earning.share,
                   CASE WHEN follower.has_period
                        THEN earning.share * LEAST(paid, follower.rendered)
                        ELSE earning.earned END AS progress,
                   CASE WHEN follower.has_period OR earning.share = 0
                        THEN follower.rendered
                        ELSE earning.rendered / earning.share END AS shown_rendered,
                   COALESCE(third.reason, 'gone') AS reason
              FROM follower
              JOIN first USING (group_id, product, discount)
              JOIN second USING (group_id, product)
              JOIN third USING (group_id)
             CROSS JOIN LATERAL (
                    SELECT first.part,
                           (1 - first.part) * second.part,
                           (1 - first.part) * (1 - second.part) * third.part
                   ) step(one, two, three)
             CROSS JOIN LATERAL (
                    SELECT %(share)s AS share, %(earned)s AS earned,
                           %(rendered)s AS rendered
                   ) earning
            """,
            **{
                name: self._over_steps(column)
                for name, column in (
                    ("share", "earning"),
                    ("earned", "earned"),
                    ("rendered", "rendered"),
                )
            },
        )

    def _over_steps(self, column):
        """Return the average of a share of the leading lines, over the three steps."""
        return SQL(
            """
            COALESCE(step.one * first.%(column)s / NULLIF(first.size, 0), 0)
            + COALESCE(step.two * second.%(column)s / NULLIF(second.size, 0), 0)
            + COALESCE(step.three * third.%(column)s / NULLIF(third.size, 0), 0)
            """,
            column=SQL.identifier(column),
        )

    def _capped_query(self):
        """Return the ``SELECT`` of how far followers count, by group.

        A group never earns below zero: they count together for what leads at most.
        And it never earns on more than was paid of its net: where followers with a
        service period of their own wait too long, they go ``ahead`` of it together.
        """
        return SQL(
            """
            SELECT group_id,
                   CASE WHEN lowered > earned THEN earned / lowered ELSE 1 END
                       AS counts,
                   CASE WHEN whole > lowered AND earned - most > lowered
                        THEN (earned - most - lowered) / (whole - lowered) ELSE 0 END
                       AS ahead
              FROM (
                SELECT group_id,
                       lowered,
                       whole,
                       COALESCE(earned, 0) AS earned,
                       paid * COALESCE(earning, 0) - whole AS most
                  FROM (SELECT group_id,
                               MAX(paid) AS paid,
                               SUM(lowers * progress) AS lowered,
                               SUM(lowers * share * paid) AS whole
                          FROM spread GROUP BY group_id) lowered
                  LEFT JOIN (SELECT group_id,
                                    SUM(earned) AS earned,
                                    SUM(earning) AS earning
                               FROM leader GROUP BY group_id) led USING (group_id)
              ) sums
            """
        )

    def _followed_query(self):
        """Return the ``SELECT`` of what is earned by each line that follows."""
        return SQL(
            """
            SELECT line_key,
                   share,
                   shown_rendered AS rendered,
                   reason,
                   full_base * capped.counts
                       * (progress + (share * paid - progress) * capped.ahead) AS earned
              FROM spread
              JOIN capped USING (group_id)
            """
        )
