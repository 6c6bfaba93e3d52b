from odoo import models
from odoo.tools import SQL


class ReferralEarning(models.AbstractModel):
    """What is paid at a counter is a payment, whatever journal the till books it in."""

    _inherit = "referral.earning"

    def _is_money(self, conditions):
        """By the journal of the way of payment: a bonus journal's gives nothing."""
        return SQL(
            """
            (%(otherwise)s
             OR journal.id NOT IN %(bonus)s
                AND EXISTS (SELECT
                              FROM pos_payment paid
                              JOIN pos_payment_method way
                                ON way.id = paid.payment_method_id
                             WHERE paid.account_move_id = payer.id
                               AND way.journal_id NOT IN %(bonus)s))
            """,
            otherwise=super()._is_money(conditions),
            bonus=conditions.bonus_journal_ids or (0,),
        )
