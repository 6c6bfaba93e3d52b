from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from .referral_representative import OWNER


class ReferralParticipant(models.Model):
    """Whose a membership is: its contact stays itself; its portal account may close."""

    _inherit = "referral.participant"

    account_closed_on = fields.Datetime(
        "Portal Account Closed",
        readonly=True,
        copy=False,
        tracking=True,
        help="When the last person acting for the participant deleted their portal "
        "account. The link has not worked since then; what was earned remains.",
    )

    # === THE CONTACT === #

    def _check_stay_themselves(self, partners):
        """Refuse to make contacts who take part some other client's.

        :raise UserError: saying who takes part, and what to do instead
        """
        # sudo: whoever edits contacts need not be of the program's staff
        members = self.sudo().search([("partner_id", "in", partners.ids)])
        if members:
            raise UserError(
                self.env._(
                    "%(participants)s: takes part in a referral program, with a "
                    "balance, documents and bank accounts of its own, so it cannot "
                    "become another company's contact. If the company is to take part "
                    "instead, have a referral officer open the participant and use "
                    "“Move to Another Contact”. Otherwise make a new contact for the "
                    "person below the company.",
                    participants=", ".join(members.mapped("display_name")),
                )
            )
        former = self.env["referral.former.contact"].sudo()
        if moved := former.search([("partner_id", "in", partners.ids)], limit=1):
            raise UserError(
                self.env._(
                    "The membership of %(contact)s was moved to %(other)s, but the "
                    "entries of the past stay with this contact, so it cannot become "
                    "another company's. Merge it into %(other)s, or make a new contact "
                    "for the person below the company.",
                    contact=moved.partner_id.display_name,
                    other=moved.participant_id.display_name,
                )
            )

    # === THE PORTAL ACCOUNT === #

    def _on_account_closed(self, user):
        """Stop the link once nobody is left who acts, and tell the officer.

        :param user: who closed their portal account; archived already
        """
        for participant in self.filtered(lambda p: p.state not in ("draft", "closed")):
            left = participant._acting_users() - user
            if not left:
                # sudo: the program's own field
                participant.sudo().account_closed_on = fields.Datetime.now()
            participant._tell_of_closed_account(user, left)

    def _tell_of_closed_account(self, user, left):
        officer = self.program_id._officer()
        env = self.with_context(lang=officer.lang).env
        names = {
            "name": user.name,
            "date": format_datetime(env, fields.Datetime.now(), dt_format="short"),
        }
        if left:
            note = env._(
                "%(name)s deleted their portal account on %(date)s. Others still act "
                "for the participant, so the link works as before.",
                **names,
            )
            if not self._acting_users(OWNER):
                note += " " + env._(
                    "None of them is an owner: agree on one, and correct it under "
                    "People."
                )
        else:
            note = env._(
                "%(name)s deleted their portal account on %(date)s, and nobody else "
                "acts for the participant: the link no longer works. Agree with them "
                "on the balance, then close the participation; or invite them to the "
                "portal again and let the link work again.",
                **names,
            )
        self.program_id._plan_for(
            officer, self, "referral_program.mail_activity_account_closed", note
        )

    def action_reopen_account(self):
        """Let the link work again: the participant has a portal account again."""
        self.check_access("write")
        self.sudo().account_closed_on = False  # sudo: the program's own field
        self.activity_feedback(["referral_program.mail_activity_account_closed"])

    # === ITS PROGRAM === #

    def _check_identity_can_change(self, vals):
        """Refuse to give one participant's money to another partner or program."""
        if "program_id" in vals:
            moved = self.filtered(lambda p: p.program_id.id != vals["program_id"])
            moved._check_nothing_kept()
        for participant in self:
            changed = any(
                participant[name].id != vals[name]
                for name in ("partner_id", "program_id")
                if name in vals
            )
            if changed and participant.sudo().compensation_ids:
                raise UserError(
                    self.env._(
                        "%(participant)s has compensations in the ledger, so neither "
                        "the client nor the program can be changed.",
                        participant=participant.display_name,
                    )
                )

    def _check_nothing_kept(self):
        """Refuse to take documents and money along to another program or company.

        :raise UserError: if one of the participants has any
        """
        for participant in self.sudo():
            kept = (
                participant.document_ids.filtered(lambda d: d.state != "requested"),
                participant.acceptance_ids,
                participant.compensation_ids,
                participant.withdrawal_ids,
                participant.redemption_ids,
            )
            if any(kept):
                raise UserError(
                    self.env._(
                        "%(participant)s has documents or money in this program and "
                        "stays in it. Close this participation, and let the client "
                        "join the other program.",
                        participant=participant.display_name,
                    )
                )
