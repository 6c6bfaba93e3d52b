from werkzeug.urls import url_encode

from odoo.exceptions import UserError, ValidationError
from odoo.http import request

from ..models.participant.referral_document_upload import UploadsBusy
from ..models.participant.referral_participant_company import TAXED_ENTITIES
from ..tools.uploads import ACCEPT
from .portal import ReferralPortal
from .routes import portal_form, portal_page

#: Residency on the form, and with the answer about tax: (residency, tax resident).
RESIDENCIES = {
    ("resident", False): "resident",
    ("resident", True): "resident",
    ("nonresident", True): "tax_resident",
    ("nonresident", False): "nonresident",
}


class ReferralJoining(ReferralPortal):
    """The form of those who join, and of those who are asked for more."""

    # === JOINING === #

    @portal_page("/my/referral/join")
    def referral_join(self, **query):
        """Show the form: for a draft, or for documents that are asked for."""
        program, participant = self._require()
        if not self._may_hand_in(program, participant):
            return request.redirect("/my/referral")
        choice = self._choice(program, participant, query)
        return self._form(
            program, participant, choice, post=query, saved=query.get("saved")
        )

    @portal_form("/my/referral/join")
    def referral_join_post(self, **post):
        """Keep what was handed in; with the button for it, submit it."""
        program, participant = self._require()
        if not self._may_hand_in(program, participant):
            return request.redirect("/my/referral")
        choice = self._choice(program, participant, post)
        client = participant.partner_id or request.env.user.partner_id
        try:
            request.env["referral.document"]._take_turn(client.commercial_partner_id)
        except ValidationError as error:
            errors = {"type": error.args[0]}
            return self._form(program, participant, choice, errors, post)
        if not participant or participant.state == "draft":
            participant_type = self._chosen_type(choice, program)
            if not participant_type.can_join:
                errors = {"type": self._why_not_joining(participant_type)}
                return self._form(program, participant, choice, errors, post)
            participant = participant._draft(
                program,
                request.env.user.partner_id,
                participant_type,
                request.env.user,
            )
        errors = self._hand_in(participant, post)
        errors |= self._take_company(participant, post)
        self._take_country(participant, post)
        if post.get("action") == "submit":
            errors = {**self._not_complete(participant, post), **errors}
            if not errors:
                self._accept_ticked(participant, post)
                participant._submit()
                participant._tell_of_same_tax_id()
                return request.redirect("/my/referral")
        if errors:
            return self._form(program, participant, choice, errors, post)
        ticked = {name: 1 for name in post if name.startswith("accept_")}
        return request.redirect(
            f"/my/referral/join?{url_encode({'saved': 1, **ticked})}"
        )

    def _may_hand_in(self, program, participant):
        """Tell whether there is anything for the user to hand in."""
        if not self._may_join(program, participant):
            return False
        if not participant or participant.state == "draft":
            return True
        return participant.state in ("submitted", "active", "suspended") and bool(
            self._asked_for(participant)
        )

    def _asked_for(self, participant):
        """Return the documents on the form: all of a draft, else what is wanted."""
        if participant.state == "draft":
            return participant.document_ids
        # what was handed in again waits there until all of it is
        return participant._documents_wanted() | participant.document_ids.filtered(
            lambda d: d.state == "draft"
        )

    # --- The choice of a type --- #

    def _choice(self, program, participant, given):
        """Return entity type, residency and tax residency: given, kept, or likely."""
        if participant and not given.get("entity_type"):
            kept = participant.type_id
            return {
                "entity_type": kept.entity_type,
                "residency": "resident"
                if kept.residency == "resident"
                else "nonresident",
                "tax_residency": "yes" if kept.residency == "tax_resident" else "no",
            }
        partner = request.env.user.partner_id.commercial_partner_id
        home = program.company_id.country_id
        likely = {
            "entity_type": "legal_entity" if partner.is_company else "individual",
            "residency": "nonresident"
            if partner.country_id and home and partner.country_id != home
            else "resident",
            "tax_residency": "no",
        }
        return {name: given.get(name) or value for name, value in likely.items()}

    def _types(self, program):
        # sudo: portal users read no types; these are for their company's clients
        types = request.env["referral.participant.type"].sudo()
        return types._offered(program.company_id)

    def _chosen_type(self, choice, program):
        taxed = (
            choice["entity_type"] == "individual" and choice["tax_residency"] == "yes"
        )
        residency = RESIDENCIES.get((choice["residency"], taxed))
        return self._types(program)._like(choice["entity_type"], residency)

    def _why_not_joining(self, participant_type):
        return participant_type.reason_not_joining or request.env._(
            "Clients of this kind cannot join the program."
        )

    # --- Handing in --- #

    def _hand_in(self, participant, post):
        """Keep each document that came; return the errors of those that did not."""
        return self._hand_in_documents(self._asked_for(participant), post)

    def _hand_in_documents(self, documents, post):
        errors, busy = {}, None
        for document in documents:
            key = document._form_key()
            try:
                with request.env.cr.savepoint():
                    if document.kind == "text":
                        if key in post:
                            document._hand_in_text(post[key])
                    elif files := self._files(key):
                        if busy:
                            raise busy
                        document._hand_in_files(files)
            except ValidationError as error:
                errors[key] = error.args[0]
                busy = error if isinstance(error, UploadsBusy) else busy
        return errors

    def _take_company(self, participant, post):
        """Keep the name and the tax id of who joins as a company; return the errors.

        A name that was left out is looked up by the tax id, and shown to be confirmed.
        """
        if participant.state != "draft":
            return {}
        user, country = request.env.user, self._country(post)
        entity_type = participant.type_id.entity_type
        asked = participant._asked_of_company(user, entity_type)
        vat = post.get("vat") or ""
        if (
            "company_name" in asked
            and vat
            and not (post.get("company_name") or "").strip()
        ):
            name = participant._look_up_name(user, vat, country)
            if name:
                post["company_name"] = name
                return {"company_name": request.env._("Is this your company?")}
        given = {**post, "country": country}
        try:
            with request.env.cr.savepoint():
                return participant._take_company(user, entity_type, given)
        except UserError as error:  # what Odoo has against it, or the country's app
            return {"vat": error.args[0]}

    def _country(self, post):
        return request.env["res.country"].search(
            [("code", "=", post.get("country") or "")], limit=1
        )

    def _take_country(self, participant, post):
        """Keep the country of a client whose country was not known."""
        partner = participant.partner_id
        if not partner.country_id:
            partner.country_id = self._country(post)

    def _files(self, key):
        """Return the uploads of a field, not read yet."""
        return [
            (upload.filename, upload)
            for upload in request.httprequest.files.getlist(key)
            if upload.filename
        ]

    def _not_complete(self, participant, post):
        """Return what is missing before the file can be submitted, by field."""
        errors = {
            alternatives[0]._form_key(): request.env._("Please upload this document.")
            if len(alternatives) == 1
            else request.env._("Upload one of these documents.")
            for alternatives in participant._missing_documents()
        }
        if participant.state == "draft":
            errors |= participant._missing_of_company(
                request.env.user, participant.type_id.entity_type, post
            )
        if participant._lacks_country():
            errors["country"] = request.env._("Choose your country.")
        for agreement in participant._agreements_to_accept():
            if not post.get(f"accept_{agreement.id}"):
                errors[f"accept_{agreement.id}"] = request.env._(
                    "Read this text and accept it."
                )
        return errors

    # --- The form --- #

    def _form(self, program, participant, choice, errors=None, post=None, saved=None):
        partner = request.env.user.partner_id.commercial_partner_id
        types = self._types(program)
        asked = {
            kind: request.env["referral.participant"]._asked_of_company(
                request.env.user, kind
            )
            for kind in TAXED_ENTITIES
        }
        return self._page(
            "portal_join",
            participant,
            program=program,
            title=request.env._("Join the referral program")
            if not participant or participant.state == "draft"
            else request.env._("Upload documents"),
            choice=choice,
            client=partner.sudo(),  # sudo: it is their own
            asked=asked,
            chosen=self._chosen_type(choice, program),
            types=types,
            fields_of=self._fields_of(participant, types),
            agreements=(
                participant or participant.new({"program_id": program.id})
            )._agreements_to_accept(),
            errors=errors or {},
            post=post or {},
            saved=saved,
            accept=ACCEPT,
            countries=not partner.country_id
            and request.env["res.country"].sudo().search([]),
            entity_types=types._fields["entity_type"]._description_selection(
                request.env
            ),
        )

    def _fields_of(self, participant, types):
        """Return the fields of the form for each type, as plain data.

        For a draft those of its own type know what was handed in already; for a
        submitted file there is its own type only.
        """
        documents = self._asked_for(participant) if participant else []
        if participant and participant.state != "draft":
            return {participant.type_id: [d._form_field() for d in documents]}
        kept = {d._form_key(): d._form_field() for d in documents}
        fields = {}
        for participant_type in types:
            own = [r._form_field() for r in participant_type.requirement_ids]
            fields[participant_type] = [kept.get(f["key"], f) for f in own]
            if participant and participant.type_id == participant_type:
                keys = {f["key"] for f in own}
                fields[participant_type] += [
                    field for key, field in kept.items() if key not in keys
                ]
        return fields
