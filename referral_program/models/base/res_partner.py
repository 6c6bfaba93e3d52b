from contextlib import nullcontext

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools.mail import email_normalize_all

from ...tools.actions import window
from ...tools.counting import count_of

#: Changes of a contact that change what invoices earn, see ``_watched_fields``.
WATCHED = frozenset(
    {"country_id", "vat", "parent_id", "is_company", "referral_postpaid"}
)
#: Changes that may make a contact another client's: Odoo computes the last one, and
#: lets whoever edits contacts write it all the same. So it does with the address.
MOVING = frozenset({"parent_id", "is_company", "commercial_partner_id"})
ADDRESSES = frozenset({"email", "email_normalized"})


class ResPartner(models.Model):
    _inherit = "res.partner"

    referral_postpaid = fields.Boolean(
        "Postpaid",
        copy=False,  # whoever may not read it duplicates contacts all the same
        tracking=True,
        groups="referral_program.group_reader",
        help="A postpaid client: their invoices count as rendered from the invoice "
        "date on, whatever the service period of their lines. Set on the company, "
        "not on its contacts.",
    )
    referral_participant_ids = fields.One2many(
        "referral.participant",
        "partner_id",
        "Participations",
        domain=lambda self: self._referral_sight(),
        groups="referral_program.group_reader",
    )
    referral_ids = fields.One2many(
        "referral.referral",
        "partner_id",
        "Referred By",
        domain=lambda self: self._referral_sight(),
        groups="referral_program.group_reader",
    )
    referral_brought_count = fields.Integer(
        "Referred Clients",
        compute=count_of(
            "referral_brought_count", "referral.referral", "participant_id.partner_id"
        ),
        groups="referral_program.group_reader",
    )

    def _referral_sight(self):
        """Return the domain of records that the user sees.

        Odoo finds the contacts that have any, whoever may see which.
        """
        return [] if self.env.su else [("company_id", "in", self.env.companies.ids)]

    def write(self, vals):
        for name in ADDRESSES & vals.keys():
            # all of them: Odoo writes to each, and takes the first for their own
            emails = email_normalize_all(vals[name])
            self.env["referral.representative"]._check_contacts_stay(
                self.filtered(
                    lambda own, emails=emails: email_normalize_all(own.email) != emails
                )
            )
        self._check_in_sight(vals)
        if (self._watched_fields() | MOVING).isdisjoint(vals):
            return super().write(vals)
        before = {contact: contact.commercial_partner_id for contact in self}
        with self._following_move(vals):
            self._mark_for_accrual()
            result = super().write(vals)
            self._mark_for_accrual()
        moved = self.filtered(lambda own: own.commercial_partner_id != before[own])
        # sudo: whoever edits contacts need not read the accounts that come along
        accounts = self.env["res.partner.bank"].sudo()
        accounts.search([("partner_id", "child_of", moved.ids)])._tell_owners()
        return result

    def _get_signup_url(self):
        """Tell nobody who edits contacts how to set the password of who acts.

        Whoever asks for it themselves is written to, in superuser mode.
        """
        people = self.env["referral.representative"]
        guarded = people._guarded_contacts(self) | self._without_account()
        if not self.env.su and guarded:
            return False
        return super()._get_signup_url()

    def signup_get_auth_param(self):
        """Tell no employee how to sign up as somebody of a client who takes part.

        Odoo tells all of them, whose contact it may be: the account would be taken for
        that person's. Officers invite, and who is invited is written to.
        """
        told = self if self.env.su else self - self._without_account()
        return super(ResPartner, told).signup_get_auth_param()

    def _without_account(self):
        """Return the contacts of participants who could still sign up."""
        # sudo: whoever asks need not know who takes part, nor who has an account
        members = self.env["referral.participant"].sudo()
        members = members.search([("partner_id", "in", self.commercial_partner_id.ids)])
        return self.filtered(
            lambda own: own.commercial_partner_id in members.partner_id
            and not own.sudo().with_context(active_test=False).user_ids
        )

    def _check_in_sight(self, vals):
        """Refuse what changes the program of a company that the user does not access.

        Contacts are shared: nobody takes a participant out of their company's sight,
        or changes how another company's clients are counted.

        :raise UserError: saying so
        """
        if {"company_id", "referral_postpaid"}.isdisjoint(vals):
            return
        clients = [("partner_id", "in", self.commercial_partner_id.ids)]
        companies = self.env["res.company"]
        # sudo: whoever edits contacts need not know who takes part, and where
        if company := vals.get("company_id"):
            members = self.env["referral.participant"].sudo().search(clients)
            companies |= members.company_id.filtered(lambda one: one.id != company)
        if "referral_postpaid" in vals:
            referrals = self.env["referral.referral"].sudo().search(clients)
            companies |= referrals.company_id - self.env.user.company_ids
        if companies and not self.env.user._is_superuser():
            raise UserError(
                self.env._(
                    "The contact belongs to the referral program of a company that "
                    "you may not change it for."
                )
            )

    def _following_move(self, vals):
        """Return a context in which these contacts may become other clients'.

        :raise UserError: if one of them takes part in a program, or acts for who does
        """
        if MOVING.isdisjoint(vals):
            return nullcontext()
        moving = self.filtered(
            lambda contact: contact._client_after(vals) != contact.commercial_partner_id
        )
        if not moving:
            return nullcontext()
        leaving = moving.filtered(lambda own: own._client_after(vals) != own)
        self.env["referral.participant"]._check_stay_themselves(leaving)
        self.env["referral.representative"]._check_contacts_stay(moving._along())
        parents = self.browse(vals.get("parent_id") or [])
        return self.env["referral.referral"]._following_contacts(moving | parents)

    def _along(self):
        """Return these contacts, and those below them who move along: of one client."""
        # sudo: those whom one does not see move along as well
        contacts = self.sudo().with_context(active_test=False)
        below = contacts.search([("id", "child_of", self.ids)])
        clients = self.commercial_partner_id
        return below.filtered(lambda own: own.commercial_partner_id in clients)

    def _client_after(self, vals):
        """Return whose contact this is once it has these values: its own, perhaps."""
        self.ensure_one()
        if "commercial_partner_id" in vals:
            return self.browse(vals["commercial_partner_id"] or [])
        parent = self.parent_id
        if "parent_id" in vals:
            parent = self.browse(vals["parent_id"] or [])
        if vals.get("is_company", self.is_company) or not parent:
            return self
        return parent.commercial_partner_id

    def unlink(self):
        # those below are their own clients then
        self.env["referral.representative"]._check_contacts_stay(self._along() - self)
        self._mark_for_accrual()
        return super().unlink()

    def _watched_fields(self):
        """Return the fields whose changes have the next accrual look at the invoices
        of a contact, and of the clients whom it brought.

        :rtype: frozenset
        """
        return WATCHED

    def _mark_for_accrual(self):
        """Have the next accrual look at these contacts, and those below them.

        A company passes changes on to its contacts without writing them one by one.
        """
        below = self.with_context(active_test=False).search(
            [("id", "child_of", self.ids)]
        )
        self.env["referral.mark"]._mark_partners(below | below.commercial_partner_id)

    def action_view_referral_participant(self):
        """Open the participation of this contact."""
        self.ensure_one()
        participants = self.referral_participant_ids
        return window(
            self.env,
            "referral_participant_action",
            [("id", "in", participants.ids)],
            single=participants,
        )

    def action_view_referrals(self):
        """Open the clients whom this contact brought, and who brought it."""
        self.ensure_one()
        return window(
            self.env,
            "referral_referral_action",
            [
                "|",
                ("participant_id.partner_id", "=", self.id),
                ("partner_id", "=", self.id),
            ],
        )
