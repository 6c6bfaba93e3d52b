from odoo import models
from odoo.tools import SQL

from ...tools.amounts import exact

#: Under which a transaction keeps what the states were before it.
BEFORE = "referral.withdrawal.before"


class ReferralWithdrawal(models.Model):
    """What the provider's own system is told of withdrawals."""

    _inherit = "referral.withdrawal"

    def _approve(self):
        # sudo: as the step itself
        approved = self.sudo()._to_approve()
        result = super()._approve()
        self.env["referral.event"]._record("withdrawal.approved", approved)
        return result

    def _write_multi(self, vals_list):
        """Keep what the states were, to tell before the commit what became of them.

        The state is computed: it is written here only, whatever changed it.
        """
        changing = [
            withdrawal.id
            for withdrawal, vals in zip(self, vals_list, strict=True)
            if "state" in vals
        ]
        if changing:
            self._note_states(changing)
        return super()._write_multi(vals_list)

    def _note_states(self, ids):
        precommit = self.env.cr.precommit
        if BEFORE not in precommit.data:
            precommit.data[BEFORE] = {}
            # sudo: whoever changes a bill need not read withdrawals
            precommit.add(self.sudo().browse()._tell_states)
        self.env.cr.execute(
            SQL("SELECT id, state FROM referral_withdrawal WHERE id IN %s", tuple(ids))
        )
        for own_id, state in self.env.cr.fetchall():
            precommit.data[BEFORE].setdefault(own_id, state)

    def _tell_states(self):
        """Record the states that are not as they were before this transaction."""
        before = self.env.cr.precommit.data.pop(BEFORE, {})
        changed = self.browse(before).exists()
        changed = changed.filtered(lambda w: w.state != before[w.id])
        for state, withdrawals in changed.grouped("state").items():
            self.env["referral.event"]._record(f"withdrawal.{state}", withdrawals)

    def _event_participant(self):
        return self.participant_id

    def _event_data(self):
        """Return what is told: no account, no reason."""
        return {
            "withdrawal_id": self.id,
            "number": self.name,
            "state": self.state,
            "amount": exact(self.amount, self.currency_id.decimal_places),
            "currency": self.currency_id.name,
        }
