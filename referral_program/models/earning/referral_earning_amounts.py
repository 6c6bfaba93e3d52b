from odoo import models
from odoo.tools import SQL

from ...tools.rounding import rounded_query


class ReferralEarning(models.AbstractModel):
    """The amounts: what moves away from zero, what goes back, at which rate."""

    _inherit = "referral.earning"

    # === OVERRIDE POINTS === #

    def _rates(self, conditions):
        """Return the ``SELECT`` of ``priced`` with the ``rate`` of what is new.

        The terms' rate, or that of the highest tier that the client's month is above:
        what is newly earned on roots, less their negative lines. The tier's rate holds
        for all that is new of that client, not only for what is above. Exactly at a
        threshold, the tier below still holds; what waits for somebody who is not
        active reaches none. A group that takes back on the whole does not wait.
        """
        if not conditions.has_tiers:
            return SQL("SELECT priced.*, terms_rate AS rate FROM priced")
        waits = SQL("FALSE")
        if conditions.has_inactive:
            waits = SQL(
                "inactive AND SUM(back + away) OVER"
                " (PARTITION BY group_id, used_participant_id) > 0"
            )
        return SQL(
            """
            SELECT counted.*, COALESCE(tier.rate::numeric, counted.terms_rate) AS rate
              FROM (SELECT priced.*,
                           SUM(away) FILTER (
                               WHERE on_root AND NOT waits AND NOT is_further)
                               OVER (PARTITION BY partner_id) AS new_base
                      FROM (SELECT priced.*, %s AS waits FROM priced) priced
                   ) counted
              LEFT JOIN LATERAL (
                    SELECT rate
                      FROM %s
                     WHERE terms_id = counted.used_terms_id
                       AND above < counted.new_base
                       AND NOT counted.is_further
                     ORDER BY above DESC
                     LIMIT 1
                   ) tier ON TRUE
            """,
            waits,
            SQL.identifier(conditions.tiers),
        )

    def _highest_rates(self, conditions):
        """Return the ``SELECT`` of the highest ``rate`` that terms give, ``terms_id``.

        What was credited at more than that, the integrity check tells. Whoever adds
        rates to ``_rates`` adds them here.
        """
        return SQL(
            """
            SELECT terms.id AS terms_id, GREATEST(terms.rate, MAX(tier.rate)) AS rate
              FROM %s terms
              LEFT JOIN %s tier ON tier.terms_id = terms.id
             WHERE terms.program_id = %s
             GROUP BY terms.id, terms.rate
            """,
            SQL.identifier(conditions.terms),
            SQL.identifier(conditions.tiers),
            conditions.program_id,
        )

    def _amounts(self, conditions):
        """Return the compensation for what is new, ``away`` at ``rate``, in SQL."""
        return SQL("ROUND(away * rate * 0.01, 6)")

    # === STEPS === #

    def _amount_tables(self, conditions):
        """Return the common table expressions from ``credited`` to ``waiting``."""
        return SQL(
            """
            parted AS (%(parted)s),
            priced AS (%(priced)s),
            rated AS (%(rated)s),
            charged AS %(once)s (
                SELECT rated.*, CASE WHEN leads THEN %(amounts)s END AS own_amount
                  FROM rated
            ),
            average AS (%(average)s),
            averaged AS (%(averaged)s),
            waiting AS (%(waiting)s)
            """,
            parted=self._parted_query(conditions),
            priced=self._priced_query(),
            rated=self._rates(conditions),
            amounts=self._amounts(conditions),
            # read twice, but for the average only where lines follow: where none do,
            # keeping all lines for it would take a fifth of the query's time
            once=SQL("MATERIALIZED" if conditions.has_tiers else "NOT MATERIALIZED"),
            average=self._average_query(conditions),
            averaged=self._averaged_query(conditions),
            waiting=self._waiting_query(conditions),
        )

    def _parted_query(self, conditions):
        """Return the ``SELECT`` of what goes ``back`` toward zero."""
        inactive, ended, join = SQL("FALSE"), SQL("FALSE"), SQL()
        if conditions.has_inactive:
            inactive = self._is_inactive(conditions)
            ended = SQL("participant.state IN ('rejected', 'closed')")
            join = SQL(
                "LEFT JOIN referral_participant participant"
                " ON participant.id = credited.used_participant_id"
            )
        return SQL(
            """
            SELECT credited.*,
                   %(inactive)s AS inactive,
                   %(ended)s AS ended,
                   CASE WHEN credited_base = 0 THEN 0
                        WHEN SIGN(earned) * SIGN(credited_base) <= 0
                        THEN -credited_base
                        WHEN ABS(earned) < ABS(credited_base)
                        THEN earned - credited_base
                        ELSE 0 END AS back
              FROM credited
              %(join)s
            """,
            inactive=inactive,
            ended=ended,
            join=join,
        )

    def _is_inactive(self, conditions):
        """Return whether nothing positive is credited to a ``participant`` now."""
        return SQL(
            """
            participant.state IN ('suspended', 'rejected', 'closed') %(not_active)s
            OR is_pending %(waits)s
            """,
            not_active=SQL("AND participant.id NOT IN %s", conditions.active_ids)
            if conditions.active_ids
            else SQL(),
            waits=self._waits_for_first(conditions),
        )

    def _priced_query(self):
        """Return the ``SELECT`` of what moves ``away`` from zero, and what goes back.

        What goes back is reversed at the average rate that the line itself got.
        """
        return SQL(
            """
            SELECT parted.*,
                   CASE WHEN credited_base = 0 THEN earned
                        ELSE earned - credited_base - back END AS away,
                   CASE WHEN back = 0 AND credited_base <> 0 THEN 0
                        WHEN back = -credited_base THEN -credited_amount
                        ELSE ROUND(back * credited_amount / credited_base, 6)
                   END AS back_amount
              FROM parted
            OFFSET 0
            """
        )

    def _average_query(self, conditions):
        """Return the ``SELECT`` of the average rates of groups in which lines follow.

        ``so_far`` is the group's, with what its followers took already: what lowers it
        to zero takes exactly what it got. ``led`` is that of its leading lines. Neither
        is more than the best rate that one of them got.
        """
        return SQL(
            """
            SELECT %(alike)s,
                   CASE WHEN base * root_sign > 0 AND amount * root_sign >= 0
                        THEN LEAST(amount / base, best) END AS so_far,
                   led_amount / NULLIF(led_base, 0) AS led
              FROM (
                SELECT %(alike)s,
                       MAX(root_sign) AS root_sign,
                       SUM(credited_base + back + CASE WHEN leads THEN away ELSE 0 END)
                           AS base,
                       SUM(credited_amount + back_amount + COALESCE(own_amount, 0))
                           AS amount,
                       SUM(earned) FILTER (WHERE leads) AS led_base,
                       SUM(credited_amount + back_amount + own_amount)
                           FILTER (WHERE leads) AS led_amount,
                       MAX((credited_amount + back_amount + own_amount)
                           / NULLIF(earned, 0)) FILTER (WHERE leads) AS best
                  FROM charged
                 WHERE group_id IN (SELECT group_id FROM follower)
                 GROUP BY %(alike)s
               ) sums
            """,
            alike=self._alike(conditions),
        )

    def _averaged_query(self, conditions):
        """Return the ``SELECT`` of the amounts; followers get their group's average."""
        return SQL(
            """
            SELECT charged.*,
                   CASE WHEN leads THEN own_amount
                        WHEN away = 0 THEN 0
                        ELSE ROUND(ROUND(away * COALESCE(
                            average.so_far, average.led, rate / 100), 12), 6)
                   END AS away_amount
              FROM charged
              LEFT JOIN average USING (%(alike)s)
            """,
            alike=self._alike(conditions),
        )

    def _waiting_query(self, conditions):
        """Return the ``SELECT`` of ``base`` and ``amount``: what is credited now.

        Who is not active gets nothing positive, nor does a referral that staff has yet
        to approve: a group waits as a whole. Who is
        rejected or closed keeps what an invoice had got, up to that amount, should it
        be corrected and posted again.
        """
        if not conditions.has_inactive:
            return SQL(
                """
                SELECT averaged.*,
                       FALSE AS blocked,
                       back + away AS base,
                       back_amount + away_amount AS amount
                  FROM averaged
                """
            )
        return SQL(
            """
            SELECT summed.*,
                   inactive AND total > 0 AND COALESCE(allowed.share, 0) < 1
                       AS blocked,
                   CASE WHEN NOT inactive OR total <= 0 THEN back + away
                        ELSE ROUND((back + away) * COALESCE(allowed.share, 0), 6)
                   END AS base,
                   CASE WHEN NOT inactive OR total <= 0 THEN back_amount + away_amount
                        ELSE ROUND((back_amount + away_amount)
                                   * COALESCE(allowed.share, 0), 6)
                   END AS amount
              FROM (SELECT averaged.*,
                           SUM(back_amount + away_amount) OVER by_holder AS total,
                           SUM(credited_amount) OVER by_holder AS credited
                      FROM averaged
                    WINDOW by_holder AS (PARTITION BY group_id, used_participant_id)
                   ) summed
              LEFT JOIN LATERAL (
                    SELECT LEAST(1, GREATEST(0, MAX(had.amount) - summed.credited)
                                    / NULLIF(summed.total, 0)) AS share
                      FROM (%(had)s) had
                   ) allowed ON summed.ended AND summed.total > 0
            """,
            had=self._had_query(conditions),
        )

    def _had_query(self, conditions):
        """Return the ``SELECT`` of what a group had got after each accrual."""
        return SQL(
            """
            SELECT SUM(SUM(line.amount)) OVER (ORDER BY line.accrual_id) AS amount
              FROM %s line
             WHERE line.group_key = summed.group_id
               AND line.participant_id = summed.used_participant_id
               %s
             GROUP BY line.accrual_id
            """,
            SQL.identifier(conditions.evidence),
            self._counted(conditions),
        )

    # === SMALL PARTS === #

    def _at_root_rate(self, conditions):
        """Return an item's amount in the company's currency at the root's rate."""
        return rounded_query(
            SQL("item.amount_currency / member.invoice_currency_rate"), conditions.unit
        )
