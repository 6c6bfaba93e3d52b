from werkzeug.exceptions import abort

from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..models.participant.referral_representative import MONEY_ROLES, OWNER
from .files import file_response
from .pages import html_data
from .routes import file_route, portal_form, portal_page

#: The participant's further pages in each state.
STATE_TABS = {
    "submitted": ("referrals", "links", "materials", "people"),
    "active": ("referrals", "links", "billing", "materials", "withdraw", "people"),
    "suspended": ("referrals", "links", "billing", "materials", "withdraw", "people"),
    "rejected": ("referrals", "billing", "withdraw", "people"),
    "closed": ("referrals", "billing", "withdraw", "people"),
}
#: Pages for some roles only.
ROLE_TABS = {"withdraw": MONEY_ROLES, "people": (OWNER,)}
#: Movements of the balance on the overview.
MOVEMENTS = 10
#: Own open invoices on the overview.
OPEN_INVOICES = 5


class ReferralPortal(CustomerPortal):
    # === WHO IT IS === #

    def _program(self):
        """Return the user's program in superuser mode; empty without one."""
        # sudo: portal users read no programs; the pages show what is for them
        return request.env["referral.program"].sudo()._of_user(request.env.user)

    def _participant(self, program):
        """Return the membership that the user acts for, and nobody else's."""
        return request.env["referral.participant"]._of_user(program, request.env.user)

    def _may_join(self, program, participant):
        """Tell whether the user may begin, or go on with, joining.

        Not for a client who takes part already, and not as an employee.
        """
        if participant:
            return participant._acts(request.env.user, OWNER)
        client = request.env.user.partner_id.commercial_partner_id
        # sudo: portal users read no participants; it is asked only if there is one
        taken = participant.sudo().search_count(
            [("program_id", "=", program.id), ("partner_id", "=", client.id)], limit=1
        )
        return request.env.user.share and not taken

    def _require(self):
        """Return program and own membership, or answer that there is no such page."""
        program = self._program()
        if not program:
            raise request.not_found()
        return program, self._participant(program)

    def _require_role(self, *roles, lead_on=False):
        """Return the own membership, if the user acts there, in one of these roles.

        :param bool lead_on: whoever does not is led on to the overview
        """
        _program, participant = self._require()
        if not participant._acts(request.env.user, *roles):
            self._refuse(lead_on)
        return participant

    def _require_tab(self, tab, lead_on=False):
        """Return the own membership, if the user has such a page there.

        :param bool lead_on: whoever has not is led on to the overview
        """
        _program, participant = self._require()
        if tab not in [name for name, *_rest in self._tabs(participant)]:
            self._refuse(lead_on)
        return participant

    def _refuse(self, lead_on):
        """Lead on to the overview, or answer that there is no such page."""
        if lead_on:
            abort(request.redirect("/my/referral"))
        raise request.not_found()

    def _page(self, template, participant, title=None, **values):
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
                "html_data": html_data(),
                "page_name": "referral",
                "program": participant.program_id,
                "participant": participant,
                "owns": participant._acts(request.env.user, OWNER),
                "pays": participant._acts(request.env.user, *MONEY_ROLES),
                "tabs": self._tabs(participant),
                **values,
            },
            headers={
                "X-Frame-Options": "SAMEORIGIN",
                "Content-Security-Policy": "frame-ancestors 'self'",
            },
        )

    def _tabs(self, participant):
        """Return the pages that the user has: (name, address, title)."""
        env = request.env
        titles = {
            "referrals": env._("Referrals"),
            "links": env._("Links"),
            "billing": env._("Billing Documents"),
            "materials": env._("Advertising Materials"),
            "withdraw": env._("Withdraw"),
            "people": env._("People"),
        }
        return [
            ("overview", "/my/referral", env._("Overview")),
            *(
                (name, f"/my/referral/{name}", titles[name])
                for name in STATE_TABS.get(participant.state, ())
                if participant._acts(env.user, *ROLE_TABS.get(name, ()))
            ),
        ]

    # === OVERVIEW === #

    @portal_page("/my/referral")
    def referral_overview(self, **_query):
        """Show what the program gives, or how the user's membership stands."""
        program, participant = self._require()
        if not participant or participant.state == "draft":
            return self._page(
                "portal_landing",
                participant,
                program=program,
                may_join=self._may_join(program, participant),
                terms=program.terms_ids._in_force(program._today()),
            )
        return self._overview_page(participant)

    def _overview_page(self, participant, mail_problem=None):
        return self._page(
            "portal_overview",
            participant,
            mail_problem=mail_problem,
            agreements=participant._agreements_to_accept()
            if participant.state in ("submitted", "active", "suspended")
            else participant._agreements_to_accept().browse(),
            wanted=participant._documents_wanted(),
            **self._money_values(participant.program_id, participant),
        )

    def _money_values(self, program, participant):
        """Return what the overview shows of the participant's money."""
        if participant.state == "submitted":
            return {"money": False}
        estimates = request.env["referral.estimate"].sudo()
        return {
            "money": True,
            "refusal": participant._why_no_payout(),
            "reserved": participant.withdrawal_ids.filtered("reserved_amount"),
            "estimate": estimates.search(
                [("participant_id", "=", participant.id)], limit=1
            ),
            "bars": self._bars(participant._by_month(12)),
            "movements": participant._movements(MOVEMENTS),
            "last_month": participant._months_to_explain()[:1],
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

    @portal_form("/my/referral/accept")
    def referral_accept(self, **post):
        """Accept the agreements whose boxes are ticked."""
        participant = self._require_role(OWNER)
        if participant.state in ("rejected", "closed"):
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

    # === CLAIMS, DATA === #

    @portal_page("/my/referral/claim", methods=["GET", "POST"])
    def referral_claim(self, client=None, **_query):
        """Take a participant's word for having brought a client."""
        _program, participant = self._require()
        if not (participant._acts(request.env.user, OWNER) and participant.link_active):
            return request.redirect("/my/referral")
        error = sent = False
        if request.httprequest.method == "POST":
            try:
                if not (client or "").strip():
                    raise UserError(
                        request.env._("Enter the client's e-mail address or tax id.")
                    )
                request.env["referral.claim"]._take(participant, client)
                sent = True
            except UserError as refusal:
                error = refusal.args[0]
        return self._page(
            "portal_claim",
            participant,
            title=request.env._("Claim a client"),
            error=error,
            sent=sent,
            client=client,
        )

    @portal_page("/my/referral/data", readonly=False)
    def referral_data(self, **_query):
        """Give the participant all that is kept about them."""
        return self._archive(self._require_role(OWNER))

    @file_route("/referral/data/<referral_id:participant_id>")
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
        return file_response(
            participant._export_personal_data(), "zip", "referral-program-data.zip"
        )
