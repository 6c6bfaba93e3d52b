from odoo import http
from odoo.exceptions import UserError, ValidationError
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..models.participant.referral_document import MEGABYTE
from ..tools.uploads import ACCEPT

#: Residency on the form, and with the answer about tax: (residency, tax resident).
RESIDENCIES = {
    ("resident", False): "resident",
    ("resident", True): "resident",
    ("nonresident", True): "tax_resident",
    ("nonresident", False): "nonresident",
}
#: The participant's further pages in each state.
STATE_TABS = {
    "submitted": ("referrals", "materials"),
    "active": ("referrals", "billing", "materials", "withdraw"),
    "suspended": ("referrals", "billing", "materials", "withdraw"),
    "rejected": ("referrals", "billing", "withdraw"),
    "closed": ("referrals", "billing", "withdraw"),
}
#: Movements of the balance on the overview.
MOVEMENTS = 10
#: Own open invoices on the overview.
OPEN_INVOICES = 5


class ReferralPortal(CustomerPortal):
    # === WHO IT IS === #

    def _program(self):
        """Return the company's program in superuser mode; empty without one."""
        # sudo: portal users read no programs; the pages show what is for them
        programs = request.env["referral.program"].sudo()
        return programs.search([("company_id", "=", request.env.company.id)], limit=1)

    def _participant(self, program):
        """Return the membership of the user's own company, and of nobody else."""
        own = request.env.user.partner_id.commercial_partner_id
        # sudo: portal users read no participants; this is the user's own
        return (
            request.env["referral.participant"]
            .sudo()
            .search(
                [("program_id", "=", program.id), ("partner_id", "=", own.id)], limit=1
            )
        )

    def _require(self):
        """Return program and own membership, or answer that there is no such page."""
        program = self._program()
        if not program:
            raise request.not_found()
        return program, self._participant(program)

    def _require_member(self, tab):
        """Return program and own membership, empty if it has no such page."""
        program, participant = self._require()
        if tab not in [name for name, *_rest in self._tabs(participant)]:
            participant = participant.browse()
        return program, participant

    def _page(self, template, program, participant, title=None, **values):
        """Return a page of the program.

        :param str title: what the page is about, for the browser's window and for
            whoever has it read out; the program itself, if left out
        """
        title = title or request.env._("Referral program")
        return request.render(
            f"referral_program.{template}",
            {
                **self._prepare_portal_layout_values(),
                "title": f"{title} | {request.env.company.name}",
                "html_data": {"lang": (request.env.lang or "en").replace("_", "-")},
                "page_name": "referral",
                "program": program,
                "participant": participant,
                "tabs": self._tabs(participant),
                **values,
            },
            headers={
                "X-Frame-Options": "SAMEORIGIN",
                "Content-Security-Policy": "frame-ancestors 'self'",
            },
        )

    def _tabs(self, participant):
        """Return the pages that a participant has: (name, address, title)."""
        env = request.env
        titles = {
            "referrals": env._("Referrals"),
            "billing": env._("Billing Documents"),
            "materials": env._("Advertising Materials"),
            "withdraw": env._("Withdraw"),
        }
        return [
            ("overview", "/my/referral", env._("Overview")),
            *(
                (name, f"/my/referral/{name}", titles[name])
                for name in STATE_TABS.get(participant.state, ())
            ),
        ]

    # === OVERVIEW === #

    @http.route(
        "/my/referral",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
        readonly=True,
    )
    def referral_overview(self, **_query):
        """Show what the program gives, or how the user's membership stands."""
        program, participant = self._require()
        if not participant or participant.state == "draft":
            return self._page(
                "portal_landing",
                program,
                participant,
                terms=program.terms_ids._in_force(program._today()),
            )
        return self._page(
            "portal_overview",
            program,
            participant,
            agreements=participant._agreements_to_accept()
            if participant.state in ("submitted", "active", "suspended")
            else participant._agreements_to_accept().browse(),
            wanted=participant._documents_wanted(),
            **self._money_values(program, participant),
        )

    def _money_values(self, program, participant):
        """Return what the overview shows of the participant's money."""
        if participant.state == "submitted":
            return {"money": False}
        estimates = request.env["referral.estimate"].sudo()
        return {
            "money": True,
            "refusal": participant._why_no_payout(),
            "held": participant.withdrawal_ids.filtered("reserved_amount"),
            "estimate": estimates.search(
                [("participant_id", "=", participant.id)], limit=1
            ),
            "bars": self._bars(participant._by_month(12)),
            "movements": participant._movements(MOVEMENTS),
            "invoices": self._payable_invoices(program, participant),
        }

    def _payable_invoices(self, program, participant):
        """Return the participant's own open invoices, if the balance may pay them."""
        # sudo: portal users see the invoices sent to them; these are their own
        invoices = request.env["account.move"].sudo()
        if not program.redemption_allowed or participant.state != "active":
            return invoices
        return invoices.search(
            [
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
                ("partner_id", "child_of", participant.partner_id.id),
                ("company_id", "child_of", program.company_id.id),
            ],
            order="invoice_date_due, id",
            limit=OPEN_INVOICES,
        )

    def _bars(self, months):
        """Return the bars of a chart.

        :param months: pairs of a month's first day and its amount, oldest first
        """
        most = max((abs(amount) for _month, amount in months), default=0)
        return [
            {
                "month": month,
                "amount": amount,
                "height": round(100 * abs(amount) / most) if most else 0,
                "negative": amount < 0,
            }
            for month, amount in months
        ]

    @http.route(
        "/my/referral/accept", type="http", auth="user", website=True, methods=["POST"]
    )
    def referral_accept(self, **post):
        """Accept the agreements whose boxes are ticked."""
        _program, participant = self._require()
        if not participant or participant.state in ("rejected", "closed"):
            raise request.not_found()
        self._accept_ticked(participant, post)
        return request.redirect("/my/referral")

    def _accept_ticked(self, participant, post):
        agreements = participant._agreements_to_accept()
        participant._accept(
            agreements.filtered(lambda a: post.get(f"accept_{a.id}")),
            ip_address=request.httprequest.remote_addr,
            user_agent=(request.httprequest.user_agent.string or "")[:250],
        )

    # === JOINING === #

    @http.route(
        "/my/referral/join", type="http", auth="user", website=True, methods=["GET"]
    )
    def referral_join(self, **query):
        """Show the form: for a draft, or for documents that are asked for."""
        program, participant = self._require()
        if participant and not self._may_hand_in(participant):
            return request.redirect("/my/referral")
        choice = self._choice(program, participant, query)
        return self._form(program, participant, choice, saved=query.get("saved"))

    @http.route(
        "/my/referral/join",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def referral_join_post(self, **post):
        """Keep what was handed in; with the button for it, submit it."""
        program, participant = self._require()
        if participant and not self._may_hand_in(participant):
            return request.redirect("/my/referral")
        choice = self._choice(program, participant, post)
        if not participant or participant.state == "draft":
            participant_type = self._chosen_type(choice)
            if not participant_type.can_join:
                errors = {"type": self._why_not_joining(participant_type)}
                return self._form(program, participant, choice, errors, post)
            participant = participant._draft(
                program, request.env.user.partner_id, participant_type
            )
        errors = self._hand_in(participant, post)
        if post.get("action") == "submit":
            errors = {**self._not_complete(participant, post), **errors}
            if not errors:
                self._accept_ticked(participant, post)
                participant._submit()
                return request.redirect("/my/referral")
        if errors:
            return self._form(program, participant, choice, errors, post)
        return request.redirect("/my/referral/join?saved=1")

    def _may_hand_in(self, participant):
        """Tell whether there is anything for the participant to hand in."""
        if participant.state == "draft":
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

    def _chosen_type(self, choice):
        types = request.env["referral.participant.type"].sudo()
        taxed = (
            choice["entity_type"] == "individual" and choice["tax_residency"] == "yes"
        )
        residency = RESIDENCIES.get((choice["residency"], taxed))
        return types.search(
            [
                ("entity_type", "=", choice["entity_type"]),
                ("residency", "=", residency),
            ],
            limit=1,
        )

    def _why_not_joining(self, participant_type):
        return participant_type.reason_not_joining or request.env._(
            "Clients of this kind cannot join the program."
        )

    # --- Handing in --- #

    def _hand_in(self, participant, post):
        """Keep each document that came; return the errors of those that did not."""
        errors = {}
        for document in self._asked_for(participant):
            key = document._form_key()
            try:
                with request.env.cr.savepoint():
                    if document.kind == "text":
                        if key in post:
                            document._hand_in_text(post[key])
                    elif files := self._files(document, key):
                        document._hand_in_files(files)
            except ValidationError as error:
                errors[key] = error.args[0]
        return errors

    def _files(self, document, key):
        """Return the uploads of a field, read no further than needed."""
        limit = document.participant_id.program_id.max_file_size * MEGABYTE + 1
        return [
            (upload.filename, upload.read(limit))
            for upload in request.httprequest.files.getlist(key)
            if upload.filename
        ]

    def _not_complete(self, participant, post):
        """Return what is missing before the file can be submitted, by field."""
        errors = {
            alternatives[0]._form_key(): request.env._("Still missing.")
            if len(alternatives) == 1
            else request.env._("Hand in one of these.")
            for alternatives in participant._missing_documents()
        }
        for agreement in participant._agreements_to_accept():
            if not post.get(f"accept_{agreement.id}"):
                errors[f"accept_{agreement.id}"] = request.env._(
                    "Read this text and accept it."
                )
        return errors

    # --- The form --- #

    def _form(self, program, participant, choice, errors=None, post=None, saved=None):
        types = request.env["referral.participant.type"].sudo().search([])
        return self._page(
            "portal_join",
            program,
            participant,
            title=request.env._("Join the referral program")
            if not participant or participant.state == "draft"
            else request.env._("Hand in documents"),
            choice=choice,
            chosen=self._chosen_type(choice),
            types=types,
            fields_of=self._fields_of(participant, types),
            agreements=(
                participant or participant.new({"program_id": program.id})
            )._agreements_to_accept(),
            errors=errors or {},
            post=post or {},
            saved=saved,
            accept=ACCEPT,
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

    # === CLAIMS, DATA === #

    @http.route(
        "/my/referral/claim",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def referral_claim(self, client=None, **_query):
        """Take a participant's word for having brought a client."""
        program, participant = self._require()
        if not participant.link_active:
            return request.redirect("/my/referral")
        error = sent = False
        if request.httprequest.method == "POST":
            try:
                if not (client or "").strip():
                    raise UserError(
                        request.env._("Type the client's e-mail address or tax id.")
                    )
                request.env["referral.referral"].sudo()._claim(participant, client)
                sent = True
            except UserError as refusal:
                error = refusal.args[0]
        return self._page(
            "portal_claim",
            program,
            participant,
            title=request.env._("Claim a client"),
            error=error,
            sent=sent,
            client=client,
        )

    @http.route(
        "/my/referral/data", type="http", auth="user", website=True, methods=["GET"]
    )
    def referral_data(self, **_query):
        """Give the participant all that is kept about them."""
        _program, participant = self._require()
        if not participant:
            raise request.not_found()
        return self._archive(participant)

    @http.route(
        "/referral/data/<int:participant_id>",
        type="http",
        auth="user",
        methods=["GET"],
        sitemap=False,
    )
    def referral_data_of(self, participant_id, **_query):
        """Give an officer all that is kept about a participant."""
        participants = request.env["referral.participant"]
        participant = participants.browse(participant_id)
        if not request.env.user.has_group("referral_program.group_officer") or (
            not participant.exists() or not participant.has_access("read")
        ):
            raise request.not_found()
        return self._archive(participant.sudo())

    def _archive(self, participant):
        content = participant._export_personal_data()
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/zip"),
                ("Content-Length", len(content)),
                (
                    "Content-Disposition",
                    http.content_disposition("referral-program-data.zip"),
                ),
                ("Cache-Control", "private, no-store"),
            ],
        )
