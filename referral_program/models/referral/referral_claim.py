from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from ...tools.actions import run_soon

#: Claims that a participant may make a day: nobody guesses addresses.
CLAIMS_A_DAY = 20
LOOK_INTO = "ir_cron_claims"


class ReferralClaim(models.Model):
    """A participant's word for having brought a client, until it is looked into.

    Taking a claim does the same whoever the client is, and takes the same time: the
    client is looked up by a scheduled action, whose work nobody can measure.
    """

    _name = "referral.claim"
    _description = "Claim of a Client"
    _order = "id"
    _rec_name = "typed"

    participant_id = fields.Many2one(
        "referral.participant", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="participant_id.company_id")
    typed = fields.Char("Entered")
    claimed_on = fields.Datetime(required=True, default=fields.Datetime.now)

    def _take(self, participant, text):
        """Take a participant's word for having brought a client; staff decide.

        What comes of it is for staff to see: the participant is not told whether
        such a client exists.

        :param participant: who claims
        :param str text: the client's e-mail address or tax id
        :raise UserError: after too many claims on a day
        """
        # one claim of a participant at a time: all of them are counted
        participant._lock_money()
        self._check_today(participant)
        # sudo: participants create no records
        self.sudo().create(
            {
                "participant_id": participant.id,
                "typed": " ".join((text or "").split())[:100],
            }
        )
        run_soon(self.env, LOOK_INTO)

    def _check_today(self, participant):
        """Refuse more than ``CLAIMS_A_DAY`` claims of a participant in 24 hours.

        Counted are those that wait and what came of the others, accepted or refused.

        :raise UserError: if there are as many already
        """
        since = fields.Datetime.now() - timedelta(days=1)
        own = [("participant_id", "=", participant.id)]
        by_hand = [*own, ("source", "=", "manual"), ("create_date", ">=", since)]
        # sudo: participants read neither their refusals nor others' referrals
        models = self.sudo().env
        count = (
            models["referral.claim"].search_count(own)
            + models["referral.referral"].search_count(by_hand)
            + models["referral.refusal"].search_count(by_hand)
        )
        if count >= CLAIMS_A_DAY:
            raise UserError(
                self.env._(
                    "You have claimed many clients today. Please continue tomorrow."
                )
            )

    def _cron_look_into(self):
        """Look into all claims that wait; a claim that fails stops no other."""
        # sudo: nobody else creates what comes of claims, or ends them
        claims = self.sudo().search([])  # pylint: disable=no-search-all
        steps = [(one.participant_id.program_id, one._look_into) for one in claims]
        self.env["referral.program"]._in_turn(steps, "claim", LOOK_INTO)

    def _look_into(self):
        """Bind the client until staff decide, or record why not; the claim ends."""
        self.ensure_one()
        self.env["referral.referral"]._claim(
            self.participant_id, self.typed, self.claimed_on
        )
        self.unlink()
