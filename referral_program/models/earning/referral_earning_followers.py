from odoo import models
from odoo.tools import SQL

#: What is summed of the lines that lead, see ``_linked_query``.
SIZES = ("size", "earning", "earned", "served")


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
        """Return the common table expressions from ``follower`` to ``followed``.

        ``followed`` has a row for each line that follows: which share of it earns,
        and how much of it is earned. Nothing is computed for groups without any, and
        the second and third step only for groups in which the first leaves something.
        The steps are sums over the same rows, because the planner could not tell how
        many rows joins of sums would give.
        """
        return SQL(
            """
            follower AS (
                SELECT DISTINCT group_id
                  FROM judged
                 WHERE NOT leads AND own_reason IS NULL
            ),
            linked AS (%(linked)s),
            first AS (%(first)s),
            wanting AS (
                SELECT DISTINCT group_id FROM first WHERE NOT leads AND first_part <> 1
            ),
            left_over AS (
                SELECT * FROM first WHERE group_id IN (SELECT group_id FROM wanting)
            ),
            second AS (%(second)s),
            third AS ((%(third)s) UNION ALL %(placed)s),
            spread AS (%(spread)s),
            capped AS (%(capped)s),
            followed AS (%(followed)s)
            """,
            linked=self._linked_query(),
            first=self._step(
                "first", "linked", SQL("group_id, product, discount"), SQL(), SQL()
            ),
            second=self._step(
                "second",
                "left_over",
                SQL("group_id, product"),
                SQL("* first_left"),
                SQL("* (1 - first_part)"),
            ),
            third=self._step(
                "third",
                "second",
                SQL("group_id"),
                SQL("* first_left * second_left"),
                SQL("* (1 - first_part) * (1 - second_part)"),
            ),
            placed=self._placed_query(),
            spread=self._spread_query(),
            capped=self._capped_query(),
            followed=self._followed_query(),
        )

    def _linked_query(self):
        """Return the ``SELECT`` of the lines of groups in which lines follow.

        ``lowers`` is what a line that follows lowers, in the root's sense; ``size`` is
        what a line that leads has, ``earning`` what of it can earn, ``earned`` what of
        that is earned, ``served`` what of it is rendered. Lines without a product are
        one product.
        """
        return SQL(
            """
            SELECT line_key,
                   group_id,
                   COALESCE(product_id, 0) AS product,
                   discount,
                   leads,
                   full_base,
                   paid,
                   rendered,
                   start_date IS NOT NULL AND end_date IS NOT NULL AS has_period,
                   CASE WHEN leads THEN own_reason END AS reason,
                   CASE WHEN leads THEN 0 ELSE -root_sign * full_base END AS lowers,
                   CASE WHEN leads THEN root_sign * full_base ELSE 0 END AS size,
                   CASE WHEN earns THEN root_sign * full_base ELSE 0 END AS earning,
                   CASE WHEN earns THEN root_sign * full_base * LEAST(paid, rendered)
                        ELSE 0 END AS earned,
                   CASE WHEN earns THEN root_sign * full_base * rendered
                        ELSE 0 END AS served
              FROM judged
             CROSS JOIN LATERAL (SELECT leads AND own_reason IS NULL) kind(earns)
             WHERE (leads OR own_reason IS NULL)
               AND group_id IN (SELECT group_id FROM follower)
            """
        )

    def _step(self, name, source, alike, left, waiting):
        """Return the ``SELECT`` of a step: the lines with what is alike, summed.

        ``<name>_part`` of what is spread finds its place here, ``<name>_left`` of the
        lines that lead is left.

        :param str name: of the step, before each of its columns
        :param str source: the relation with the steps before
        :param SQL alike: the columns that the lines of this step share
        :param SQL left: times what of a line that leads the steps before have left
        :param SQL waiting: times what of a follower they found no place for
        """
        columns = {
            key: SQL.identifier(f"{name}_{key}") for key in (*SIZES, "lowers", "part")
        }
        return SQL(
            """
            SELECT placed.*,
                   CASE WHEN %(size)s > 0 THEN 1 - %(lowers)s * %(part)s / %(size)s
                   END AS %(own_left)s
              FROM (
                SELECT summed.*,
                       CASE WHEN %(size)s <= 0 THEN 0
                            WHEN %(lowers)s <= %(size)s THEN 1
                            ELSE %(size)s / %(lowers)s END AS %(part)s
                  FROM (
                    SELECT %(source)s.*,
                           %(sums)s,
                           SUM(lowers %(waiting)s) OVER alike AS %(lowers)s
                      FROM %(source)s
                    WINDOW alike AS (PARTITION BY %(alike)s)
                   ) summed
                -- a fence: computed once here, not at each place that names it
                OFFSET 0
               ) placed
            OFFSET 0
            """,
            **columns,
            own_left=SQL.identifier(f"{name}_left"),
            source=SQL.identifier(source),
            alike=alike,
            waiting=waiting,
            sums=SQL(", ").join(
                SQL(
                    "COALESCE(SUM(%s %s) OVER alike, 0) AS %s",
                    SQL.identifier(key),
                    left,
                    columns[key],
                )
                for key in SIZES
            ),
        )

    def _placed_query(self):
        """Return the ``SELECT`` of groups whose followers the first step placed, with
        nothing for the others: the columns of the third."""
        steps = SQL(", ").join(
            SQL("%s AS %s", value, SQL.identifier(f"{name}_{key}"))
            for name in ("second", "third")
            for key, value in (
                *((size, SQL("0::numeric")) for size in SIZES),
                ("lowers", SQL("0::numeric")),
                ("part", SQL("0::numeric")),
                ("left", SQL("NULL::numeric")),
            )
        )
        return SQL(
            "SELECT first.*, %s FROM first"
            " WHERE group_id NOT IN (SELECT group_id FROM wanting)",
            steps,
        )

    def _spread_query(self):
        """Return the ``SELECT`` of what each follower lowers, of which part earns.

        Its ``progress`` is that of what it lowers, unless it has a service period of
        its own. What raises again where nothing is left raises all lines as they were.
        """
        return SQL(
            """
            SELECT whole.*,
                   part.share,
                   CASE WHEN has_period THEN part.share * LEAST(paid, rendered)
                        ELSE part.earned END AS progress,
                   CASE WHEN has_period OR part.share = 0 THEN rendered
                        ELSE part.served / part.share END AS shown_rendered
              FROM (
                SELECT line_key,
                       group_id,
                       leads,
                       full_base,
                       lowers,
                       paid,
                       rendered,
                       has_period,
                       %(steps)s,
                       %(wholes)s,
                       COALESCE(MIN(reason) OVER grp, 'gone') AS why_not
                  FROM third
                WINDOW grp AS (PARTITION BY group_id)
               ) whole
             CROSS JOIN LATERAL (
                    SELECT third_size <= 0 AND third_lowers <= 0 AND whole_size > 0
                   ) nothing(bare)
             CROSS JOIN LATERAL (
                    SELECT first_part,
                           (1 - first_part) * second_part,
                           (1 - first_part) * (1 - second_part)
                           * CASE WHEN bare THEN 1 ELSE third_part END
                   ) step(one, two, three)
             CROSS JOIN LATERAL (SELECT %(share)s, %(earned)s, %(served)s
                   ) part(share, earned, served)
             WHERE NOT leads
            OFFSET 0
            """,
            steps=SQL(", ").join(
                SQL.identifier(f"{name}_{key}")
                for name in ("first", "second", "third")
                for key in (*SIZES, "lowers", "part")
            ),
            wholes=SQL(", ").join(
                SQL(
                    "SUM(%s) OVER grp AS %s",
                    SQL.identifier(key),
                    SQL.identifier(f"whole_{key}"),
                )
                for key in SIZES
            ),
            share=self._over_steps("earning"),
            earned=self._over_steps("earned"),
            served=self._over_steps("served"),
        )

    def _over_steps(self, key):
        """Return the average of a share of the leading lines, over the three steps."""
        return SQL(
            """
            COALESCE(step.one * %(first)s / NULLIF(first_size, 0), 0)
            + COALESCE(step.two * %(second)s / NULLIF(second_size, 0), 0)
            + CASE WHEN bare THEN step.three * %(whole)s / whole_size
                   ELSE COALESCE(step.three * %(third)s / NULLIF(third_size, 0), 0)
              END
            """,
            **{
                name: SQL.identifier(f"{name}_{key}")
                for name in ("first", "second", "third", "whole")
            },
        )

    def _capped_query(self):
        """Return the ``SELECT`` of how far followers count, with their groups' sums.

        A group never earns below zero: they count together for what leads at most.
        And it never earns on more than was paid of its net: where followers with a
        service period of their own wait too long, they go ``ahead`` of it together.
        """
        return SQL(
            """
            SELECT sums.*,
                   CASE WHEN lowered > whole_earned THEN whole_earned / lowered
                        ELSE 1 END AS counts,
                   CASE WHEN whole > lowered AND missing > 0
                        THEN missing / (whole - lowered) ELSE 0 END AS ahead
              FROM (
                SELECT spread.*,
                       SUM(lowers * progress) OVER grp AS lowered,
                       SUM(lowers * share * paid) OVER grp AS whole
                  FROM spread
                WINDOW grp AS (PARTITION BY group_id)
               ) sums
             CROSS JOIN LATERAL (
                    SELECT whole_earned - (paid * whole_earning - whole) - lowered
                   ) ahead_of(missing)
            """
        )

    def _followed_query(self):
        """Return the ``SELECT`` of what is earned by each line that follows."""
        return SQL(
            """
            SELECT line_key,
                   share,
                   shown_rendered AS rendered,
                   why_not AS reason,
                   full_base * counts
                       * (progress + (share * paid - progress) * ahead) AS earned
              FROM capped
            """
        )
