from odoo import fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import escape_psql

from ...tools.roles import check_role, has_role
from .referral_representative import OWNER, ROLES

#: People whom a participant may name.
MAX_PEOPLE = 20
#: Changes of people that one owner may make a day: each is e-mailed to all owners.
MAX_CHANGES = 20


class ReferralParticipant(models.Model):
    """Who may act for the participant in the portal, and who may not."""

    _inherit = "referral.participant"

    representative_ids = fields.One2many(
        "referral.representative",
        "participant_id",
        "People",
        help="The portal users who act for this participant. Nobody else does.",
    )

    # === WHO IT IS === #

    def _of_user(self, program, user):
        """Return the membership that a user acts for, in superuser mode.

        :param program: the ``referral.program``
        :param user: the ``res.users``; internal users act for nobody
        :return: one ``referral.participant``, or none
        """
        # sudo: portal users read neither participants nor who acts for them
        rows = self.env["referral.representative"].sudo()
        named = rows.search(
            [("user_id", "=", user.id), ("participant_id.program_id", "=", program.id)]
        )
        return named.filtered("acting").participant_id[:1]

    def _acts(self, user, *roles):
        """Tell whether a user acts for the participant.

        :param user: the ``res.users``
        :param roles: the roles that will do; any, if left out
        """
        return user in self._acting_users(*roles)

    def _acting_users(self, *roles):
        """Return the users who act for the participant, in superuser mode.

        :param roles: only those with one of these roles
        """
        # sudo: whoever causes a mail reads neither the people nor their users
        return (
            self.sudo()
            .representative_ids.filtered(
                lambda row: row.acting and (not roles or row.role in roles)
            )
            .user_id
        )

    def _name_owner(self, user):
        """Make a portal user the owner of a membership that has nobody yet.

        :param user: who joined, or whom an officer invited; others are left out
        """
        for participant in self.sudo():
            if user.share and not participant.representative_ids:
                participant.representative_ids.create(
                    {
                        "participant_id": participant.id,
                        "user_id": user.id,
                        "role": OWNER,
                    }
                )

    # === INVITING === #

    def action_invite(self):
        """Let somebody of the client act for them in the portal.

        Odoo's own wizard invites them, makes them a user, and the first one the owner.

        :return dict: the action that shows the wizard
        :raise AccessError: for all but officers
        :raise UserError: naming those who have an account already: which of them is the
            owner, the officer says
        """
        self.ensure_one()
        check_role(
            self.env,
            self.env._("Only an officer may invite participants."),
            "referral_program.group_officer",
        )
        self.check_access("write")
        # sudo: officers read no users
        users = self.env["res.users"].sudo()
        users = users.search(
            [("partner_id.commercial_partner_id", "=", self.partner_id.id)]
        ).filtered(lambda user: user._is_portal())
        if not users or self.representative_ids:
            return self._open_portal_wizard()
        raise UserError(
            self.env._(
                "%(people)s: has a portal account already. Add the owner on the page "
                "People: they are told by e-mail.",
                people=", ".join(f"{user.name} ({user.login})" for user in users),
            )
        )

    def _open_portal_wizard(self):
        env = self.with_context(lang=self._mail_lang()).env
        message = env._(
            "You are invited to the referral program: set your password, then continue "
            "at %(link)s",
            link=f"{self.get_base_url()}/my/referral/join",
        )
        wizards = self.env["portal.wizard"].with_context(
            active_ids=self.partner_id.ids, default_welcome_message=message
        )
        return wizards.action_open_wizard()

    def _explain_unaccepted(self):
        """Return what whoever submits can do about agreements not accepted."""
        if self.env.su or not has_role(self.env, "referral_program.group_officer"):
            return self.env._("Read and accept both agreements.")
        return self.env._(
            "%(participant)s has to accept both agreements, in the portal: invite "
            "them.",
            participant=self.display_name,
        )

    def action_upload_documents(self):
        """Show an officer the page to upload the participant's documents on."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_url",
            "url": f"/referral/participant/{self.id}/documents",
            "target": "self",
        }

    # === WHAT OWNERS DO === #

    def _add_person(self, login, role):
        """Let another portal user of the same client act for the participant.

        :param str login: the login or e-mail address that the owner typed
        :param str role: one of ``ROLES``
        :raise UserError: if there is no such user, or no such role
        """
        self.ensure_one()
        self._check_role(role)
        # sudo: owners read no users; only those of their own client are looked at
        users = self.env["res.users"].sudo()
        login = (login or "").strip().lower()
        own = [
            ("partner_id.commercial_partner_id", "=", self.partner_id.id),
            ("share", "=", True),
        ]
        found = users.search([*own, ("login", "=ilike", escape_psql(login))], limit=1)
        if not found:
            # everybody writes their own address: it names nobody else but who was
            # given another login, if it names one only
            by_address = [("login", "not like", "@"), ("email_normalized", "=", login)]
            found = users.search([*own, *by_address])
        if not login or len(found) != 1:
            raise UserError(
                self.env._(
                    "Nobody of your company has a portal account with this address. "
                    "Ask us to invite them, then add them here."
                )
            )
        participant = self.sudo()  # sudo: owners write nothing; this is their own
        participant._lock_money()
        participant._check_changes_today()
        if found in participant.representative_ids.user_id:
            raise UserError(self.env._("This person is in the list already."))
        if len(participant.representative_ids) >= MAX_PEOPLE:
            raise UserError(
                self.env._(
                    "At most %(count)s people can be named. Remove somebody first.",
                    count=MAX_PEOPLE,
                )
            )
        participant.representative_ids.create(
            {"participant_id": self.id, "user_id": found.id, "role": role}
        )

    def _change_person(self, row_id, role):
        """Give a person another role, or none.

        :param int row_id: of one of the participant's ``referral.representative``
        :param role: one of ``ROLES``; False removes the person
        :raise UserError: if no owner would be left, or there is no such person
        """
        self.ensure_one()
        if role is not False:
            self._check_role(role)
        participant = self.sudo()  # sudo: as above
        # of two owners who remove each other at once, one stays
        participant._lock_money()
        participant._check_changes_today()
        row = participant.representative_ids.filtered(lambda r: r.id == row_id)
        if not row:
            raise UserError(self.env._("This person is not in the list any more."))
        if row.role == OWNER and role != OWNER:
            others = participant._acting_users(OWNER) - row.user_id
            if not others:
                raise UserError(
                    self.env._("Name another owner first: one has to be left.")
                )
        if role:
            row.role = role
        else:
            row.unlink()

    def _check_role(self, role):
        if role not in dict(ROLES):
            raise ValidationError(self.env._("Choose one of the roles."))

    def _check_changes_today(self):
        """Refuse more changes a day than anybody needs; the history counts them.

        :raise UserError: if the user has made as many today
        """
        today = self.program_id._beginning_of(self.program_id._today())
        made = self.env["mail.message"].search_count(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("create_uid", "=", self.env.uid),
                ("date", ">=", today),
            ],
            limit=MAX_CHANGES,
        )
        if made >= MAX_CHANGES:
            raise UserError(self.env._("Too many changes today. Try again tomorrow."))

    # === TELLING OWNERS === #

    def _notify_owners(self, text, also=None):
        """Write to all owners about something that they cannot switch off.

        :param text: a function that gives the message in an environment's language
        :param also: further ``res.partner`` to write to
        """
        for participant in self:
            contacts = participant._mail_contacts()
            if also:
                contacts |= also.filtered("email")
            env = participant.with_context(lang=participant._mail_lang()).env
            participant.with_context(referral_notice=text(env))._send(
                "referral_program.mail_template_notice", contacts
            )
