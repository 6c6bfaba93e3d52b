from contextlib import contextmanager
from datetime import timedelta

from odoo import fields, models
from odoo.tools import html2plaintext

from .referral_referral import IN_FORCE_STATES

#: What may begin to speak against a referral when contacts change.
CONTACT_OBJECTIONS = frozenset(
    {
        "self_referral",
        "same_tax_id",
        "same_bank_account",
        "cycle",
        "existing_customer",
    }
)
ACTIVITY = "referral_program.mail_activity_contacts"


class ReferralReferral(models.Model):
    """What becomes of referrals when contacts get a parent, lose it, or are merged.

    Nothing that was credited moves: each invoice keeps the referral that it had. If
    clients come together whom two participants brought, the older referral holds for
    new invoices. What then speaks against a referral is for staff to decide.
    """

    _inherit = "referral.referral"

    superseded_by_id = fields.Many2one(
        "referral.referral",
        "Older Referral",
        readonly=True,
        copy=False,
        tracking=True,
        index="btree_not_null",
        help="The older referral of the same client, which applies to new "
        "invoices since the contacts of the two clients became one.",
    )

    @contextmanager
    def _following_contacts(self, partners):
        """Let contacts change clients, and referrals follow.

        :param partners: the contacts that move, and those whom they move to
        """
        # sudo: whoever edits or merges contacts need not see referrals
        referrals = self.sudo()
        found = referrals._of_clients(partners)
        if not found:
            yield
            return
        invoices = self.env["referral.kept.invoice"].sudo()
        invoices._keep(found)
        uncovered = invoices._uncovered(found, self._clients_of(partners))
        before = found._contact_objections()
        yield
        found |= referrals._of_clients(partners.exists())
        invoices._keep_apart(found, uncovered)
        found._let_older_hold()
        found._await_approval(before)

    def _of_clients(self, partners):
        """Return the referrals of those whose contacts these are, or are below."""
        return self.search(
            [
                ("state", "!=", "cancelled"),
                (
                    "partner_id.commercial_partner_id",
                    "in",
                    self._clients_of(partners).ids,
                ),
            ]
        )

    def _clients_of(self, partners):
        """Return the clients whose contacts these are, or are below."""
        # sudo: whoever edits contacts need not see all of a client
        partners = partners.sudo()
        family = partners.with_context(active_test=False).search(
            [("id", "child_of", partners.ids)]
        )
        return (family | partners).commercial_partner_id

    def _contact_objections(self):
        """Return what speaks against each referral by its contacts alone.

        :return dict: referral → one of :const:`CONTACT_OBJECTIONS`, or False
        """
        return {
            referral: self._first_objection(
                referral.participant_id,
                referral.partner_id.commercial_partner_id,
                ignore=referral,
                among=CONTACT_OBJECTIONS,
            )
            for referral in self
        }

    # === TWO OF ONE CLIENT === #

    def _let_older_hold(self, client_of=None):
        """End the later ones of referrals that one client has in one program.

        :param client_of: tells the client of a referral, if they are still to come
            together; the client of today, if left out
        """
        client_of = client_of or (lambda r: r.partner_id.commercial_partner_id)
        in_force = self.filtered(
            lambda r: r.state in IN_FORCE_STATES and not r.superseded_by_id
        )
        for own in in_force.grouped(lambda r: (r.program_id, client_of(r))).values():
            older, *later = own.sorted(lambda r: (r.date_start, r.id))
            for referral in later:
                if older._covers_a_day_of(referral):
                    referral._give_way_to(older)
                else:
                    older = referral

    def _covers_a_day_of(self, other):
        self.ensure_one()
        return (not self.date_end or other.date_start <= self.date_end) and (
            not other.date_end or self.date_start <= other.date_end
        )

    def _give_way_to(self, older):
        """Let an older referral of the same client hold from now on."""
        self.ensure_one()
        running = self.state == "active" and not self._is_over()
        vals = {"superseded_by_id": older.id}
        if running:
            yesterday = self.program_id._today() - timedelta(days=1)
            vals["date_end"] = max(
                self.date_start, min(self.date_end or yesterday, yesterday)
            )
        self.write(vals)
        if not running:
            return
        self._update_state("ended")
        self._tell_officer(
            lambda env: env._(
                "%(client)s and %(other)s, whom %(participant)s referred earlier, are "
                "now one client: the older referral applies to new invoices, and this "
                "one has ended. If that is wrong, cancel the older one and reopen "
                "this one.",
                client=self.partner_id.display_name,
                other=older.partner_id.display_name,
                participant=older.participant_id.display_name,
            )
        )

    # === WHAT SPEAKS AGAINST ONE === #

    def _await_approval(self, before):
        """Let staff decide about referrals that something new speaks against.

        :param dict before: what spoke against each before the contacts changed
        """
        running = self.filtered(lambda r: r.state == "active" and not r._is_over())
        for referral, reason in running._contact_objections().items():
            if not reason or reason == before.get(referral):
                continue
            referral._update_state("pending")
            referral._tell_officer(
                lambda env, reason=reason: env._(
                    "The contacts changed, and now there is an objection to the "
                    "referral: “%(reason)s”. Nothing new is credited for it until you "
                    "approve it. To leave what was credited and credit nothing more, "
                    "approve and end it.",
                    reason=env["referral.refusal"]._explain(reason),
                )
            )

    def _tell_officer(self, text):
        """Plan an activity for the officer, once.

        :param text: makes the note in the environment that it is given
        """
        self.ensure_one()
        officer = self.program_id._officer()
        note = text(self.with_context(lang=officer.lang).env)
        kind = self.env.ref(ACTIVITY, raise_if_not_found=False)
        if self.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
            and html2plaintext(activity.note or "") == html2plaintext(note)
        ):
            return
        self.program_id._plan_for(officer, self, ACTIVITY, note)

    def _let_go_of_invoices(self):
        """Let a correction of the client decide anew about all invoices."""
        # sudo: officers correct referrals, and nobody writes what is kept
        kept = self.env["referral.kept.invoice"].sudo()
        kept.search([("referral_id", "in", self.ids)]).unlink()
