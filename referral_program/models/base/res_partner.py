from contextlib import nullcontext

from odoo import api, fields, models
from odoo.tools.mail import email_normalize_all

from ...tools.actions import window
from ...tools.counting import set_counts

#: Changes of a contact that change what invoices earn, see ``_watched_fields``.
WATCHED = frozenset(
    {"country_id", "vat", "parent_id", "is_company", "referral_postpaid"}
)
#: Changes that may make a contact another client's.
MOVING = frozenset({"parent_id", "is_company"})


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
        groups="referral_program.group_reader",
    )
    referral_ids = fields.One2many(
        "referral.referral",
        "partner_id",
        "Referred By",
        groups="referral_program.group_reader",
    )
    referral_brought_count = fields.Integer(
        "Referred Clients",
        compute="_compute_referral_counts",
        groups="referral_program.group_reader",
    )

    def _compute_referral_counts(self):
        set_counts(
            self,
            "referral_brought_count",
            self.env["referral.referral"],
            "participant_id.partner_id",
        )

    def write(self, vals):
        if "email" in vals:
            # all of them: Odoo writes to each, and takes the first for their own
            emails = email_normalize_all(vals["email"])
            self.env["referral.representative"]._check_contacts_stay(
                self.filtered(lambda own: email_normalize_all(own.email) != emails)
            )
        if self._watched_fields().isdisjoint(vals):
            return super().write(vals)
        with self._following_move(vals):
            self._mark_for_accrual()
            result = super().write(vals)
            self._mark_for_accrual()
        return result

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
        self.env["referral.representative"]._check_contacts_stay(moving)
        parents = self.browse(vals.get("parent_id") or [])
        return self.env["referral.referral"]._following_contacts(moving | parents)

    def _client_after(self, vals):
        """Return whose contact this is once it has these values: its own, perhaps."""
        self.ensure_one()
        parent = self.parent_id
        if "parent_id" in vals:
            parent = self.browse(vals["parent_id"] or [])
        if vals.get("is_company", self.is_company) or not parent:
            return self
        return parent.commercial_partner_id

    def unlink(self):
        self._mark_for_accrual()
        return super().unlink()

    @api.model
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
