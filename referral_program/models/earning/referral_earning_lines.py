from odoo import models
from odoo.tools import SQL


class ReferralEarning(models.AbstractModel):
    """The lines: which of them earn, what they were credited, what they get now."""

    _inherit = "referral.earning"

    def _past_query(self, conditions, scope, further=False):
        """Return the ``SELECT`` of what earlier accruals credited, by line.

        :param SQL scope: a ``SELECT`` of the groups, also of those that are gone
        :param bool further: what further referrals got, by line and referral
        """
        return SQL(
            """
            SELECT past.line_key,
                   past.group_id,
                   past.base AS credited_base,
                   past.amount AS credited_amount,
                   past.last_id,
                   last.participant_id,
                   last.referral_id,
                   last.terms_id,
                   last.partner_id,
                   last.contact_id,
                   last.move_line_id,
                   last.product_id,
                   last.move_name,
                   last.name,
                   last.invoice_date,
                   last.document_date,
                   last.start_date,
                   last.end_date
              FROM (%(scope)s) scope(group_id)
              -- lateral: one look into an index for each group, however long the
              -- history of the others is
              JOIN LATERAL (
                    SELECT line.line_key,
                           scope.group_id,
                           SUM(line.base) AS base,
                           SUM(line.amount) AS amount,
                           MAX(line.id) AS last_id
                      FROM %(evidence)s line
                     WHERE line.group_key = scope.group_id
                       AND %(whose)s
                       %(counted)s
                     GROUP BY line.line_key %(each)s
                   ) past ON TRUE
              JOIN %(evidence)s last ON last.id = past.last_id
            """,
            scope=scope,
            evidence=SQL.identifier(conditions.evidence),
            counted=self._counted(conditions),
            whose=SQL("line.is_further")
            if further
            else SQL("line.is_further IS NOT TRUE"),
            each=SQL(", line.referral_id") if further else SQL(),
        )

    def _line_query(self, conditions):
        """Return the ``SELECT`` of what each line earned, was credited and gets now.

        It reads the tables of :meth:`_make_tables`.

        :param Conditions conditions: what to compute by
        """
        return SQL(
            """
            WITH excluded AS (%(excluded)s),
            item AS (%(items)s),
            line AS (%(joined)s),
            judged AS (%(judged)s),
            %(followers)s,
            earning AS (%(earning)s),
            credited AS (%(credited)s),
            %(amounts)s
            %(result)s
            """,
            excluded=self._excluded_query(conditions),
            items=self._item_query(conditions),
            joined=self._joined_query(conditions),
            judged=self._judged_query(conditions),
            followers=self._follower_tables(),
            earning=self._earning_query(conditions),
            credited=self._credited_query(conditions),
            amounts=self._amount_tables(conditions),
            result=self._result_query(conditions),
        )

    def _excluded_query(self, conditions):
        """Return the ``SELECT`` of the categories that terms exclude, and all below."""
        return SQL(
            """
            SELECT DISTINCT listed.terms_id, category.id AS categ_id
              FROM %s listed
              JOIN %s terms
                ON terms.id = listed.terms_id AND terms.program_id = %s
              JOIN product_category parent ON parent.id = listed.category_id
              JOIN product_category category
                ON category.parent_path LIKE parent.parent_path || '%%'
            """,
            SQL.identifier(conditions.excluded),
            SQL.identifier(conditions.terms),
            conditions.program_id,
        )

    def _item_query(self, conditions):
        """Return the ``SELECT`` of the invoice lines of the groups' documents.

        Each document counts from its own date on, at the root's currency rate.
        """
        columns = [
            SQL("%s AS %s", sql, SQL.identifier(name))
            for name, sql in self._line_columns().items()
        ]
        return SQL(
            """
            SELECT item.id AS line_key,
                   member.group_id,
                   member.on_root,
                   member.invoice_date AS document_date,
                   item.move_id,
                   item.product_id,
                   CASE WHEN NOT member.on_root
                             AND item.currency_id = member.currency_id
                             AND item.currency_id <> item.company_currency_id
                             AND member.invoice_currency_rate > 0
                        THEN %(at_root_rate)s
                        ELSE item.balance END AS balance,
                   item.price_subtotal,
                   item.price_total,
                   COALESCE(item.discount, 0)::numeric AS discount,
                   item.move_name,
                   item.name,
                   template.categ_id,
                   %(columns)s
              FROM %(members)s member
              JOIN %(root)s root ON root.group_id = member.group_id AND root.posted
              JOIN account_move_line item
                ON item.move_id = member.move_id AND item.display_type = 'product'
              LEFT JOIN product_product product ON product.id = item.product_id
              LEFT JOIN product_template template
                ON template.id = product.product_tmpl_id
              %(joins)s
             WHERE member.invoice_date <= %(end)s
            """,
            at_root_rate=self._at_root_rate(conditions),
            columns=SQL(", ").join(columns),
            members=conditions.table("member"),
            root=conditions.table("root"),
            joins=self._line_joins(),
            end=conditions.end,
        )

    def _joined_query(self, conditions):
        """Return the ``SELECT`` of lines with what they got, and their groups' facts.

        A line ``leads`` if the root charges it; all others follow. One that was
        credited is ``fixed``: terms and eligibility stay. ``fresh`` is decided now.
        If it is neither, what it got is reversed: it is ``gone``, or its client was
        ``moved`` to another referral by staff.
        """
        return SQL(
            """
            SELECT COALESCE(line.line_key, past.line_key) AS line_key,
                   COALESCE(line.group_id, past.group_id) AS group_id,
                   line.line_key IS NOT NULL AND line.on_root
                       AND grp.root_sign * line.balance <= 0 AS leads,
                   COALESCE(line.on_root, FALSE) AS on_root,
                   COALESCE(grp.root_sign, 1) AS root_sign,
                   flags.*,
                   flags.was_credited AND NOT flags.gone AND NOT flags.moved AS fixed,
                   NOT flags.gone AND (NOT flags.was_credited OR flags.moved
                       AND past.credited_base = 0
                       AND past.credited_amount = 0) AS fresh,
                   COALESCE(past.credited_base, 0) AS own_credited_base,
                   COALESCE(past.credited_amount, 0) AS own_credited_amount,
                   past.participant_id AS credited_participant_id,
                   past.referral_id AS credited_referral_id,
                   past.terms_id AS credited_terms_id,
                   grp.kept_terms_id,
                   grp.participant_id,
                   grp.referral_id,
                   grp.terms_id,
                   grp.first_day,
                   grp.self_referral,
                   grp.abroad,
                   COALESCE(grp.is_pending, FALSE) AS is_pending,
                   grp.discounted,
                   COALESCE(grp.client_id, past.partner_id) AS partner_id,
                   COALESCE(grp.contact_id, past.contact_id) AS contact_id,
                   COALESCE(grp.paid, 0) AS paid,
                   COALESCE(line.line_key, past.move_line_id) AS move_line_id,
                   line.move_id,
                   COALESCE(line.product_id, past.product_id) AS product_id,
                   COALESCE(line.move_name, past.move_name) AS move_name,
                   COALESCE(line.name, past.name) AS name,
                   COALESCE(grp.invoice_date, past.invoice_date) AS invoice_date,
                   COALESCE(line.document_date, past.document_date)
                       AS document_date,
                   CASE WHEN line.line_key IS NULL THEN past.start_date
                        ELSE line.start_date END AS start_date,
                   CASE WHEN line.line_key IS NULL THEN past.end_date
                        ELSE line.end_date END AS end_date,
                   line.balance,
                   line.price_subtotal,
                   line.price_total,
                   COALESCE(line.discount, 0) AS discount,
                   line.categ_id,
                   COALESCE(line.is_advance, FALSE) AS is_advance,
                   %(columns)s
                   %(rendered)s AS rendered,
                   CASE WHEN line.start_date IS NULL OR line.end_date IS NULL
                        THEN grp.rendered_date ELSE line.start_date
                   END AS rendered_from
              FROM item line
              FULL JOIN %(past)s past ON past.line_key = line.line_key
              LEFT JOIN %(groups)s grp
                ON grp.group_id = COALESCE(line.group_id, past.group_id)
             CROSS JOIN LATERAL (
                    SELECT line.line_key IS NULL AS gone,
                           past.line_key IS NOT NULL AS was_credited,
                           past.line_key IS NOT NULL
                           AND line.line_key IS NOT NULL
                           AND (grp.referral_id IS DISTINCT FROM past.referral_id
                                OR grp.participant_id
                                   IS DISTINCT FROM past.participant_id) AS moved
                   ) flags
            """,
            columns=SQL().join(
                SQL("%s,", SQL.identifier("line", name))
                for name in self._line_columns().keys()
                - {"start_date", "end_date", "is_advance"}
            ),
            rendered=self._rendered(conditions),
            past=conditions.table("past"),
            groups=conditions.table("group"),
        )

    def _judged_query(self, conditions):
        """Return the ``SELECT`` of the lines with base, terms and own reason.

        Only lines that lead are judged: what follows them has no reason of its own.
        """
        return SQL(
            """
            SELECT line.*,
                   terms.id AS used_terms_id,
                   terms.rate::numeric AS own_rate,
                   CASE WHEN line.gone THEN 0 ELSE COALESCE(%(base)s, -line.balance)
                   END AS full_base,
                   CASE WHEN line.gone THEN 'gone'
                        -- what counts as money is never fixed
                        WHEN line.fixed AND line.is_advance AND NOT line.leads
                        THEN 'advance'
                        WHEN line.fixed THEN NULL
                        WHEN NOT line.fresh
                        THEN COALESCE(%(group_reason)s, 'moved')
                        WHEN line.leads THEN %(reason)s
                        WHEN line.is_advance THEN 'advance' END AS own_reason
              FROM line
              LEFT JOIN %(terms)s terms
                ON terms.program_id = %(program)s
               AND terms.id = CASE WHEN line.leads AND line.fresh THEN line.terms_id
                                   ELSE COALESCE(line.credited_terms_id,
                                                 line.kept_terms_id, line.terms_id)
                              END
              LEFT JOIN excluded
                ON excluded.terms_id = terms.id
               AND excluded.categ_id = line.categ_id
            -- a fence: computed once here, not at each place that names it
            OFFSET 0
            """,
            base=self._base_case(),
            reason=self._reason_case(),
            group_reason=SQL(
                "CASE WHEN line.referral_id IS NULL THEN %s END", self._reason_case()
            ),
            terms=SQL.identifier(conditions.terms),
            program=conditions.program_id,
        )

    def _earning_query(self, conditions):
        """Return the ``SELECT`` of what each line has earned by the day."""
        return SQL(
            """
            SELECT line.*,
                   CASE WHEN followed.line_key IS NULL THEN own_reason
                        WHEN own_reason IS NOT NULL THEN own_reason
                        WHEN followed.share = 0 THEN followed.reason END AS own_why_not,
                   exact.earned AS exact_earned,
                   -- rounded twice: divisions leave a trace in the last digits
                   ROUND(ROUND(exact.earned, 12), 6) AS own_earned,
                   COALESCE(followed.share, 1) AS share,
                   COALESCE(followed.rendered, line.rendered) AS shown_rendered,
                   CASE WHEN fresh THEN participant_id
                        ELSE credited_participant_id END AS own_participant_id,
                   CASE WHEN fresh THEN referral_id
                        ELSE credited_referral_id END AS own_referral_id
              FROM judged line
              LEFT JOIN followed ON followed.line_key = line.line_key
             CROSS JOIN LATERAL (
                    SELECT CASE WHEN own_reason IS NOT NULL THEN 0
                                WHEN line.leads
                                THEN full_base * LEAST(paid, line.rendered)
                                ELSE COALESCE(followed.earned, 0) END
                   ) exact(earned)
             WHERE fixed OR fresh OR own_credited_base <> 0 OR own_credited_amount <> 0
                %(also_past)s
            OFFSET 0
            """,
            also_past=self._also_past(conditions),
        )

    def _result_query(self, conditions):
        """Return the ``SELECT`` of what :meth:`_line_query` answers."""
        return SQL(
            """
            SELECT line_key,
                   group_id,
                   move_line_id,
                   move_id,
                   product_id,
                   partner_id,
                   contact_id,
                   used_participant_id AS participant_id,
                   used_referral_id AS referral_id,
                   is_further,
                   used_terms_id AS terms_id,
                   move_name,
                   name,
                   invoice_date,
                   document_date,
                   start_date,
                   end_date,
                   leads,
                   %(paid)s AS paid,
                   %(rendered)s AS rendered,
                   %(share)s AS share,
                   CASE WHEN gone THEN 0
                        WHEN price_subtotal = 0 THEN -balance
                        ELSE -balance * price_total / price_subtotal
                   END AS with_tax,
                   CASE WHEN share = 0 THEN full_base
                        ELSE ROUND(full_base * share, 6) END AS full_base,
                   earned,
                   exact_earned / NULLIF(full_base, 0) AS earned_part,
                   credited_base,
                   credited_amount,
                   base,
                   amount,
                   CASE WHEN leads AND back = 0 AND base = away
                             OR back + away = 0 THEN rate
                        WHEN base = 0 THEN rate
                        ELSE ROUND(100 * amount / base, 6) END AS rate,
                   CASE WHEN NOT blocked OR back + away = 0 THEN why_not
                        WHEN is_pending THEN 'referral_pending'
                        ELSE 'participant_inactive' END AS reason,
                   CASE WHEN comes_later THEN %(end)s + 1
                        WHEN why_not IS NULL AND NOT gone
                             AND rendered < 1 AND rendered < paid
                        THEN GREATEST(%(end)s + 1, rendered_from)
                   END AS look_again
              FROM waiting
            """,
            end=conditions.end,
            paid=self._percent("paid"),
            rendered=self._percent("shown_rendered"),
            share=self._percent("share"),
        )

    def _percent(self, share):
        """Return a share in percent; most are whole, and cost no arithmetic."""
        return SQL(
            "CASE WHEN %(share)s = 1 THEN 100 ELSE ROUND(100 * %(share)s, 6) END",
            share=SQL.identifier(share),
        )
