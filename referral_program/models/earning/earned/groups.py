"""The groups: how much of each is paid, whose it is, which terms hold."""

from odoo.tools import SQL

from ....tools.tax_ids import plain_tax_id_query
from .money import money_query


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
              FROM %(terms)s
             WHERE program_id = %(program)s AND is_draft IS NOT TRUE
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
              JOIN account_move credit ON credit.referral_root_id = root.group_id
             WHERE credit.state = 'posted'
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
               CASE WHEN bond.id IS NULL AND client.client_id IS NULL
                         THEN 'no_referral'
                    WHEN bond.id IS NULL AND net.invoice_date < client.first_day
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
        terms=SQL.identifier(conditions.terms),
        bond=_bond_query(conditions),
        money=money_query(conditions),
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
        own_vat=plain_tax_id_query(SQL("own.vat")),
        client_vat=plain_tax_id_query(SQL("client.vat")),
    )


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
