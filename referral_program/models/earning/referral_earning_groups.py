from odoo import models
from odoo.tools import SQL

from ...tools.bank_accounts import names_somebody_query
from ...tools.tax_ids import same_tax_id_query


class ReferralEarning(models.AbstractModel):
    """The groups: an invoice with whatever reverses it, to any depth."""

    _inherit = "referral.earning"

    # === OVERRIDE POINTS === #

    def _root_sign(self):
        """Return whether a group charges its client, 1, or gives, -1.

        :return: SQL over ``move``, the document that the group begins with
        """
        return SQL("CASE move.move_type WHEN 'out_invoice' THEN 1 ELSE -1 END")

    def _discounts(self, conditions):
        """Return whether a line makes the whole invoice discounted.

        :return: SQL over ``item``, a line of the root
        """
        return SQL("item.product_id IN %s", conditions.discount_product_ids or (0,))

    def _is_bonus(self):
        """Return whether a negative line, ``item``, is bonus money of the client's.

        It lowers what the invoice earns; the integrity check need not ask about it.
        """
        return SQL("FALSE")

    # === TABLES === #

    def _root_query(self, conditions, scope):
        """Return the ``SELECT`` of the documents that the groups begin with.

        :param Conditions conditions: what to compute by
        :param SQL scope: a ``SELECT`` of their ids
        """
        return SQL(
            """
            SELECT move.id AS group_id,
                   CASE move.move_type WHEN 'out_invoice' THEN 1 ELSE -1 END AS sign,
                   %(root_sign)s AS root_sign,
                   move.state = 'posted' AND move.invoice_date <= %(end)s AS counts,
                   move.state = 'posted' AS posted,
                   move.invoice_date,
                   COALESCE(move.delivery_date, move.invoice_date) AS rendered_date,
                   move.partner_id AS contact_id,
                   move.commercial_partner_id AS client_id,
                   move.currency_id,
                   move.invoice_currency_rate,
                   move.amount_total,
                   -- what a unit of the company's currency is in the document's
                   move.amount_total / NULLIF(ABS(move.amount_total_signed), 0)
                       AS per_unit
              FROM (%(scope)s) scope(group_id)
              JOIN account_move move ON move.id = scope.group_id
             WHERE move.company_id IN %(companies)s
               AND move.move_type IN ('out_invoice', 'out_refund')
            """,
            scope=scope,
            root_sign=self._root_sign(),
            end=conditions.end,
            companies=conditions.company_ids,
        )

    def _member_query(self, conditions):
        """Return the ``SELECT`` of the groups' posted documents, whatever their date.

        ``total`` is in the root's currency, ``sign`` that of its document.
        """
        return SQL(
            """
            SELECT root.group_id,
                   root.group_id AS move_id,
                   TRUE AS on_root,
                   root.sign,
                   root.invoice_date,
                   root.amount_total AS total,
                   root.currency_id,
                   root.invoice_currency_rate,
                   root.per_unit
              FROM %(root)s root
             WHERE root.posted
             UNION ALL
            SELECT root.group_id,
                   move.id,
                   FALSE,
                   CASE move.move_type WHEN 'out_invoice' THEN 1 ELSE -1 END,
                   move.invoice_date,
                   CASE WHEN move.currency_id = root.currency_id
                        THEN move.amount_total
                        ELSE ABS(move.amount_total_signed) * root.per_unit END,
                   root.currency_id,
                   root.invoice_currency_rate,
                   root.per_unit
              FROM %(root)s root
              JOIN account_move move ON move.referral_root_id = root.group_id
             WHERE move.state = 'posted'
            """,
            root=conditions.table("root"),
        )

    def _net_query(self, conditions):
        """Return the ``SELECT`` of what is left to pay for each group, before money."""
        return SQL(
            """
            SELECT group_id,
                   SUM(sign * total) FILTER (WHERE invoice_date <= %(end)s) AS net,
                   MIN(invoice_date) FILTER (WHERE invoice_date > %(end)s)
                       AS look_again
              FROM %(members)s member
             GROUP BY group_id
            """,
            end=conditions.end,
            members=conditions.table("member"),
        )

    def _paid_query(self, conditions):
        """Return the ``SELECT`` of each group's ``net`` and the ``money`` on it.

        Both in the root's currency, by the last day; ``look_again`` is the day after
        it on which they change.
        """
        return SQL(
            """
            SELECT root.group_id,
                   -- what an advance took off is to be paid like the rest
                   COALESCE(net.net, 0) + COALESCE(money.deducted, 0) AS net,
                   COALESCE(money.amount, 0) + COALESCE(credit.amount, 0) AS money,
                   LEAST(net.look_again, money.look_again, credit.look_again)
                       AS look_again
              FROM %(root)s root
              LEFT JOIN (%(net)s) net ON net.group_id = root.group_id
              LEFT JOIN %(money)s money ON money.group_id = root.group_id
              LEFT JOIN (
                    SELECT group_id,
                           SUM(amount * worth) AS amount,
                           MIN(look_again) AS look_again
                      FROM %(credit)s
                     GROUP BY group_id
                   ) credit ON credit.group_id = root.group_id
            """,
            root=conditions.table("root"),
            net=self._net_query(conditions),
            money=conditions.table("money"),
            credit=conditions.table("credit"),
        )

    def _group_query(self, conditions):
        """Return the ``SELECT`` of the groups' facts.

        The terms are those in force on the root's date or, of cohorts
        (``by_attribution``), on the day on which the referral began. Lines that were
        credited keep the terms that they got, see :meth:`_joined_query`.

        :param Conditions conditions: what to compute by
        """
        return SQL(
            """
            WITH terms AS (%(terms)s),
            facts AS (%(facts)s),
            known AS (%(known)s),
            client AS (
                SELECT client_id, MIN(date_start) AS first_day
                  FROM known
                 GROUP BY client_id
            ),
            kept AS (%(kept)s)
            SELECT root.group_id,
                   root.root_sign,
                   root.counts,
                   root.invoice_date,
                   root.rendered_date,
                   root.contact_id,
                   COALESCE(facts.client_id, root.client_id) AS client_id,
                   root.currency_id,
                   paid.net,
                   paid.money,
                   paid.look_again,
                   -- a credit note that reverses nothing is paid by its nature
                   CASE WHEN root.root_sign < 0 THEN 1
                        WHEN paid.net > 0
                        THEN GREATEST(0, LEAST(1, paid.money / paid.net))
                        ELSE 0 END AS paid,
                   COALESCE(partner.referral_postpaid, FALSE) AS postpaid,
                   facts.id AS referral_id,
                   facts.participant_id,
                   terms.id AS terms_id,
                   kept.terms_id AS kept_terms_id,
                   client.first_day,
                   facts.self_referral,
                   facts.abroad,
                   COALESCE(facts.state = 'pending', FALSE) AS is_pending,
                   discounted.group_id IS NOT NULL AS discounted
              FROM %(root)s root
              JOIN (%(paid)s) paid ON paid.group_id = root.group_id
              LEFT JOIN kept ON kept.group_id = root.group_id
              LEFT JOIN known
                ON known.client_id = root.client_id
               AND root.invoice_date BETWEEN known.covers_from AND known.date_end
               AND kept.group_id IS NULL
              LEFT JOIN facts ON facts.id = COALESCE(kept.referral_id, known.id)
              LEFT JOIN client
                ON client.client_id = root.client_id
               AND (kept.group_id IS NULL OR kept.referral_id IS NOT NULL)
              LEFT JOIN res_partner partner
                ON partner.id = COALESCE(facts.client_id, root.client_id)
              LEFT JOIN terms
                ON %(day)s >= terms.date_from AND %(day)s < terms.date_to
              LEFT JOIN (%(discounted)s) discounted
                ON discounted.group_id = root.group_id
            """,
            terms=self._terms_query(conditions),
            facts=self._referral_query(conditions),
            known=self._known_query(),
            kept=self._kept_query(conditions),
            root=conditions.table("root"),
            paid=self._paid_query(conditions),
            discounted=self._discounted_query(conditions),
            day=SQL("facts.date_start")
            if conditions.by_attribution
            else SQL("root.invoice_date"),
        )

    def _terms_query(self, conditions):
        """Return the ``SELECT`` of the terms, with the day before which they end."""
        return SQL(
            """
            SELECT id,
                   date_from,
                   LEAD(date_from, 1, 'infinity'::date) OVER (ORDER BY date_from)
                       AS date_to
              FROM %s
             WHERE program_id = %s AND is_draft IS NOT TRUE
            """,
            SQL.identifier(conditions.terms),
            conditions.program_id,
        )

    def _referral_query(self, conditions):
        """Return the ``SELECT`` of the referrals, each with what speaks against it.

        ``self_referral``: participant and client are one company, or have the same tax
        id or bank account; an e-mail domain counts only when a client is bound.
        ``abroad``: the participant's type may refer from the own country only, and
        the client's is another one or not known. Both as they are today; lines that
        were credited are not judged again, see :meth:`_joined_query`.
        """
        return SQL(
            """
            SELECT referral.id,
                   referral.participant_id,
                   referral.state,
                   referral.date_start,
                   COALESCE(referral.date_end, 'infinity'::date) AS date_end,
                   brought.id AS contact_id,
                   client.id AS client_id,
                   own.id = client.id
                   OR %(same_tax_id)s
                   OR shared.one IS NOT NULL AS self_referral,
                   type.territory_restricted
                   AND (client.country_id IS NULL
                        OR client.country_id IS DISTINCT FROM own.country_id) AS abroad
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
                     WHERE first.active AND second.active AND %(names_somebody)s
                   ) shared ON shared.one = own.id AND shared.two = client.id
             WHERE referral.program_id = %(program)s
               AND referral.state IN ('pending', 'active', 'ended')
               AND (brought.id IN (SELECT client_id FROM %(root)s)
                    OR client.id IN (SELECT client_id FROM %(root)s)
                    OR referral.id IN (SELECT referral_id FROM %(past)s)
                    OR referral.id IN (
                        SELECT kept.referral_id
                          FROM referral_kept_invoice kept
                          JOIN %(root)s root ON root.group_id = kept.move_id))
            """,
            program=conditions.program_id,
            same_tax_id=same_tax_id_query("own", "client"),
            names_somebody=names_somebody_query(SQL("first.sanitized_acc_number")),
            root=conditions.table("root"),
            past=conditions.table("past"),
        )

    def _known_query(self):
        """Return the ``SELECT`` of the days on which a referral of a client holds.

        The client is the referral's contact or whoever is its commercial partner
        today. Should contacts of two referrals come together, the older one holds.
        """
        return SQL(
            """
            SELECT id,
                   client_id,
                   date_start,
                   date_end,
                   GREATEST(
                       date_start,
                       MAX(date_end) OVER (
                           PARTITION BY client_id
                           ORDER BY date_start, id
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                       ) + 1
                   ) AS covers_from
              FROM (
                SELECT id, date_start, date_end, contact_id AS client_id
                  FROM facts
                 WHERE state <> 'pending'
                 UNION
                SELECT id, date_start, date_end, client_id
                  FROM facts
                 WHERE state <> 'pending'
               ) referral
            """
        )

    def _kept_query(self, conditions):
        """Return the ``SELECT`` of the referrals that groups keep, whatever becomes of
        contacts: those that they were credited under, or had when contacts changed.

        They hold for as long as nobody corrects them, or addresses the invoice to
        somebody else. A group that had none when contacts came together keeps none.
        """
        return SQL(
            """
            SELECT DISTINCT ON (root.group_id)
                   root.group_id,
                   facts.id AS referral_id,
                   own.terms_id
              FROM (
                SELECT group_id, referral_id, participant_id, terms_id, contact_id,
                       last_id
                  FROM %(past)s
                 UNION ALL
                SELECT move_id, referral_id, NULL, NULL, NULL, 0
                  FROM referral_kept_invoice
                 WHERE move_id IN (SELECT group_id FROM %(root)s)
              ) own
              JOIN %(root)s root
                ON root.group_id = own.group_id
               AND root.contact_id = COALESCE(own.contact_id, root.contact_id)
              LEFT JOIN facts
                ON facts.id = own.referral_id
               AND facts.participant_id
                   = COALESCE(own.participant_id, facts.participant_id)
               AND root.invoice_date BETWEEN facts.date_start AND facts.date_end
             WHERE facts.id IS NOT NULL OR own.referral_id IS NULL
             ORDER BY root.group_id, own.last_id DESC
            """,
            past=conditions.table("past"),
            root=conditions.table("root"),
        )

    def _discounted_query(self, conditions):
        """Return the ``SELECT`` of groups whose root has a line for a discount."""
        return SQL(
            """
            SELECT DISTINCT root.group_id
              FROM %(root)s root
              JOIN account_move_line item
                ON item.move_id = root.group_id AND item.display_type = 'product'
             WHERE %(is_discount)s
            """,
            root=conditions.table("root"),
            is_discount=self._discounts(conditions),
        )
