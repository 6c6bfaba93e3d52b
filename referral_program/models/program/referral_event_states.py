from odoo import models
from odoo.tools import SQL


class ReferralEventStates(models.AbstractModel):
    """Models whose computed state is told to the provider's own system.

    What a transaction made of a state is told once, before its commit, whatever
    changed it; steps in between are not.
    """

    _name = "referral.event.states"
    _description = "Referral Event: States"

    def _write_multi(self, vals_list):
        """Keep what the states were: a computed one is written here only."""
        changing = [
            record.id
            for record, vals in zip(self, vals_list, strict=True)
            if "state" in vals
        ]
        if changing:
            self._note_states(changing)
        return super()._write_multi(vals_list)

    def _note_states(self, ids):
        precommit = self.env.cr.precommit
        if self._states_key() not in precommit.data:
            precommit.data[self._states_key()] = {}
            # sudo: whoever changes an entry need not read what follows it
            precommit.add(self.sudo().browse()._tell_states)
        self.env.cr.execute(
            SQL(
                "SELECT id, state FROM %s WHERE id IN %s",
                SQL.identifier(self._table),
                tuple(ids),
            )
        )
        for own_id, state in self.env.cr.fetchall():
            precommit.data[self._states_key()].setdefault(own_id, state)

    def _states_key(self):
        """Return under what a transaction keeps the states from before it."""
        return f"{self._name}.before"

    def _tell_states(self):
        """Record the states that are not as they were before this transaction."""
        before = self.env.cr.precommit.data.pop(self._states_key(), {})
        changed = self.browse(before).exists()
        changed = changed.filtered(lambda record: record.state != before[record.id])
        for state, records in changed.grouped("state").items():
            records._tell_state(state)

    def _tell_state(self, state):
        """Record that these records came into a state."""
        kind = self._name.removeprefix("referral.")
        self.env["referral.event"]._record(f"{kind}.{state}", self)
