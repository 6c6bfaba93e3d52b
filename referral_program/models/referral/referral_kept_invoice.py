from odoo import fields, models
from odoo.tools import SQL

from .referral_referral import IN_FORCE_STATES


class ReferralKeptInvoice(models.Model):
    """Invoices that keep the referral which they had when their contacts changed.

    Odoo moves posted invoices to another client when a contact gets a parent, and to
    another contact when two are merged. Which referral an invoice falls under does
    not change with that, so it is written down just before. An invoice whose contacts
    have never changed has no row: its client decides.

    What is kept holds while the referral covers the invoice's date and is not
    cancelled; a referral that is moved to another client keeps nothing. Invoices that
    had no referral, and would get one only because contacts came together, have a row
    without one: they earn nothing.
    """

    _name = "referral.kept.invoice"
    _description = "Invoice That Keeps Its Referral"
    _log_access = False

    move_id = fields.Many2one(
        "account.move", "Invoice", required=True, ondelete="cascade"
    )
    referral_id = fields.Many2one(
        "referral.referral",
        index=True,
        ondelete="cascade",
        help="Empty if the invoice had none when its contacts changed.",
    )

    _move_unique = models.UniqueIndex("(move_id)")

    def _let_go(self, moves):
        """Let their new client decide about invoices that are addressed anew."""
        self.search([("move_id", "in", moves.ids)]).unlink()

    def _keep(self, referrals):
        """Write down which invoices of their clients these referrals cover today.

        Of two that cover the same invoice the older one does.
        """
        if not referrals:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_kept_invoice (move_id, referral_id)
                SELECT DISTINCT ON (move.id) move.id, referral.id
                  FROM referral_referral referral
                  JOIN referral_program program ON program.id = referral.program_id
                  JOIN res_company company ON company.id = program.company_id
                  JOIN res_partner brought ON brought.id = referral.partner_id
                  JOIN account_move move
                    ON move.commercial_partner_id = brought.commercial_partner_id
                   AND move.move_type IN ('out_invoice', 'out_refund')
                   AND move.state = 'posted'
                   AND move.referral_root_id IS NULL
                   AND move.invoice_date >= referral.date_start
                   AND move.invoice_date
                       <= COALESCE(referral.date_end, 'infinity'::date)
                  JOIN res_company seller
                    ON seller.id = move.company_id
                   AND seller.parent_path LIKE company.parent_path || '%%'
                 WHERE referral.id IN %(ids)s AND referral.state IN %(states)s
                 ORDER BY move.id, referral.date_start, referral.id
                    ON CONFLICT (move_id) DO NOTHING
                """,
                ids=tuple(referrals.ids),
                states=IN_FORCE_STATES,
            )
        )

    def _uncovered(self, referrals, clients):
        """Return the ids of the clients' invoices that fall under no referral.

        :param referrals: all of these clients, :meth:`_keep` has written down theirs
        """
        if not referrals:
            return ()
        return tuple(
            move_id
            for (move_id,) in self.env.execute_query(
                SQL(
                    """
                    SELECT move.id
                      FROM account_move move
                     WHERE move.commercial_partner_id IN %(clients)s
                       AND move.move_type IN ('out_invoice', 'out_refund')
                       AND move.state = 'posted'
                       AND move.referral_root_id IS NULL
                       AND NOT EXISTS (SELECT FROM referral_kept_invoice kept
                                        WHERE kept.move_id = move.id)
                       AND NOT EXISTS (%(covering)s)
                    """,
                    clients=tuple(clients.ids),
                    covering=self._covering(referrals),
                )
            )
        )

    def _keep_apart(self, referrals, move_ids):
        """Let invoices earn nothing that fall under a referral only since contacts
        came together.

        :param referrals: those that may cover them now
        :param tuple move_ids: what :meth:`_uncovered` returned before
        """
        if not referrals or not move_ids:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_kept_invoice (move_id)
                SELECT move.id
                  FROM account_move move
                 WHERE move.id IN %(moves)s AND EXISTS (%(covering)s)
                    ON CONFLICT (move_id) DO NOTHING
                """,
                moves=move_ids,
                covering=self._covering(referrals),
            )
        )

    def _covering(self, referrals):
        """Return the ``SELECT`` of those referrals that cover ``move`` today, or will
        once they are approved."""
        return SQL(
            """
            SELECT FROM referral_referral referral
              JOIN referral_program program ON program.id = referral.program_id
              JOIN res_company company ON company.id = program.company_id
              JOIN res_partner brought ON brought.id = referral.partner_id
              JOIN res_company seller
                ON seller.id = move.company_id
               AND seller.parent_path LIKE company.parent_path || '%%'
             WHERE referral.id IN %s
               AND referral.state <> 'cancelled'
               AND move.commercial_partner_id
                   IN (brought.id, brought.commercial_partner_id)
               AND move.invoice_date BETWEEN referral.date_start
                   AND COALESCE(referral.date_end, 'infinity'::date)
            """,
            tuple(referrals.ids),
        )
