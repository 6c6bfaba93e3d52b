"""What each invoice line has earned by a day: the rule of accrual as SQL.

One query serves whoever asks: the accrual stores what it finds, and an
explanation shows it. It comes in three parts, each a plain ``SELECT``:

* :func:`root_query` has a row for each invoice to look at;
* :func:`group_query` has a row for each *group*, an invoice with the credit
  notes that reverse it: how much of it is paid, whose bond it falls under,
  which terms hold;
* :func:`line_query` has a row for each line of those groups: what it has earned
  by the day, what earlier accruals gave, and the difference with its amount.

Each reads the part before it under a name (``referral_root``,
``referral_group``): a temporary table with statistics for a month, a common
table expression for a few invoices (:func:`whole_query`).

A line that earns nothing has a reason: ``no_terms``, ``before_referral`` and
``after_referral`` (no bond on the invoice's date), ``self_referral``, ``territory``,
``excluded_category``, ``discounted``, ``participant_inactive``.

Amounts are in the company's currency with 6 decimals, rates in percent, dates
inclusive. Everything is ``numeric``: no floating point.
"""

from dataclasses import dataclass
from datetime import date

from odoo.tools import SQL


@dataclass(frozen=True)
class Conditions:
    """What a program says about a computation, as plain data.

    :ivar end: the last day that counts, inclusive
    :ivar decimals: of the company's currency
    :ivar company_ids: the companies whose invoices count
    :ivar bonus_journal_ids: journals whose payments are not money
    :ivar payment_journal_ids: miscellaneous journals whose entries are money
    :ivar bank_only: a payment is money only when a bank statement matched it
    :ivar by_attribution: terms of the bond's first day, not of the invoice's date
    :ivar discount_product_ids: products that make an invoice discounted
    :ivar accrual_id: the accrual whose own lines do not count as given
    :ivar has_tiers: whether any terms have tiers
    :ivar has_credit_notes: whether any of the groups has one
    :ivar has_inactive: whether any participant is not active
    """

    program_id: int
    end: date
    company_ids: tuple
    bonus_journal_ids: tuple = ()
    payment_journal_ids: tuple = ()
    bank_only: bool = False
    by_attribution: bool = False
    discount_product_ids: tuple = ()
    accrual_id: int = 0
    decimals: int = 2
    has_tiers: bool = True
    has_credit_notes: bool = True
    has_inactive: bool = True


def whole_query(conditions, scope):
    """Return all parts as one ``SELECT``, for a few invoices or for a check.

    :param Conditions conditions: what to compute by
    :param SQL scope: a ``SELECT`` of the ids of the groups' invoices
    """
    return SQL(
        "WITH referral_root AS (%s), referral_group AS (%s) SELECT * FROM (%s) line",
        root_query(conditions, scope),
        group_query(conditions),
        line_query(conditions, scope),
    )


def root_query(conditions, scope):
    """Return the ``SELECT`` of the invoices that the groups consist of.

    :param Conditions conditions: what to compute by
    :param SQL scope: a ``SELECT`` of their ids
    """
    return SQL(
        """
        SELECT move.id AS group_id,
               move.move_type,
               move.state = 'posted' AND move.invoice_date <= %(end)s AS counts,
               move.state = 'posted' AS posted,
               move.invoice_date,
               COALESCE(move.delivery_date, move.invoice_date) AS rendered_date,
               move.commercial_partner_id AS client_id,
               move.currency_id,
               move.invoice_currency_rate,
               move.amount_total,
               move.amount_total_signed
          FROM (%(scope)s) scope(group_id)
          JOIN account_move move ON move.id = scope.group_id
         WHERE move.company_id IN %(companies)s
           AND move.move_type IN ('out_invoice', 'out_refund')
        """,
        scope=scope,
        end=conditions.end,
        companies=conditions.company_ids,
    )


def group_query(conditions):
    """Return the ``SELECT`` of the groups' facts.

    It reads their invoices from a relation named ``referral_root``.

    :param Conditions conditions: what to compute by
    """
    return SQL(
        """
        -- not materialized: the planner needs the table's statistics
        WITH root AS NOT MATERIALIZED (SELECT * FROM referral_root),
        terms AS (
            SELECT id,
                   date_from,
                   LEAD(date_from, 1, 'infinity'::date) OVER (ORDER BY date_from)
                       AS date_to
              FROM referral_program_terms
             WHERE program_id = %(program)s
        ),
        bond AS (%(bond)s),
        client AS (
            SELECT client_id, MIN(date_start) AS first_day
              FROM bond
             GROUP BY client_id
        ),
        -- what the invoice's own credit notes take off it, in its currency
        credited AS (
            SELECT root.group_id,
                   SUM(CASE WHEN credit.currency_id = root.currency_id
                            THEN credit.amount_total
                            ELSE ABS(credit.amount_total_signed) * root.amount_total
                                 / NULLIF(ABS(root.amount_total_signed), 0)
                        END) FILTER (WHERE credit.invoice_date <= %(end)s) AS amount,
                   MIN(credit.invoice_date) FILTER (WHERE credit.invoice_date > %(end)s)
                       AS look_again
              FROM root
              JOIN account_move credit ON credit.reversed_entry_id = root.group_id
             WHERE root.move_type = 'out_invoice'
               AND credit.move_type = 'out_refund'
               AND credit.state = 'posted'
             GROUP BY root.group_id
        ),
        money AS (%(money)s),
        discounted AS (%(discounted)s),
        net AS (
            SELECT root.*,
                   CASE WHEN root.counts THEN root.amount_total ELSE 0 END
                       - COALESCE(credited.amount, 0) AS net,
                   COALESCE(money.amount, 0) AS money,
                   LEAST(
                       credited.look_again,
                       money.look_again,
                       CASE WHEN root.posted AND NOT root.counts
                            THEN root.invoice_date END
                   ) AS look_again
              FROM root
              LEFT JOIN credited ON credited.group_id = root.group_id
              LEFT JOIN money ON money.group_id = root.group_id
        )
        SELECT net.group_id,
               net.move_type,
               net.counts,
               net.invoice_date,
               net.rendered_date,
               net.client_id,
               net.currency_id,
               net.invoice_currency_rate,
               net.net,
               net.money,
               net.look_again,
               -- a credit note that reverses nothing is paid by its nature
               CASE WHEN net.move_type = 'out_refund' THEN 1
                    WHEN net.net <= 0 THEN 0
                    ELSE GREATEST(0, LEAST(1, net.money / net.net))
               END AS paid,
               COALESCE(partner.referral_postpaid, FALSE) AS postpaid,
               bond.id AS referral_id,
               bond.participant_id,
               terms.id AS terms_id,
               discounted.group_id IS NOT NULL AS discounted,
               CASE WHEN bond.id IS NULL AND net.invoice_date < client.first_day
                         THEN 'before_referral'
                    WHEN bond.id IS NULL THEN 'after_referral'
                    WHEN bond.self_referral THEN 'self_referral'
                    WHEN bond.elsewhere THEN 'territory'
                    WHEN terms.id IS NULL THEN 'no_terms'
               END AS reason
          FROM net
          JOIN res_partner partner ON partner.id = net.client_id
          LEFT JOIN client ON client.client_id = net.client_id
          LEFT JOIN bond
            ON bond.client_id = net.client_id
           AND net.invoice_date BETWEEN bond.covers_from AND bond.date_end
          LEFT JOIN terms
            ON %(terms_date)s >= terms.date_from AND %(terms_date)s < terms.date_to
          LEFT JOIN discounted ON discounted.group_id = net.group_id
        """,
        end=conditions.end,
        program=conditions.program_id,
        bond=_bond_query(conditions),
        money=_money_query(conditions),
        discounted=_discounted_query(conditions),
        terms_date=SQL("bond.date_start")
        if conditions.by_attribution
        else SQL("net.invoice_date"),
    )


def _bond_query(conditions):
    """The bonds of the clients in question, each with what speaks against it."""
    return SQL(
        r"""
        SELECT referral.id,
               referral.participant_id,
               client.id AS client_id,
               referral.date_start,
               -- should contacts be merged, the older of two bonds holds
               GREATEST(
                   referral.date_start,
                   MAX(COALESCE(referral.date_end, 'infinity'::date)) OVER (
                       PARTITION BY client.id
                       ORDER BY referral.date_start, referral.id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                   ) + 1
               ) AS covers_from,
               COALESCE(referral.date_end, 'infinity'::date) AS date_end,
               own.id = client.id
               OR %(own_vat)s <> '' AND %(own_vat)s = %(client_vat)s
               OR shared.one IS NOT NULL AS self_referral,
               type.territory_restricted
               AND (client.country_id IS NULL
                    OR client.country_id IS DISTINCT FROM own.country_id) AS elsewhere
          FROM referral_referral referral
          JOIN referral_participant participant
            ON participant.id = referral.participant_id
          JOIN referral_participant_type type ON type.id = participant.type_id
          JOIN res_partner enrolled ON enrolled.id = participant.partner_id
          JOIN res_partner own ON own.id = enrolled.commercial_partner_id
          JOIN res_partner brought ON brought.id = referral.partner_id
          JOIN res_partner client ON client.id = brought.commercial_partner_id
          LEFT JOIN (
                SELECT DISTINCT one.commercial_partner_id AS one,
                                two.commercial_partner_id AS two
                  FROM res_partner_bank first
                  JOIN res_partner_bank second
                    ON second.sanitized_acc_number = first.sanitized_acc_number
                   AND second.id <> first.id
                  JOIN res_partner one ON one.id = first.partner_id
                  JOIN res_partner two ON two.id = second.partner_id
                 WHERE first.active AND second.active
               ) shared ON shared.one = own.id AND shared.two = client.id
         WHERE referral.program_id = %(program)s
           AND referral.state IN ('active', 'ended')
           AND client.id IN (SELECT client_id FROM root)
        """,
        program=conditions.program_id,
        own_vat=_plain_vat("own"),
        client_vat=_plain_vat("client"),
    )


def _plain_vat(alias):
    """A tax number without its country's letters, spaces and signs."""
    return SQL(
        "REGEXP_REPLACE(REGEXP_REPLACE(UPPER(COALESCE(%s, '')), '[^A-Z0-9]', '', 'g'),"
        " '^[A-Z]{2}', '')",
        SQL.identifier(alias, "vat"),
    )


def _money_query(conditions):
    """The money that reconciliation put on the invoices' receivable lines.

    In the invoice's currency, by the date of the reconciliation.
    """
    return SQL(
        """
        SELECT root.group_id,
               SUM(part.debit_amount_currency)
                   FILTER (WHERE %(money_date)s <= %(end)s) AS amount,
               MIN(%(money_date)s) FILTER (WHERE %(money_date)s > %(end)s) AS look_again
          FROM root
          JOIN account_move_line receivable
            ON receivable.move_id = root.group_id
           AND receivable.display_type = 'payment_term'
          JOIN account_partial_reconcile part ON part.debit_move_id = receivable.id
          JOIN account_move_line counterpart
            ON counterpart.id = part.credit_move_id
           AND counterpart.parent_state = 'posted'
          JOIN account_move payer ON payer.id = counterpart.move_id
          JOIN account_journal journal ON journal.id = payer.journal_id
          %(bank_join)s
         WHERE root.move_type = 'out_invoice'
           AND root.posted
           AND journal.id NOT IN %(bonus)s
           AND (%(payments)s
                OR payer.statement_line_id IS NOT NULL
                OR payer.origin_payment_id IS NULL
                   AND journal.type IN ('bank', 'cash', 'credit')
                OR payer.move_type = 'out_refund'
                   AND payer.reversed_entry_id IS DISTINCT FROM root.group_id
                OR journal.id IN %(listed)s
                   AND NOT EXISTS (SELECT FROM account_partial_reconcile exchanged
                                    WHERE exchanged.exchange_move_id = payer.id))
         GROUP BY root.group_id
        """,
        end=conditions.end,
        bonus=conditions.bonus_journal_ids or (0,),
        listed=conditions.payment_journal_ids or (0,),
        **_bank_condition(conditions),
    )


def _bank_condition(conditions):
    """When a registered payment is money: at once, or once a statement matched it.

    A payment that goes to the bank account itself, without an outstanding
    account, has nothing that a statement could match: it counts at once.
    """
    if not conditions.bank_only:
        return {
            "payments": SQL("payer.origin_payment_id IS NOT NULL"),
            "bank_join": SQL(),
            "money_date": SQL("part.max_date"),
        }
    return {
        "payments": SQL(
            "payer.origin_payment_id IS NOT NULL AND (matched.day IS NOT NULL"
            " OR payment.outstanding_account_id = journal.default_account_id)"
        ),
        "bank_join": SQL(
            """
            LEFT JOIN account_payment payment ON payment.id = payer.origin_payment_id
            LEFT JOIN LATERAL (
                -- the day on which the whole of the payment had been matched
                SELECT MAX(half.max_date) AS day
                  FROM account_move_line outstanding
                  JOIN account_partial_reconcile half
                    ON outstanding.id IN (half.debit_move_id, half.credit_move_id)
                  JOIN account_move_line bank
                    ON bank.id = half.debit_move_id + half.credit_move_id
                                 - outstanding.id
                   AND bank.parent_state = 'posted'
                  JOIN account_move statement
                    ON statement.id = bank.move_id
                   AND statement.statement_line_id IS NOT NULL
                 WHERE outstanding.move_id = payer.id
                   AND outstanding.account_id = payment.outstanding_account_id
                   AND outstanding.reconciled
            ) matched ON TRUE
            """
        ),
        "money_date": SQL("GREATEST(part.max_date, matched.day)"),
    }


def _discounted_query(conditions):
    """The groups whose invoice carries a product marked as a discount."""
    return SQL(
        """
        SELECT DISTINCT root.group_id
          FROM root
          JOIN account_move_line line ON line.move_id = root.group_id
         WHERE line.product_id IN %(products)s AND line.display_type = 'product'
        """,
        products=conditions.discount_product_ids or (0,),
    )


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
              FROM referral_program_terms
             WHERE program_id = %(program)s
        ),
        excluded AS (
            SELECT DISTINCT listed.terms_id, category.id AS categ_id
              FROM referral_terms_excluded_category_rel listed
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
                      FROM referral_accrual_line line
                     WHERE line.group_key = given_scope.group_id
                       AND line.accrual_id IN (
                            SELECT id FROM referral_accrual
                             WHERE program_id = %(program)s AND id <> %(accrual)s)
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
              JOIN referral_accrual_line last ON last.id = given.last_id
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
              JOIN account_move credit ON credit.reversed_entry_id = grp.group_id
             WHERE grp.move_type = 'out_invoice'
               AND credit.move_type = 'out_refund'
               AND credit.state = 'posted'
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
                        THEN ROUND(line.amount_currency / member.rate, %(decimals)s)
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
                        ELSE GREATEST(
                                0,
                                LEAST(current.end_date, %(end)s)
                                    - current.start_date + 1
                             )::numeric
                             / (current.end_date - current.start_date + 1)
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
                        WHEN NOT decided.fresh THEN 'after_referral'
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
        ),
        -- what goes back toward zero, and what moves away from it
        parted AS (
            SELECT earning.*,
                   participant.state IN ('suspended', 'rejected', 'closed') AS inactive,
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
        accrual=conditions.accrual_id,
        end=conditions.end,
        decimals=conditions.decimals,
        reasoned=_reasoned_query(conditions),
        rated=_rated_query(conditions),
        averaged=_averaged_query(conditions),
        waiting=_waiting_query(conditions),
    )


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
                                  OVER by_group, 'no_terms')
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
                  FROM referral_program_tier
                 WHERE terms_id = counted.used_terms_id AND above < counted.new_base
                 ORDER BY above DESC
                 LIMIT 1
               ) tier ON TRUE
        """
    )
