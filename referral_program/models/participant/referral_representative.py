from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.roles import has_role

#: What a person may do for a participant, in the order of what they may.
ROLES = [("owner", "Owner"), ("finance", "Finance"), ("viewer", "Viewer")]
#: Who withdraws, pays invoices and adds accounts.
MONEY_ROLES = ("owner", "finance")
#: Who hands in documents, accepts agreements and names others.
OWNER = "owner"


class ReferralRepresentative(models.Model):
    """A portal user who may act for a participant, and as what.

    Nothing else makes anybody act for a participant: not a contact's parent, not a
    role in the back office. Each change is told to all owners.
    """

    _name = "referral.representative"
    _description = "Referral Representative"
    _inherit = ["referral.history.mixin", "referral.sight.mixin"]
    _history_of = "participant_id"
    _order = "participant_id, id"
    _rec_name = "user_id"

    participant_id = fields.Many2one(
        "referral.participant",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="participant_id.company_id", store=True)
    user_id = fields.Many2one(
        "res.users",
        "Portal User",
        required=True,
        ondelete="cascade",
        index=True,
        tracking=True,
        domain=[("share", "=", True)],
    )
    role = fields.Selection(
        ROLES,
        required=True,
        default="viewer",
        tracking=True,
        help="Owners do everything and name others. Finance withdraws, pays invoices "
        "and adds accounts, but reads no documents. Viewers read the figures.",
    )
    acting = fields.Boolean(
        compute="_compute_acting",
        help="The user is active, a portal user, and still of this client.",
    )

    _user_unique = models.UniqueIndex(
        "(participant_id, user_id)", "This person acts for the participant already."
    )

    @api.depends(
        "user_id.active",
        "user_id.share",
        "user_id.partner_id.commercial_partner_id",
        "participant_id.partner_id",
    )
    def _compute_acting(self):
        for row in self:
            # sudo: whoever asks need not read users
            user = row.sudo().user_id
            client = user.partner_id.commercial_partner_id
            row.acting = (
                user.active and user.share and client == row.participant_id.partner_id
            )

    @api.constrains("participant_id", "user_id")
    def _check_user(self):
        for row in self:
            user = row.sudo().user_id  # sudo: as above
            if not user.share or user._is_public():
                raise ValidationError(
                    self.env._(
                        "%(user)s is no portal user. Only portal users act for a "
                        "participant.",
                        user=user.name,
                    )
                )
            if user.partner_id.commercial_partner_id != row.participant_id.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(user)s is not a contact of %(participant)s.",
                        user=user.name,
                        participant=row.participant_id.display_name,
                    )
                )

    def _check_contacts_stay(self, contacts):
        """Refuse to hand the portal account of who acts here to somebody else.

        Whoever changes the e-mail address of a contact can have a new password sent
        there; a contact of another company, or without an account, acts no more. Of a
        participant whom nobody acts for yet it is the own contact that is written to
        and invited. It is asked in superuser mode as well: so Odoo's portal lets
        colleagues edit each other.

        :param contacts: the ``res.partner`` that are about to change
        :raise UserError: for all but officers and those who rule over users, of the
            participant's company, the program itself, and whoever changes their own
        """
        if found := self._guarded_contacts(contacts):
            raise UserError(
                self.env._(
                    "%(people)s may act for a participant of the referral program, so "
                    "only its officers change the e-mail address, the company or the "
                    "portal access of this contact, or merge it.",
                    people=", ".join(found.mapped("name")),
                )
            )

    def _guarded_contacts(self, contacts):
        """Return those of whose portal accounts the user is not to dispose."""
        own = self.sudo(False).env
        if own.user._is_superuser():
            return contacts.browse()
        others = contacts - own.user.partner_id
        # sudo: whoever edits contacts need not know who acts for participants
        people = self.sudo().search([("user_id.partner_id", "in", others.ids)])
        members = self.env["referral.participant"].sudo()
        alone = members.search([("partner_id", "in", others.ids)]).filtered(
            lambda member: not member._acting_users(OWNER)
        )
        if has_role(own, "referral_program.group_officer", "base.group_erp_manager"):
            companies = own.user.company_ids
            people = people.filtered(lambda row: row.company_id not in companies)
            alone = alone.filtered(lambda member: member.company_id not in companies)
        return people.user_id.partner_id | alone.partner_id

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        for row in rows:
            row._tell_owners(
                lambda env, row=row: env._(
                    "%(user)s now acts for you as: %(role)s.", **row._words(env)
                )
            )
        return rows

    def write(self, vals):
        if "participant_id" in vals or "user_id" in vals:
            raise ValidationError(
                self.env._("Remove this person and add the other one instead.")
            )
        changed = self.filtered(lambda row: row.role != vals.get("role", row.role))
        result = super().write(vals)
        for row in changed:
            row._tell_owners(
                lambda env, row=row: env._(
                    "The role of %(user)s is now: %(role)s.", **row._words(env)
                )
            )
        return result

    def unlink(self):
        for row in self:
            row._tell_owners(
                lambda env, row=row: env._(
                    "%(user)s does not act for you any more.", **row._words(env)
                )
            )
        return super().unlink()

    def _words(self, env):
        """Return who it is, and as what, in the language of an environment."""
        row = self.sudo().with_env(env(su=True))  # sudo: whoever asks reads no users
        roles = dict(row._fields["role"]._description_selection(env))
        return {"user": row.user_id.name, "role": roles[row.role]}

    def _tell_owners(self, text):
        """Write to the owners and to the person, but not to who names themselves.

        :param text: gives the message in the language of an environment
        """
        self.ensure_one()
        if self.user_id != self.env.user:
            # sudo: whoever asks reads no users
            self.participant_id._notify_owners(text, self.sudo().user_id.partner_id)
