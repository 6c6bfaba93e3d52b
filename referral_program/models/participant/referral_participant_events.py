from odoo import models

#: What the provider's system is told of a change of state.
EVENTS = {
    ("draft", "submitted"): ["participant.joined"],
    ("draft", "active"): ["participant.joined", "participant.verified"],
    ("submitted", "active"): ["participant.verified"],
    ("suspended", "active"): ["participant.resumed"],
}


class ReferralParticipant(models.Model):
    """What the provider's own system is told of participants."""

    _inherit = "referral.participant"

    def _change_state(self, state, reason):
        before = self.state
        result = super()._change_state(state, reason)
        for kind in EVENTS.get((before, state), [f"participant.{state}"]):
            self.env["referral.event"]._record(kind, self)
        return result

    def _event_participant(self):
        """Return whose event it is."""
        return self

    def _event_data(self):
        """Return what is told: no reasons, which may be personal."""
        return {"participant_id": self.id, "state": self.state}
