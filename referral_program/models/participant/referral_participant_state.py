from odoo import fields, models
from odoo.exceptions import UserError

#: The states that a participant may go to from each state.
TRANSITIONS = {
    "draft": {"submitted", "active", "rejected", "closed"},
    "submitted": {"active", "rejected", "closed"},
    "active": {"suspended", "rejected", "closed"},
    "suspended": {"active", "rejected", "closed"},
    "rejected": {"closed"},
    "closed": set(),
}
#: States that end or interrupt the participation: staff say why.
REASONED_STATES = ("suspended", "rejected", "closed")
#: What the participant is written about each change of state.
STATE_MAILS = {
    ("submitted", "active"): "referral_program.mail_template_activated",
    ("draft", "active"): "referral_program.mail_template_activated",
    ("suspended", "active"): "referral_program.mail_template_resumed",
    ("active", "suspended"): "referral_program.mail_template_suspended",
    ("submitted", "rejected"): "referral_program.mail_template_rejected",
    ("active", "rejected"): "referral_program.mail_template_rejected",
    ("suspended", "rejected"): "referral_program.mail_template_rejected",
    ("submitted", "closed"): "referral_program.mail_template_closed",
    ("active", "closed"): "referral_program.mail_template_closed",
    ("suspended", "closed"): "referral_program.mail_template_closed",
}
#: What the provider's system is told of a change of state.
EVENTS = {
    ("draft", "submitted"): ["participant.joined"],
    ("draft", "active"): ["participant.joined", "participant.verified"],
    ("submitted", "active"): ["participant.verified"],
    ("suspended", "active"): ["participant.resumed"],
}


class ReferralParticipant(models.Model):
    """The participant's states, the one door to them, and who is told of a change."""

    _inherit = "referral.participant"

    def _update_state(self, state, reason=False):
        """Bring the participants into a state: the only way to change it.

        :param str state: the state to go to
        :param str reason: why; shown to staff, kept in the history
        :raise UserError: if a participant's state does not allow it
        """
        if state in REASONED_STATES and not reason:
            raise UserError(
                self.env._(
                    "Give the reason: it is shown to the participant and kept in the "
                    "history."
                )
            )
        changing = self.filtered(lambda participant: participant.state != state)
        for participant in changing:
            if state not in TRANSITIONS[participant.state]:
                labels = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "%(participant)s is %(old)s and cannot become %(new)s.",
                        participant=participant.display_name,
                        old=labels[participant.state].lower(),
                        new=labels.get(state, state).lower(),
                    )
                )
            if state == "submitted":
                participant._check_complete()
            if state == "active":
                participant._check_not_ones_own()
            if state == "active" and participant.state != "suspended":
                participant._check_verified()
            participant._change_state(state, reason)
        self.env["referral.mark"]._mark_partners(changing.referral_ids.partner_id)
        return True

    def _change_state(self, state, reason):
        """Write the state that is allowed; tell the participant and the outbox."""
        now = fields.Datetime.now()
        change = (self.state, state)
        vals = {"state": state, "state_reason": reason, "state_since": now}
        if state == "active" and not self.verified_on:
            vals["verified_on"] = now
        if state not in ("draft", "submitted"):
            vals["verification_deadline"] = False
        result = self._write_checked(vals)
        if state in REASONED_STATES:
            self.activity_unlink(["referral_program.mail_activity_verification"])
        if mail := STATE_MAILS.get(change):
            self._send(mail)
        for kind in EVENTS.get(change, [f"participant.{state}"]):
            self.env["referral.event"]._record(kind, self)
        return result

    def _check_verified(self):
        """Refuse to let somebody take part without what their type needs.

        :raise UserError: naming the documents that are not approved
        :raise ValidationError: without the country, where it decides
        """
        names = self._open_documents().mapped("name")
        if names:
            raise UserError(
                self.env._(
                    "Approve the documents of %(participant)s first: %(names)s.",
                    participant=self.display_name,
                    names=", ".join(names),
                )
            )
        self._check_country()

    def action_submit(self):
        """Hand the file over for verification."""
        self.check_access("write")
        for participant in self:
            participant._submit()

    def action_activate(self):
        """Let the participants take part, their documents being approved."""
        self.check_access("write")
        self._update_state("active")

    def action_resume(self):
        """Let suspended participants take part again."""
        self.check_access("write")
        self._update_state("active")

    def action_reject(self):
        """Ask for the reason, then reject."""
        return self._ask_reason("rejected", self.env._("Reject"))

    def action_suspend(self):
        """Ask for the reason, then suspend."""
        return self._ask_reason("suspended", self.env._("Suspend"))

    def action_close(self):
        """Ask for the reason, then close."""
        return self._ask_reason("closed", self.env._("Close"))

    def _ask_reason(self, action, title):
        self.check_access("write")
        return self.env["referral.reason"]._ask(title, action, participant_ids=self)

    def _is_ones_own(self, user):
        """Tell whether a user is of the client who takes part."""
        self.ensure_one()
        # sudo: whoever asks need not read contacts
        return self.sudo().partner_id == user.sudo().partner_id.commercial_partner_id

    def _check_not_ones_own(self):
        """Refuse officers who decide about their own participation.

        The program itself may: clients are bound and files handed in by anybody.

        :raise UserError: saying who else can
        """
        if self.env.su:
            return
        for participant in self:
            if participant._is_ones_own(self.env.user):
                participant.program_id._refuse_alone(
                    "group_officer",
                    self.env.user,
                    self.env._(
                        "%(participant)s is your own participation.",
                        participant=participant.display_name,
                    ),
                )

    def _event_data(self):
        """Return what is told: no reasons, which may be personal."""
        return {"participant_id": self.id, "state": self.state}
