from contextlib import contextmanager

from odoo import models
from odoo.exceptions import UserError


class ReferralParticipant(models.Model):
    """What nobody takes from a balance, whatever is done with a bill."""

    _inherit = "referral.participant"

    @contextmanager
    def _guarding_balances(self, moves):
        """Refuse what makes an available balance fall below zero, or lower still.

        Accruals take back whatever they have to, and entries made by hand are the
        accountant's; bills never take what is not there, nor do refunds of them
        that are undone.
        """
        participants = self._touched_by(moves)
        if not participants:
            yield
            return
        participants._lock_money()
        before = participants._availables()
        yield
        self.env.flush_all()
        participants |= self._touched_by(moves.exists())
        for participant, after in participants._availables().items():
            currency = participant.currency_id
            if (
                currency.compare_amounts(after, 0) < 0
                and currency.compare_amounts(after, before.get(participant, 0.0)) < 0
            ):
                raise UserError(
                    self.env._(
                        "This would take %(missing)s more from the referral balance of "
                        "%(participant)s than is available.",
                        missing=participant._money(-after),
                        participant=participant.display_name,
                    )
                )

    def _touched_by(self, moves):
        """Return the participants whose balances these bills touch."""
        items = moves._referral_items()
        # sudo: an accountant without this program's groups makes bills all the same
        bills = moves.sudo()._purchase_documents()
        participants = bills.referral_withdrawal_ids.participant_id
        if items:
            participants |= participants.search(
                [
                    "|",
                    ("partner_id", "in", items.partner_id.ids),
                    ("former_contact_ids.partner_id", "in", items.partner_id.ids),
                    (
                        "program_id.liability_account_id",
                        "in",
                        items.account_id.ids,
                    ),
                ]
            )
        return participants
