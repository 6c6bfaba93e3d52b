"""The lines: what each has earned, was given, and gets now."""

from odoo.tools import SQL

from ....tools.rounding import rounded_query
from .conditions import ACCRUED


def line_query(conditions, given_scope):
    """Return the ``SELECT`` of what each line earned, was given and gets now.

    It reads the groups' facts from a relation named ``referral_group``.

    :param Conditions conditions: what to compute by
    :param SQL given_scope: a ``SELECT`` of the groups whose evidence counts: the
        same as the groups' own scope, which also names invoices that are gone
    """
    return SQL(
        """
        WITH given_scope(group_id) AS (%(given_scope)s),
        terms AS (
            SELECT id, rate::numeric AS rate, base, exclude_discounted
              FROM %(terms)s
             WHERE program_id = %(program)s
        ),
        excluded AS (
            SELECT DISTINCT listed.terms_id, category.id AS categ_id
              FROM %(excluded)s listed
              JOIN terms ON terms.id = listed.terms_id
              JOIN product_category parent ON parent.id = listed.category_id
              JOIN product_category category
                ON category.parent_path LIKE parent.parent_path || '%%'
        ),
        given AS (
            -- lateral: one look into an index for each group, however long the
            -- history of the others is
            SELECT past.line_key,
                   given_scope.group_id,
                   past.base,
                   past.amount,
                   past.last_id
              FROM given_scope
              JOIN LATERAL (
                    SELECT line.line_key,
                           SUM(line.base) AS base,
                           SUM(line.amount) AS amount,
                           MAX(line.id) AS last_id
                      FROM %(evidence)s line
                     WHERE line.group_key = given_scope.group_id
                       %(counted)s
                     GROUP BY line.line_key
                   ) past ON TRUE
        ),
        held AS (
            SELECT given.*,
                   last.participant_id,
                   last.referral_id,
                   last.terms_id,
                   last.partner_id,
                   last.move_line_id,
                   last.product_id,
                   last.move_name,
                   last.name,
                   last.invoice_date,
                   last.start_date,
                   last.end_date
              FROM given
              JOIN %(evidence)s last ON last.id = given.last_id
        ),
        member AS (
            SELECT grp.group_id,
                   grp.group_id AS move_id,
                   FALSE AS is_credit,
                   grp.currency_id,
                   grp.invoice_currency_rate AS rate
              FROM referral_group grp
             WHERE grp.counts
             UNION ALL
            SELECT grp.group_id,
                   credit.id,
                   TRUE,
                   grp.currency_id,
                   grp.invoice_currency_rate
              FROM referral_group grp
              JOIN account_move credit ON credit.referral_root_id = grp.group_id
             WHERE credit.state = 'posted'
               AND credit.invoice_date <= %(end)s
        ),
        current AS (
            SELECT line.id AS line_key,
                   member.group_id,
                   member.is_credit,
                   line.move_id,
                   line.product_id,
                   -- a credit note counts at its invoice's rate, not at its own
                   CASE WHEN member.is_credit
                             AND line.currency_id = member.currency_id
                             AND line.currency_id <> line.company_currency_id
                             AND member.rate > 0
                        THEN %(at_invoice_rate)s
                        ELSE line.balance END AS balance,
                   line.price_subtotal,
                   line.price_total,
                   line.discount,
                   line.start_date,
                   line.end_date,
                   line.move_name,
                   line.name,
                   template.categ_id
              FROM member
              JOIN account_move_line line
                ON line.move_id = member.move_id AND line.display_type = 'product'
              LEFT JOIN product_product product ON product.id = line.product_id
              LEFT JOIN product_template template
                ON template.id = product.product_tmpl_id
        ),
        joined AS (
            SELECT COALESCE(current.line_key, held.line_key) AS line_key,
                   COALESCE(current.group_id, held.group_id) AS group_id,
                   COALESCE(current.is_credit, FALSE) AS is_credit,
                   current.line_key IS NULL AS gone,
                   held.line_key IS NOT NULL AS was_given,
                   held.line_key IS NOT NULL
                       AND current.line_key IS NOT NULL
                       AND (grp.referral_id IS DISTINCT FROM held.referral_id
                            OR grp.participant_id IS DISTINCT FROM held.participant_id)
                       AS moved,
                   COALESCE(held.base, 0) AS given_base,
                   COALESCE(held.amount, 0) AS given_amount,
                   held.participant_id AS held_participant_id,
                   held.referral_id AS held_referral_id,
                   held.terms_id AS held_terms_id,
                   grp.participant_id,
                   grp.referral_id,
                   grp.terms_id,
                   grp.reason,
                   grp.discounted,
                   COALESCE(grp.client_id, held.partner_id) AS partner_id,
                   COALESCE(grp.paid, 0) AS paid,
                   COALESCE(current.line_key, held.move_line_id) AS move_line_id,
                   current.move_id,
                   COALESCE(current.product_id, held.product_id) AS product_id,
                   COALESCE(current.move_name, held.move_name) AS move_name,
                   COALESCE(current.name, held.name) AS name,
                   COALESCE(grp.invoice_date, held.invoice_date) AS invoice_date,
                   CASE WHEN current.line_key IS NULL THEN held.start_date
                        ELSE current.start_date END AS start_date,
                   CASE WHEN current.line_key IS NULL THEN held.end_date
                        ELSE current.end_date END AS end_date,
                   current.balance,
                   current.price_subtotal,
                   current.price_total,
                   current.discount,
                   current.categ_id,
                   CASE WHEN current.line_key IS NULL THEN 0
                        WHEN grp.postpaid THEN 1
                        WHEN current.start_date IS NULL OR current.end_date IS NULL
                        THEN CASE WHEN grp.rendered_date <= %(end)s THEN 1 ELSE 0 END
                        ELSE (%(days_rendered)s)::numeric / (%(days)s)
                   END AS rendered,
                   CASE WHEN current.start_date IS NULL OR current.end_date IS NULL
                        THEN grp.rendered_date ELSE current.start_date
                   END AS rendered_from
              FROM current
              FULL JOIN held ON held.line_key = current.line_key
              LEFT JOIN referral_group grp
                ON grp.group_id = COALESCE(current.group_id, held.group_id)
        ),
        -- fixed: accrued before, so its terms and eligibility stay;
        -- fresh: decided now; neither: what it got goes back
        decided AS (
            SELECT joined.*,
                   was_given AND NOT gone AND NOT moved AS fixed,
                   NOT gone AND (NOT was_given
                                 OR moved AND given_base = 0 AND given_amount = 0)
                       AS fresh
              FROM joined
        ),
        judged AS (
            SELECT decided.*,
                   terms.id AS used_terms_id,
                   terms.rate AS terms_rate,
                   CASE WHEN decided.gone THEN 0
                        WHEN terms.base = 'total' AND decided.price_subtotal <> 0
                        THEN -decided.balance * decided.price_total
                             / decided.price_subtotal
                        ELSE -decided.balance END AS full_base,
                   CASE WHEN decided.fixed THEN NULL
                        WHEN decided.gone THEN 'gone'
                        WHEN NOT decided.fresh
                        THEN COALESCE(decided.reason, 'moved')
                        WHEN decided.reason IS NOT NULL THEN decided.reason
                        WHEN excluded.categ_id IS NOT NULL THEN 'excluded_category'
                        WHEN terms.exclude_discounted
                             AND (decided.discounted
                                  OR decided.discount > 0 AND NOT decided.is_credit)
                        THEN 'discounted' END AS own_reason
              FROM decided
              LEFT JOIN terms
                ON terms.id = CASE WHEN decided.fixed THEN decided.held_terms_id
                                   WHEN decided.fresh THEN decided.terms_id
                                   ELSE decided.held_terms_id END
              LEFT JOIN excluded
                ON excluded.terms_id = terms.id
               AND excluded.categ_id = decided.categ_id
            -- a fence: computed once here, not at each place that names it
            OFFSET 0
        ),
        reasoned AS (%(reasoned)s),
        earning AS (
            SELECT reasoned.*,
                   CASE WHEN why_not IS NULL
                        THEN ROUND(full_base * LEAST(paid, rendered), 6)
                        ELSE 0 END AS earned,
                   CASE WHEN fresh THEN participant_id
                        ELSE held_participant_id END AS used_participant_id,
                   CASE WHEN fresh THEN referral_id
                        ELSE held_referral_id END AS used_referral_id
              FROM reasoned
             WHERE fixed OR fresh OR given_base <> 0 OR given_amount <> 0
            OFFSET 0
        ),
        -- what goes back toward zero, and what moves away from it
        parted AS (
            SELECT earning.*,
                   participant.state IN ('suspended', 'rejected', 'closed')
                       %(not_active)s AS inactive,
                   CASE WHEN given_base = 0 THEN 0
                        WHEN SIGN(earned) * SIGN(given_base) <= 0 THEN -given_base
                        WHEN ABS(earned) < ABS(given_base) THEN earned - given_base
                        ELSE 0 END AS back
              FROM earning
              LEFT JOIN referral_participant participant
                ON participant.id = earning.used_participant_id
        ),
        priced AS (
            SELECT parted.*,
                   earned - given_base - back AS away,
                   CASE WHEN back = 0 AND given_base <> 0 THEN 0
                        WHEN back = -given_base THEN -given_amount
                        ELSE ROUND(back * given_amount / given_base, 6)
                   END AS back_amount
              FROM parted
            OFFSET 0
        ),
        rated AS (%(rated)s),
        charged AS (
            SELECT rated.*,
                   CASE WHEN NOT is_credit THEN ROUND(away * rate / 100, 6)
                   END AS own_away_amount
              FROM rated
        ),
        averaged AS (%(averaged)s),
        waiting AS (%(waiting)s)
        SELECT line_key,
               group_id,
               move_line_id,
               move_id,
               product_id,
               partner_id,
               used_participant_id AS participant_id,
               used_referral_id AS referral_id,
               used_terms_id AS terms_id,
               move_name,
               name,
               invoice_date,
               start_date,
               end_date,
               ROUND(100 * paid, 6) AS paid,
               ROUND(100 * rendered, 6) AS rendered,
               full_base,
               earned,
               given_base,
               given_amount,
               CASE WHEN blocked THEN 0 ELSE back + away END AS base,
               CASE WHEN blocked THEN 0 ELSE back_amount + away_amount END AS amount,
               CASE WHEN back = 0 AND NOT is_credit OR back + away = 0 THEN rate
                    ELSE ROUND(100 * (back_amount + away_amount) / (back + away), 6)
               END AS rate,
               CASE WHEN blocked AND back + away <> 0 THEN 'participant_inactive'
                    ELSE why_not END AS reason,
               CASE WHEN moved AND NOT fresh AND referral_id IS NOT NULL
                    THEN %(end)s + 1
                    WHEN why_not IS NULL AND NOT gone
                         AND rendered < 1 AND rendered < paid
                    THEN GREATEST(%(end)s + 1, rendered_from)
               END AS look_again
          FROM waiting
        """,
        given_scope=given_scope,
        program=conditions.program_id,
        evidence=SQL.identifier(conditions.evidence),
        counted=_counted_condition(conditions),
        terms=SQL.identifier(conditions.terms),
        excluded=SQL.identifier(conditions.excluded),
        not_active=_not_active_condition(conditions),
        end=conditions.end,
        at_invoice_rate=rounded_query(
            SQL("line.amount_currency / member.rate"), conditions.unit
        ),
        days=days_query("current"),
        days_rendered=days_query("current", conditions.end),
        reasoned=_reasoned_query(conditions),
        rated=_rated_query(conditions),
        averaged=_averaged_query(conditions),
        waiting=_waiting_query(conditions),
    )


def days_query(alias, until=None):
    """Return how many days a line's service has, both ends included.

    :param str alias: the relation with ``start_date`` and ``end_date``
    :param date until: count only the days up to this one, inclusive
    """
    start, end = SQL.identifier(alias, "start_date"), SQL.identifier(alias, "end_date")
    if until is None:
        return SQL("%s - %s + 1", end, start)
    return SQL("GREATEST(0, LEAST(%s, %s) - %s + 1)", end, until, start)


def _counted_condition(conditions):
    """Which rows of the evidence say what was given."""
    if conditions.evidence != ACCRUED:
        return SQL()
    return SQL(
        """
        AND line.accrual_id IN (
            SELECT id FROM referral_accrual
             WHERE program_id = %s AND id <> %s AND period_end <= %s %s)
        """,
        conditions.program_id,
        conditions.accrual_id,
        conditions.end,
        SQL("AND state = 'posted'") if conditions.posted_only else SQL(),
    )


def _not_active_condition(conditions):
    """Leave out participants who count as active though they are not."""
    if not conditions.active_ids:
        return SQL()
    return SQL("AND participant.id NOT IN %s", conditions.active_ids)


def _reasoned_query(conditions):
    """Why a line earns nothing; credit notes judged by what they take back.

    A credit note's line follows the invoice's lines of the same product. Without
    such lines its own category decides, unless nothing on the invoice earns: then
    there is nothing to take back.
    """
    if not conditions.has_credit_notes:
        return SQL("SELECT judged.*, own_reason AS why_not FROM judged")
    return SQL(
        """
        SELECT judged.*,
               CASE WHEN NOT is_credit OR fixed THEN own_reason
                    WHEN BOOL_OR(NOT is_credit) OVER by_product
                    THEN CASE WHEN BOOL_OR(NOT is_credit AND own_reason IS NULL)
                                   OVER by_product THEN NULL
                              ELSE MIN(own_reason) FILTER (WHERE NOT is_credit)
                                   OVER by_product END
                    WHEN own_reason IS NULL
                         AND NOT BOOL_OR(NOT is_credit AND own_reason IS NULL)
                                 OVER by_group
                    THEN COALESCE(MIN(own_reason) FILTER (WHERE NOT is_credit)
                                  OVER by_group, 'gone')
                    ELSE own_reason END AS why_not
          FROM judged
        WINDOW by_group AS (PARTITION BY group_id),
               by_product AS (PARTITION BY group_id, product_id)
        """
    )


def _averaged_query(conditions):
    """What moves away from zero gets: a credit note at its invoice's average."""
    if not conditions.has_credit_notes:
        return SQL("SELECT charged.*, own_away_amount AS away_amount FROM charged")
    return SQL(
        """
        SELECT charged.*,
               CASE WHEN NOT is_credit THEN own_away_amount
                    WHEN away = 0 THEN 0
                    ELSE ROUND(away * COALESCE(
                            SUM(given_amount + back_amount + own_away_amount)
                                FILTER (WHERE NOT is_credit) OVER by_group
                            / NULLIF(SUM(earned) FILTER (WHERE NOT is_credit)
                                         OVER by_group, 0),
                            rate / 100), 6)
               END AS away_amount
          FROM charged
        WINDOW by_group AS (PARTITION BY group_id)
        """
    )


def _waiting_query(conditions):
    """Who is not active gets nothing positive: a group waits as a whole."""
    if not conditions.has_inactive:
        return SQL("SELECT averaged.*, FALSE AS blocked FROM averaged")
    return SQL(
        """
        SELECT averaged.*,
               inactive AND SUM(back_amount + away_amount) OVER by_holder >= 0
                   AS blocked
          FROM averaged
        WINDOW by_holder AS (PARTITION BY group_id, used_participant_id)
        """
    )


def _rated_query(conditions):
    """The terms' rate, or that of the tier that the client reached this month.

    A client's new base of the month is what moves away from zero at the terms'
    rate: credit notes, which take back at their invoice's average, do not count.
    """
    if not conditions.has_tiers:
        return SQL("SELECT priced.*, terms_rate AS rate FROM priced")
    return SQL(
        """
        SELECT counted.*, COALESCE(tier.rate::numeric, counted.terms_rate) AS rate
          FROM (SELECT priced.*,
                       SUM(away) FILTER (WHERE NOT is_credit AND NOT inactive)
                           OVER (PARTITION BY partner_id) AS new_base
                  FROM priced) counted
          LEFT JOIN LATERAL (
                SELECT rate
                  FROM %s
                 WHERE terms_id = counted.used_terms_id AND above < counted.new_base
                 ORDER BY above DESC
                 LIMIT 1
               ) tier ON TRUE
        """,
        SQL.identifier(conditions.tiers),
    )
