from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL, mute_logger

from ...tools.bank_accounts import names_somebody
from ...tools.mail_domains import whose
from ...tools.tax_ids import plain_tax_id, plain_tax_id_query, same_tax_id
from .referral_referral import IN_FORCE_STATES
from .referral_refusal import REFUSAL_REASONS


class ReferralReferral(models.Model):
    """Who brought whom: binding clients, and refusing to, each with a reason."""

    _inherit = "referral.referral"

    external_key = fields.Char(
        readonly=True, copy=False, help="The API caller's own key."
    )
    objection = fields.Selection(
        REFUSAL_REASONS,
        compute="_compute_objection",
        help="Why the program would not accept this referral by itself. Staff decide.",
    )

    _external_key_unique = models.UniqueIndex(
        "(program_id, external_key) WHERE external_key IS NOT NULL"
    )

    @api.depends("participant_id", "partner_id", "state")
    def _compute_objection(self):
        for referral in self:
            referral.objection = (
                referral.participant_id
                and referral.partner_id
                and referral.state == "pending"
                and self._why_not(
                    referral.participant_id, referral.partner_id, ignore=referral
                )
            )

    # === BINDING === #

    def _bind(self, participant, partner, source, *, external_key=False, **values):
        """Bind a client to a participant, or record why not.

        :param participant: who brought the client
        :param partner: the client, or one of their contacts
        :param str source: ``link``, ``code``, ``manual`` or ``api``
        :param str external_key: the API caller's own key
        :param values: further values of the referral, such as ``state``
        :return: a pair of ``referral.referral`` and the reason of a refusal; one of
            them is empty
        """
        # sudo: clients bind themselves by signing up, and read no referrals
        referrals = self.sudo()
        partner = partner.sudo().commercial_partner_id
        reason = referrals._why_not(participant, partner)
        if not reason:
            try:
                with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                    return referrals.create(
                        {
                            "participant_id": participant.id,
                            "partner_id": partner.id,
                            "date_start": participant.program_id._today(),
                            "source": source,
                            "external_key": external_key,
                            **values,
                        }
                    ), False
            except UniqueViolation as error:
                # somebody else bound the client at the same moment
                if external_key:
                    # perhaps this very call, sent twice: Odoo runs it again
                    raise ConcurrencyError from error
                reason = "bound_already"
        referrals._refuse(
            participant.program_id,
            source,
            reason,
            participant_id=participant.id,
            partner_id=partner.id,
            external_key=external_key,
        )
        return referrals.browse(), reason

    def _refuse(self, program, source, reason, **values):
        """Record that a client was not bound."""
        # sudo: nobody writes refusals but this method
        self.env["referral.refusal"].sudo().create(
            {"program_id": program.id, "source": source, "reason": reason, **values}
        )

    # === GUARDS === #

    def _why_not(self, participant, partner, ignore=None):
        """Return why a participant does not get a client.

        :param participant: who says to have brought the client
        :param partner: the client's commercial partner
        :param ignore: a referral that does not count
        :return: one of ``REFUSAL_REASONS``, or False
        """
        return self._first_objection(participant, partner, ignore)

    def _first_objection(self, participant, partner, ignore=None, among=None):
        """Return the first reason that speaks against a client's being brought.

        The guards in their order: what comes first is what is recorded. An accrual
        asks for self-referral on its own, see ``_referral_query`` of
        ``referral.earning``.

        :param among: the reasons to look at; all of them, if left out
        """
        # sudo: who asks need not see other clients, their accounts and invoices
        participant, partner = participant.sudo(), partner.sudo()
        own = participant.partner_id.commercial_partner_id
        checks = (
            ("participant_inactive", lambda: not participant.link_active),
            ("self_referral", lambda: own == partner),
            ("same_tax_id", lambda: self._have_same_tax_id(own, partner)),
            ("same_bank_account", lambda: self._have_same_bank_account(own, partner)),
            ("same_domain", lambda: self._have_same_domain(own, partner)),
            ("bound_already", lambda: self._is_bound(participant, partner, ignore)),
            ("cycle", lambda: self._would_be_cycle(participant, partner)),
            (
                "existing_customer",
                lambda: self._is_customer(participant, partner, ignore),
            ),
        )
        return next(
            (
                reason
                for reason, check in checks
                if (among is None or reason in among) and check()
            ),
            False,
        )

    def _have_same_tax_id(self, own, partner):
        return same_tax_id(
            own.vat, own.country_id.code, partner.vat, partner.country_id.code
        )

    def _have_same_bank_account(self, own, partner):
        banks = self.env["res.partner.bank"].sudo()

        def numbers(commercial):
            found = banks.search(
                [("partner_id.commercial_partner_id", "=", commercial.id)]
            )
            return set(filter(names_somebody, found.mapped("sanitized_acc_number")))

        return not numbers(own).isdisjoint(numbers(partner))

    def _have_same_domain(self, own, partner):
        contacts = self.env["res.partner"].sudo()

        def domains(commercial):
            found = contacts.search([("commercial_partner_id", "=", commercial.id)])
            return {whose(email) for email in found.mapped("email")} - {""}

        return not domains(own).isdisjoint(domains(partner))

    def _is_bound(self, participant, partner, ignore):
        return bool(
            self.sudo().search_count(
                [
                    ("program_id", "=", participant.program_id.id),
                    ("partner_id.commercial_partner_id", "=", partner.id),
                    ("id", "!=", ignore.id if ignore else 0),
                    # somebody else's claim does not count before staff decide
                    "|",
                    ("state", "in", IN_FORCE_STATES),
                    "&",
                    ("state", "=", "pending"),
                    ("participant_id", "=", participant.id),
                    "|",
                    ("date_end", "=", False),
                    ("date_end", ">=", participant.program_id._today()),
                ],
                limit=1,
            )
        )

    def _would_be_cycle(self, participant, partner):
        """Tell whether the client brought the participant, directly or by others."""
        self.flush_model(["participant_id", "partner_id", "program_id", "state"])
        self.env["referral.participant"].flush_model(["partner_id", "program_id"])
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        [[cycle]] = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE above(partner_id) AS (
                    SELECT %(own)s
                     UNION
                    SELECT participant.partner_id
                      FROM above
                      JOIN res_partner client
                        ON client.commercial_partner_id = above.partner_id
                      JOIN referral_referral referral
                        ON referral.partner_id = client.id
                       AND referral.program_id = %(program)s
                       AND referral.state IN %(states)s
                      JOIN referral_participant participant
                        ON participant.id = referral.participant_id
                )
                SELECT EXISTS (SELECT FROM above WHERE partner_id = %(partner)s)
                """,
                own=participant.partner_id.id,
                partner=partner.id,
                program=participant.program_id.id,
                states=IN_FORCE_STATES,
            )
        )
        return cycle

    def _is_customer(self, participant, partner, referral=None):
        """Tell whether the client had invoices before the claim period began.

        :param referral: one that there is: its own first day decides then, not today
        """
        program = participant.program_id
        since = program._today()
        if referral:
            since = min(since, referral.date_start)
        moves = self.env["account.move"].sudo()
        return bool(
            moves.search_count(
                [
                    ("move_type", "=", "out_invoice"),
                    ("state", "=", "posted"),
                    ("commercial_partner_id", "=", partner.id),
                    ("company_id", "child_of", program.company_id.id),
                    (
                        "invoice_date",
                        "<",
                        since - timedelta(days=program.claim_days),
                    ),
                ],
                limit=1,
            )
        )

    # === CLAIMS === #

    def _claim(self, participant, text, claimed_on):
        """Look into a claim: bind the client until staff decide, or record why not.

        The client has to be known by what was entered, to have registered at most
        the claim period before the claim, and to be nobody whom :meth:`_bind`
        refuses. The referral begins on the day of the registration. The participant
        is told nothing of what comes of it before staff decide.

        :param participant: who claims
        :param str text: the client's e-mail address or tax id
        :param datetime claimed_on: when it was claimed
        """
        program = participant.program_id
        partner = self._find_client(text)
        if not partner:
            return self._refuse(
                program,
                "manual",
                "unknown_client",
                participant_id=participant.id,
                typed=text,
            )
        registered = program._day_of(partner.create_date.replace(tzinfo=None))
        claimed = program._day_of(claimed_on)
        if registered < claimed - timedelta(days=program.claim_days):
            return self._refuse(
                program,
                "manual",
                "claimed_too_late",
                participant_id=participant.id,
                partner_id=partner.id,
            )
        referral, _reason = self._bind(
            participant, partner, "manual", state="pending", date_start=registered
        )
        if referral:
            officer = program._officer()
            program._plan_for(officer, referral, "referral_program.mail_activity_claim")
        return None

    def _find_client(self, text):
        """Return the client with an e-mail address or a tax id, if there is one."""
        # sudo: the participant is told nothing of what is found
        partners = self.env["res.partner"].sudo()
        if "@" in text:
            domain = [("email_normalized", "=", text.lower())]
        elif tax_id := plain_tax_id(text):
            domain = [("id", "in", self._same_tax_id_query(tax_id))]
        else:
            return partners
        partner = partners.search(domain, order="create_date desc", limit=1)
        return partner.commercial_partner_id

    def _same_tax_id_query(self, tax_id):
        """Return the ``SELECT`` of the contacts with a tax id, however written."""
        return SQL(
            "SELECT id FROM res_partner WHERE vat IS NOT NULL AND %s = %s",
            plain_tax_id_query(SQL("vat")),
            tax_id,
            to_flush=self.env["res.partner"]._fields["vat"],
        )
