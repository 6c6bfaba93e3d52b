import base64

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools import inputs
from ...tools.refusals import refusal
from ...tools.roles import check_role


class ReferralApi(models.AbstractModel):
    """What the provider's own control panel calls, over Odoo's JSON-2 API.

    Every method is for users of the Integration group, works on the program of the
    caller's company, and names the client by the id of their contact in Odoo.
    Amounts are texts such as ``"12500.50"`` with their currency, dates are ISO texts
    and inclusive. Refusals have a code (see ``tools/refusals.py``).
    """

    _name = "referral.api"
    _description = "Referral API"

    # === METHODS === #

    @api.model
    @inputs.checked(lang=inputs.text)
    def agreements(self, lang="en_US"):
        """Return the texts in force, to be shown before they are accepted.

        :param str lang: the language to show them in
        :return: a list of ``id``, ``kind``, ``version``, ``title``, ``text`` (HTML)
            and ``hash``
        """
        program = self._program()
        texts = self.env["referral.agreement"].sudo().with_context(lang=lang)
        return [
            {
                "id": agreement.id,
                "kind": agreement.kind,
                "version": agreement.version,
                "title": agreement.name,
                "text": str(agreement.body),
                "hash": agreement._text_hash(),
            }
            for agreement in texts._current(program.company_id, program._today())
        ]

    @api.model
    @inputs.checked(
        partner_id=inputs.number,
        entity_type=inputs.text,
        residency=inputs.text,
    )
    def join(self, partner_id, entity_type, residency):
        """Begin a membership, or bring a draft to another type.

        A portal user of the contact owns the membership; without one an officer names
        who acts for the client in Odoo's portal.

        :param int partner_id: the client, or the contact of who joins
        :param str entity_type: ``individual``, ``legal_entity``, ``sole_trader`` or
            ``state_organization``
        :param str residency: ``resident``, ``tax_resident`` or ``nonresident``
        :return: what :meth:`state` returns
        :raise UserError: if clients of this type cannot join
        """
        program, partner = self._program(), self._partner(partner_id)
        participant_type = (
            self.env["referral.participant.type"]
            .sudo()
            ._offered(program.company_id)
            ._like(entity_type, residency)
        )
        if not participant_type:
            raise ValidationError(self.env._("There is no such type of participant."))
        if not participant_type.can_join:
            raise UserError(
                participant_type.reason_not_joining
                or self.env._("Clients of this kind cannot join the program.")
            )
        self.env["referral.participant"]._draft(
            program, partner, participant_type, partner.user_ids.filtered("share")[:1]
        )
        return self.state(partner_id)

    @api.model
    @inputs.checked(
        partner_id=inputs.number,
        document=inputs.number_or_text,
        text=inputs.text,
        files=inputs.files,
    )
    def hand_in(self, partner_id, document, text=None, files=None):
        """Hand in a document: a text, or files in place of earlier ones.

        :param int partner_id: the client
        :param str document: the code of the requirement, or the id that
            :meth:`state` gives
        :param str text: for documents of the kind ``text``
        :param list files: of ``name`` and ``content`` (Base64)
        :return: what :meth:`state` returns
        :raise ValidationError: saying what is wrong with it; nothing is kept then
        """
        record = self._document(self._participant(partner_id), document)
        if record.kind == "text":
            record._hand_in_text(text)
        else:
            record._hand_in_files([self._decode(file) for file in files or []])
        return self.state(partner_id)

    @api.model
    @inputs.checked(
        partner_id=inputs.number,
        accepted=inputs.accepted,
        user_agent=inputs.text,
        ip_address=inputs.text,
    )
    def submit(self, partner_id, accepted=(), user_agent=None, ip_address=None):
        """Accept agreements and hand the file over for verification.

        :param int partner_id: the client
        :param list accepted: of ``id``, ``hash`` and ``lang`` of each text, as
            :meth:`agreements` gave them: the hash proves which text was shown
        :param str ip_address: of the person who accepted
        :param str user_agent: of the person who accepted
        :return: what :meth:`state` returns
        :raise ValidationError: naming what is missing
        """
        participant = self._participant(partner_id)
        for text in accepted:
            self._accept(participant, text, ip_address, user_agent)
        participant._submit()
        return self.state(partner_id)

    @api.model
    @api.readonly
    @inputs.checked(partner_id=inputs.number)
    def state(self, partner_id):
        """Return how a client's membership stands.

        :param int partner_id: the client
        :return: ``state`` (False without a membership), ``reason``, ``documents``,
            ``missing`` (of each list one is enough), ``verify_by``, ``link_active``,
            ``payout_allowed``, ``agreements_to_accept``
        """
        participant = self._participant(partner_id, required=False)
        if not participant:
            return {"state": False}
        return {
            "state": participant.state,
            "reason": participant.state_reason or False,
            "documents": [
                {
                    "id": document.id,
                    "code": document.requirement_id.code or False,
                    "name": document.name,
                    "kind": document.kind,
                    "state": document.state,
                    "reason": document.reason or False,
                }
                for document in participant.document_ids
            ],
            "missing": [
                alternatives.ids for alternatives in participant._missing_documents()
            ],
            "verify_by": fields.Datetime.to_string(participant.verification_deadline)
            or False,
            "link_active": participant.link_active,
            "payout_allowed": participant.payout_allowed,
            "agreements_to_accept": participant._agreements_to_accept().ids,
        }

    @api.model
    @api.readonly
    @inputs.checked(partner_id=inputs.number)
    def link(self, partner_id):
        """Return a participant's link, code and whether it is active."""
        participant = self._participant(partner_id)
        return {
            "link": participant.link,
            "code": participant.code,
            "active": participant.link_active,
        }

    @api.model
    @inputs.checked(key=inputs.key, code=inputs.text, partner_id=inputs.number)
    def register_referral(self, key, code, partner_id):
        """Bind a client to the participant with a code.

        Called again with the same key it changes nothing and returns the same; for
        another client it is refused, which would count as registered otherwise.

        :param str key: the caller's own key of this registration
        :param str code: the participant's code or alias
        :param int partner_id: the client who was brought
        :return: ``referral_id`` (False if refused), ``reason`` (False if bound) and
            ``explanation``
        """
        program, partner = self._program(), self._partner(partner_id)
        done = self._registered(program, key, partner)
        if done:
            return done
        participants = self.env["referral.participant"].sudo()
        participant = participants._find_by_code(code).filtered(
            lambda p: p.program_id == program
        )
        referrals = self.env["referral.referral"].sudo()
        if participant:
            referrals._bind(participant, partner, "api", external_key=key)
        else:
            referrals._refuse(
                program,
                "api",
                "unknown_code",
                partner_id=partner.id,
                typed=(code or "")[:100],
                external_key=key,
            )
        return self._registered(program, key, partner)

    # === HELPERS === #

    def _program(self):
        """Return the program of the caller's company in superuser mode.

        :raise AccessError: for anybody outside the Integration group
        """
        check_role(
            self.env,
            self.env._("Only users of the Integration group may call this method."),
            "referral_program.group_integration",
        )
        # sudo: the group may do what these methods do, and nothing else
        programs = self.env["referral.program"].sudo()
        program = programs._of_company(self.env.company)
        # a branch's key moves no money of the company above, unless it may access that
        if program.company_id not in self.env.user.company_ids:
            raise refusal(
                "no_program",
                self.env._(
                    "%(company)s has no program.", company=self.env.company.name
                ),
            )
        return program

    def _partner(self, partner_id):
        partner = self.env["res.partner"].sudo().browse(partner_id).exists()
        company = partner.company_id
        if not partner or (company and company != self.env.company):
            raise refusal(
                "unknown_client",
                self.env._("There is no client %(number)s.", number=partner_id),
            )
        return partner

    def _participant(self, partner_id, required=True):
        program, partner = self._program(), self._partner(partner_id)
        participants = self.env["referral.participant"].sudo()
        participant = participants.search(
            [
                ("program_id", "=", program.id),
                ("partner_id", "=", partner.commercial_partner_id.id),
            ]
        )
        if required and not participant:
            raise refusal(
                "no_participant",
                self.env._(
                    "%(client)s does not take part in the program.", client=partner.name
                ),
            )
        return participant

    def _page(self, name, show, model, domain, limit, offset, order=None):
        """Return the number of a participant's records, and a page of them by name.

        :param show: what to return of a record, as plain data
        """
        # sudo: the caller reads none of them; the domain says whose they are
        records = self.env[model].sudo()
        found = records.search(domain, limit=limit, offset=offset, order=order)
        count = records.search_count(domain)
        return {"count": count, name: list(map(show, found))}

    def _document(self, participant, document):
        found = participant.document_ids.filtered(
            lambda d: document and document in (d.id, d.requirement_id.code)
        )
        if len(found) != 1:
            raise ValidationError(
                self.env._(
                    "%(document)s is not required. Use one of: %(codes)s.",
                    document=document,
                    codes=", ".join(
                        d.requirement_id.code or str(d.id)
                        for d in participant.document_ids
                    ),
                )
            )
        return found

    def _decode(self, file):
        try:
            return file["name"], base64.b64decode(file["content"], validate=True)
        except ValueError as error:
            raise ValidationError(
                self.env._("Send each file with a name and with its content in Base64.")
            ) from error

    def _accept(self, participant, text, ip_address, user_agent):
        lang = text.get("lang") or "en_US"
        agreement = participant._agreements_to_accept().filtered(
            lambda a: a.id == text.get("id")
        )
        if agreement and agreement.with_context(lang=lang)._text_hash() != text.get(
            "hash"
        ):
            raise ValidationError(
                self.env._(
                    "This is not the text in force. Request the current text and show "
                    "it again."
                )
            )
        participant.with_context(lang=lang)._accept(
            agreement,
            ip_address=ip_address or False,
            user_agent=(user_agent or "")[:250] or False,
        )

    def _registered(self, program, key, partner):
        """Return what came of a registration with a key, if there was one.

        :raise UserError: if it was another client's
        """
        by_key = [("program_id", "=", program.id), ("external_key", "=", key)]
        referral = self.env["referral.referral"].sudo().search(by_key)
        refused = self.env["referral.refusal"].sudo().search(by_key)
        client = (referral or refused).partner_id.commercial_partner_id
        if client and client != partner.commercial_partner_id:
            raise refusal(
                "key_reused",
                self.env._("This key was used for another client. Use a new key."),
            )
        if referral:
            return {"referral_id": referral.id, "reason": False, "explanation": False}
        if refused:
            return {
                "referral_id": False,
                "reason": refused.reason,
                "explanation": refused._explain(refused.reason),
            }
        return None
