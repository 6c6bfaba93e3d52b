from odoo import models
from odoo.exceptions import UserError


class ReferralRedemption(models.Model):
    """Redemptions that are undone by reversing their entry."""

    _inherit = "referral.redemption"

    def _undo_by_reversals(self, moves):
        """Have redemptions undone by the reversals of their entries that get posted.

        :param moves: the entries about to be posted
        :raise UserError: if the balance would not be what it was before
        """
        # sudo: an accountant without this program's groups undoes them all the same
        for reversal in moves.sudo().filtered("reversed_entry_id"):
            entry = reversal.reversed_entry_id
            if entry.reversed_entry_id.referral_redemption_id:
                raise UserError(
                    self.env._(
                        "%(redemption)s has been undone and cannot be restored. Pay "
                        "the invoice from the balance again.",
                        redemption=entry.reversed_entry_id.referral_redemption_id.name,
                    )
                )
            redemption = entry.referral_redemption_id
            if not redemption:
                continue
            if redemption.state == "undone":
                raise UserError(
                    self.env._(
                        "%(redemption)s has already been undone.",
                        redemption=redemption.name,
                    )
                )
            if self._signature(reversal, -1) != self._signature(entry, 1):
                raise UserError(
                    self.env._(
                        "%(redemption)s can only be undone as a whole: its reversal "
                        "must have the same items with debit and credit swapped.",
                        redemption=redemption.name,
                    )
                )
            entry.line_ids.with_context(
                referral_reversing=frozenset(entry.ids)
            ).remove_move_reconcile()

    def _signature(self, move, sign):
        """Return what an entry does to which accounts and partners."""
        return sorted(
            (
                item.account_id.id,
                item.partner_id.id,
                item.currency_id.id,
                item.company_currency_id.round(sign * item.balance),
                item.currency_id.round(sign * item.amount_currency),
            )
            for item in move.line_ids
            if item.account_id
        )
