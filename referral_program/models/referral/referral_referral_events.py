from odoo import api, fields, models

#: What the provider's system is told of a change of state. It has not heard of one that
#: waits.
EVENTS = {
    ("pending", "active"): "referral.registered",
    ("ended", "active"): "referral.reopened",
    ("active", "ended"): "referral.ended",
    ("active", "cancelled"): "referral.cancelled",
    ("ended", "cancelled"): "referral.cancelled",
}


class ReferralReferral(models.Model):
    """What the provider's own system is told of referrals."""

    _inherit = "referral.referral"

    @api.model_create_multi
    def create(self, vals_list):
        referrals = super().create(vals_list)
        begun = referrals.filtered(lambda r: r.state == "active")
        self.env["referral.event"]._record("referral.registered", begun)
        return referrals

    def write(self, vals):
        moved = self.browse()
        if "participant_id" in vals:
            moved = self.filtered(
                lambda r: r.participant_id.id != vals["participant_id"]
            )
        result = super().write(vals)
        self.env["referral.event"]._record("referral.moved", moved)
        return result

    def _tell_state(self, before):
        """Record that the state has changed.

        :param str before: the state before
        """
        if kind := EVENTS.get((before, self.state)):
            self.env["referral.event"]._record(kind, self)

    def _event_participant(self):
        return self.participant_id

    def _event_data(self):
        """Return what is told: the client by number, not by name."""
        return {
            "referral_id": self.id,
            "client_id": self.partner_id.id,
            "state": self.state,
            "source": self.source,
            "date_start": fields.Date.to_string(self.date_start),
            "date_end": fields.Date.to_string(self.date_end) or False,
        }
