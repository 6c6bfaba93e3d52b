from odoo import fields, models
from odoo.tools import SQL

#: Keys of what a transaction has touched, in ``cr.precommit.data``.
MOVES = "referral_program.moves"
AROUND = "referral_program.around"
LOST = "referral_program.lost"
PARTNERS = "referral_program.partners"
PRODUCTS = "referral_program.products"
#: Moves that the transaction made: nothing is reconciled with them but by itself.
NEW = "referral_program.new"
EVENTS = (NEW, MOVES, AROUND, LOST, PARTNERS, PRODUCTS)


class ReferralMark(models.Model):
    """What the next accrual has to look at.

    A mark names a group: an invoice with its credit notes. Events only leave
    marks; the accrual of the first month that ends on ``date_from`` or later
    takes them. A group without a mark cannot have changed since the last
    accrual. Events only ever add marks, so they never wait for one another.

    ``group_id`` is the invoice's id, not a relation, because the invoice may
    be gone; without it the mark means everything in the program.
    """

    _name = "referral.mark"
    _description = "Referral Accrual Mark"
    _log_access = False

    program_id = fields.Many2one("referral.program", required=True, ondelete="cascade")
    group_id = fields.Integer("Invoice ID")
    date_from = fields.Date(help="Nothing can change before this day.")
    source_id = fields.Many2one(
        "referral.accrual",
        "Left By",
        ondelete="cascade",
        index="btree_not_null",
        help="The accrual that found that a later month has to look again.",
    )

    _program_idx = models.Index("(program_id, date_from)")

    def _mark_moves(self, moves):
        """Have the next accrual look at the groups that these moves belong to or pay.

        Costs nothing but memory here: one statement at the transaction's end
        writes the marks of all its events.
        """
        self._remember(MOVES, moves.ids)
        new = self.env.cr.precommit.data.get(NEW, frozenset())
        self._remember(AROUND, [id_ for id_ in moves.ids if id_ not in new])

    def _mark_reconciled(self, moves):
        """Have the next accrual look at the groups that were matched, or unmatched.

        Both sides are known, so that nothing has to be looked for, unless a bank
        statement's match with a payment is what makes that payment money.
        """
        self._remember(MOVES, moves.ids)

    def _note_new(self, moves):
        """Note that the transaction made these moves."""
        self._remember(NEW, moves.ids)

    def _mark_lost(self, move_ids):
        """Have the next accrual take back what invoices got that are deleted."""
        self._remember(LOST, move_ids)

    def _mark_partners(self, partners):
        """Have the next accrual look at all invoices of these clients, and of the
        clients whom they brought."""
        self._remember(PARTNERS, partners.ids)

    def _mark_products(self, templates):
        """Have the next accrual look at all invoices with these products."""
        self._remember(PRODUCTS, templates.ids)

    def _mark_everything(self, programs):
        """Have the next accrual of these programs compute everything anew."""
        # sudo: who may change what an accrual depends on need not see the marks
        self.sudo().create([{"program_id": program.id} for program in programs])

    def _remember(self, key, ids):
        if not ids:
            return
        precommit = self.env.cr.precommit
        if not any(name in precommit.data for name in EVENTS):
            precommit.add(self.sudo()._write_marks)
        precommit.data.setdefault(key, set()).update(ids)

    def _write_marks(self):
        """Write down what the transaction has touched so far."""
        data = self.env.cr.precommit.data
        _new, moves, around, lost, partners, products = (
            tuple(data.pop(key, ())) for key in EVENTS
        )
        counting, some_wait_for_bank = self.env["referral.program"]._counting()
        if not counting:
            return
        seeds = []
        chained = bool(around or partners or products or self._concerned())
        if moves:
            seeds.append(self._seed_moves(moves))
            # hardly any transaction touches more, and each pays for the plan of what
            # a statement could have to do
            special = self.env.execute_query(self._special(moves))
            chained = chained or bool(special)
            # whoever settles an entry settles what the entry carried on
            if entries := tuple(id_ for id_, is_entry in special if is_entry):
                seeds.append(self._seed_counterparts(self._seed_moves(entries)))
        if moves and some_wait_for_bank:
            # a statement line can matter to the invoices of a payment
            near = self._seed_counterparts(seeds[0])
            seeds += [near, self._seed_counterparts(near)]
            chained = True
        elif around:
            seeds.append(self._seed_counterparts(self._seed_moves(around)))
        if partners:
            seeds.append(self._seed_partners(partners))
        if products:
            seeds.append(self._seed_products(products))
        if seeds:
            self.env.cr.execute(
                self._insert_marks(SQL(" UNION ").join(seeds), counting, chained)
            )
        if lost:
            self.env.cr.execute(self._insert_lost(lost))

    def _seed_moves(self, move_ids):
        return SQL("SELECT id FROM account_move WHERE id IN %s", move_ids)

    def _special(self, move_ids):
        """The moves that can touch other groups than their own: credit notes, what
        one belongs to, and entries; and which of them are entries."""
        return SQL(
            """
            SELECT move.id, move.move_type = 'entry'
              FROM account_move move
             WHERE move.id IN %s
               AND CASE move.move_type
                   WHEN 'entry' THEN move.origin_payment_id IS NULL
                                 AND move.statement_line_id IS NULL
                   WHEN 'out_invoice' THEN move.referral_root_id IS NOT NULL
                        OR EXISTS (SELECT FROM account_move other
                                    WHERE other.referral_root_id = move.id)
                   ELSE move.move_type = 'out_refund' END
            """,
            move_ids,
        )

    def _seed_counterparts(self, moves):
        """The moves that others are reconciled with: a payment's invoices."""
        return SQL(
            """
            SELECT paid.move_id
              FROM (%(moves)s) move(id)
              JOIN account_move_line own ON own.move_id = move.id
              JOIN account_partial_reconcile part ON part.credit_move_id = own.id
              JOIN account_move_line paid ON paid.id = part.debit_move_id
             UNION
            SELECT paid.move_id
              FROM (%(moves)s) move(id)
              JOIN account_move_line own ON own.move_id = move.id
              JOIN account_partial_reconcile part ON part.debit_move_id = own.id
              JOIN account_move_line paid ON paid.id = part.credit_move_id
            """,
            moves=moves,
        )

    def _seed_partners(self, partner_ids):
        return SQL(
            """
            -- invoices by their contacts, because those are indexed
            SELECT move.id
              FROM (SELECT commercial_partner_id
                      FROM res_partner WHERE id IN %(ids)s
                     UNION
                    SELECT brought.commercial_partner_id
                      FROM res_partner partner
                      JOIN referral_participant participant
                        ON participant.partner_id
                           IN (partner.id, partner.commercial_partner_id)
                      JOIN referral_referral referral
                        ON referral.participant_id = participant.id
                      JOIN res_partner brought ON brought.id = referral.partner_id
                     WHERE partner.id IN %(ids)s) client
              JOIN res_partner contact
                ON contact.commercial_partner_id = client.commercial_partner_id
              JOIN account_move move ON move.partner_id = contact.id
             WHERE move.move_type IN ('out_invoice', 'out_refund')
            """,
            ids=partner_ids,
        )

    def _seed_products(self, template_ids):
        return SQL(
            """
            SELECT line.move_id
              FROM account_move_line line
              JOIN product_product product ON product.id = line.product_id
             WHERE product.product_tmpl_id IN %(ids)s
               AND line.display_type = 'product'
            """,
            ids=template_ids,
        )

    def _concerned(self):
        """Return which groups depend on another one: to be overridden.

        :return: a list of ``SELECT`` of their ids, given ``touched.id``, the other
            group's; those that its credit notes pay are known already
        """
        return []

    def _insert_marks(self, seeds, counting, chained):
        """Mark the groups of those moves if somebody brought the client.

        :param bool chained: mark the groups that their credit notes pay, too
        """
        touched = SQL(
            """
            SELECT COALESCE(move.referral_root_id, move.id)
              FROM (%s) seed(id)
              JOIN account_move move ON move.id = seed.id
             WHERE move.move_type IN ('out_invoice', 'out_refund')
            """,
            seeds,
        )
        return SQL(
            """
            INSERT INTO referral_mark (program_id, group_id)
            SELECT DISTINCT counting.program_id, move.id
              FROM (%(touched)s) touched(id)
              JOIN account_move move ON move.id = touched.id
              JOIN (VALUES %(counting)s) counting(program_id, company_id)
                ON counting.company_id = move.company_id
              JOIN referral_program program ON program.id = counting.program_id
             WHERE (EXISTS (SELECT FROM referral_referral referral
                             WHERE referral.partner_id = move.commercial_partner_id
                               AND referral.program_id = counting.program_id)
                 OR EXISTS (SELECT FROM res_partner brought
                              JOIN referral_referral referral
                                ON referral.partner_id = brought.id
                             WHERE brought.commercial_partner_id
                                   = move.commercial_partner_id
                               AND referral.program_id = counting.program_id)
                 OR EXISTS (SELECT FROM referral_kept_invoice kept
                             WHERE kept.move_id = move.id)
                 OR EXISTS (SELECT FROM referral_accrual_line line
                             WHERE line.group_key = move.id))
            """,
            touched=self._follow_credit(touched) if chained else touched,
            counting=SQL(", ").join(SQL("%s", pair) for pair in counting),
        )

    def _follow_credit(self, groups):
        """Return those groups and those that their credit notes pay, to any depth."""
        return SQL(
            """
            WITH RECURSIVE touched(id) AS (
                %(groups)s
                 UNION
                SELECT concerned.id
                  FROM touched
                 CROSS JOIN LATERAL (%(concerned)s) concerned(id)
            )
            SELECT id FROM touched
            """,
            groups=groups,
            concerned=SQL(" UNION ALL ").join(
                [self._paid_by_credit(), *self._concerned()]
            ),
        )

    def _paid_by_credit(self):
        """Return the groups that the credit notes of a group, ``touched``, pay."""
        return SQL(
            """
            SELECT COALESCE(paid.referral_root_id, paid.id)
              FROM (SELECT id FROM account_move
                     WHERE id = touched.id AND move_type = 'out_refund'
                     UNION ALL
                    SELECT id FROM account_move
                     WHERE referral_root_id = touched.id
                       AND move_type = 'out_refund') credit
              JOIN account_move_line item
                ON item.move_id = credit.id AND item.display_type = 'payment_term'
              JOIN account_partial_reconcile part ON part.credit_move_id = item.id
              JOIN account_move_line other ON other.id = part.debit_move_id
              JOIN account_move paid
                ON paid.id = other.move_id AND paid.move_type = 'out_invoice'
            """
        )

    def _insert_lost(self, move_ids):
        """Mark the groups whose invoice is gone but which an accrual gave to."""
        return SQL(
            """
            INSERT INTO referral_mark (program_id, group_id)
            SELECT DISTINCT accrual.program_id, line.group_key
              FROM referral_accrual_line line
              JOIN referral_accrual accrual ON accrual.id = line.accrual_id
             WHERE line.group_key IN %s
               AND NOT EXISTS (SELECT FROM account_move
                                WHERE account_move.id = line.group_key)
            """,
            move_ids,
        )
