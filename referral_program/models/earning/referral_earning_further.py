from odoo import models
from odoo.tools import SQL


class ReferralEarning(models.AbstractModel):
    """Who else earns on a line: another level, beside whoever brought the client.

    The evidence is keyed by line *and* referral. A further referral earns on what the
    line has earned, at a rate of its own; what it got is lowered, reversed and moved
    like what the client's own referral got. Where no app adds one, nothing of this is
    computed.
    """

    _inherit = "referral.earning"

    # === OVERRIDE POINTS === #

    def _further(self, conditions):
        """Return the ``SELECT`` of further referrals that earn on groups, or nothing.

        It may read the groups' facts, ``conditions.table("group")``. A referral comes
        once for a group, and is not the group's own.

        :return SQL: ``group_id``, ``referral_id``, ``participant_id`` and ``rate``, in
            percent
        """
        return SQL()

    # === STEPS === #

    def _further_tables(self, conditions, scope):
        """Have the further referrals, and what they got, in temporary tables."""
        if further := self._further(conditions):
            self._make_table(conditions.table("further"), further, ("group_id",))
            self._make_table(
                conditions.table("further_past"),
                self._past_query(conditions, scope, further=True),
                ("group_id", "line_key"),
            )

    def _also_past(self, conditions):
        """Return the condition on ``line`` that a further referral got something."""
        if not self._further(conditions):
            return SQL()
        return SQL(
            "OR line.line_key IN (SELECT line_key FROM %s)",
            conditions.table("further_past"),
        )

    def _credited_query(self, conditions):
        """Return the ``SELECT`` of ``earning`` for each referral that earns on a line.

        ``further_id`` is the further referral, 0 for the client's own.
        """
        own = SQL(
            """
            SELECT earning.*,
                   FALSE AS is_further,
                   0 AS further_id,
                   own_credited_base AS credited_base,
                   own_credited_amount AS credited_amount,
                   own_earned AS earned,
                   own_why_not AS why_not,
                   own_participant_id AS used_participant_id,
                   own_referral_id AS used_referral_id,
                   own_rate AS terms_rate,
                   moved AND NOT fresh AND referral_id IS NOT NULL AS comes_later
              FROM earning
            """
        )
        if not self._further(conditions):
            return own
        return SQL("%s UNION ALL %s", own, self._further_query(conditions))

    def _further_query(self, conditions):
        """Return the ``SELECT`` of what the lines earned for further referrals.

        One that is not the group's any more, or that was moved to another participant,
        earned nothing: what it got is reversed, and comes again the month after. What
        earns nothing for the client's own referral has no row here, unless it did.
        """
        return SQL(
            """
            SELECT earning.*,
                   TRUE,
                   who.referral_id,
                   who.credited_base,
                   who.credited_amount,
                   CASE WHEN who.holds THEN own_earned ELSE 0 END,
                   CASE WHEN who.holds THEN own_why_not ELSE 'moved' END,
                   who.participant_id,
                   who.referral_id,
                   who.rate,
                   NOT who.holds AND who.is_named
              FROM earning
              JOIN (
                    SELECT COALESCE(named.line_key, past.line_key) AS line_key,
                           COALESCE(named.referral_id, past.referral_id)
                               AS referral_id,
                           COALESCE(past.credited_base, 0) AS credited_base,
                           COALESCE(past.credited_amount, 0) AS credited_amount,
                           CASE WHEN holds THEN named.participant_id
                                ELSE past.participant_id END AS participant_id,
                           COALESCE(named.rate, 0)::numeric AS rate,
                           named.line_key IS NOT NULL AS is_named,
                           holds
                      FROM (SELECT earning.line_key, further.*
                              FROM earning
                              JOIN %(further)s further
                                ON further.group_id = earning.group_id) named
                      FULL JOIN %(past)s past
                        ON past.line_key = named.line_key
                       AND past.referral_id = named.referral_id
                     CROSS JOIN LATERAL (
                            SELECT named.line_key IS NOT NULL
                                   AND (past.line_key IS NULL
                                        OR past.participant_id = named.participant_id
                                        OR past.credited_base = 0
                                           AND past.credited_amount = 0)
                           ) kind(holds)
                   ) who ON who.line_key = earning.line_key
             WHERE own_why_not IS NULL
                OR who.credited_base <> 0
                OR who.credited_amount <> 0
            """,
            further=conditions.table("further"),
            past=conditions.table("further_past"),
        )

    def _alike(self, conditions):
        """Return the columns that the lines of one average share."""
        if not self._further(conditions):
            return SQL("group_id")
        return SQL("group_id, further_id")

    def _waits_for_first(self, conditions):
        """Return whether what waits for whoever brought the client waits, in SQL."""
        if not self._further(conditions):
            return SQL()
        return SQL(
            """
            OR is_further AND EXISTS (
                SELECT FROM referral_participant first
                 WHERE first.id = own_participant_id
                   AND first.state IN ('suspended', 'rejected', 'closed')
                   %s)
            """,
            SQL("AND first.id NOT IN %s", conditions.active_ids)
            if conditions.active_ids
            else SQL(),
        )
