from datetime import timedelta
from functools import partial

from odoo import api, fields, models

from ...tools.columns import write_columns
from .referral_referral import IN_FORCE_STATES

#: What participants are written of: their wish, what is noted once it is done, the
#: mail, and of which referrals.
NEWS = (
    (
        "mail_clients",
        "joined_told",
        "referral_program.mail_template_new_clients",
        [],
    ),
    (
        "mail_payments",
        "paid_told",
        "referral_program.mail_template_first_payments",
        [("first_paid_on", "!=", False)],
    ),
)
#: Whose participation goes on.
TOLD_STATES = ("submitted", "active")
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
    """Who is told of referrals: participants by mail, the provider's own system.

    Participants are written that clients came, and that they paid. A scheduled step
    does it, one mail for all that is new: nobody who signs up waits for a mail, nor
    fails with it.
    """

    _inherit = "referral.referral"

    # of those from before there were such mails nobody is written
    joined_told = fields.Boolean("Notified of Client", default=True, readonly=True)
    paid_told = fields.Boolean("Notified of First Payment", default=True, readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        untold = {"joined_told": False, "paid_told": False}
        referrals = super().create([{**vals, **untold} for vals in vals_list])
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

    def _cron_tell_news(self):
        """Write to the participants of all programs about their clients."""
        programs = self.env["referral.program"]
        found = programs.search([])  # pylint: disable=no-search-all
        steps = [(program, partial(self._tell_news, program)) for program in found]
        programs._in_turn(steps, "news", "ir_cron_news")

    def _tell_news(self, program):
        """Write to those who want it, one mail for all clients, once each."""
        # sudo: what was told is noted by the program
        referrals = self.sudo()
        for wish, told, template, domain in NEWS:
            due = referrals.search(
                [
                    ("program_id", "=", program.id),
                    ("state", "in", IN_FORCE_STATES),
                    (told, "=", False),
                    *domain,
                ],
                order="id",
            )
            fresh = due.filtered(lambda referral: referral._is_news())
            for participant, own in fresh.grouped("participant_id").items():
                if participant[wish] and participant.state in TOLD_STATES:
                    participant._send_names(
                        template, [referral._shown_name() for referral in own]
                    )
            # past :meth:`write`: it changes nothing that is earned
            write_columns(due, **{told: True})

    def _is_news(self):
        """Tell whether the client came when the referral was made.

        Whoever moves a program to Odoo makes referrals of years ago.
        """
        self.ensure_one()
        program = self.program_id
        made = program._day_of(self.create_date)
        return self.date_start >= made - timedelta(days=program.claim_days)

    # === EVENTS === #

    def _tell_state(self, before):
        """Record that the state has changed.

        :param str before: the state before
        """
        if kind := EVENTS.get((before, self.state)):
            self.env["referral.event"]._record(kind, self)

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
