import re

from odoo import http
from odoo.http import request

from ..models.participant.referral_participant import OTHER_PAGES
from ..tools.replica import only_reads
from ..tools.visit_cookie import read_cookie, read_visit, set_cookie
from .pages import html_data

#: Who opens links without being a visitor.
BOTS = re.compile(
    r"bot|crawl|spider|slurp|preview|fetch|scan|monitor|facebookexternalhit"
    r"|whatsapp|telegram|curl|wget|python|java/|go-http|okhttp|libwww",
    re.IGNORECASE,
)


class ReferralLink(http.Controller):
    @http.route(
        ["/referral/<string:code>", "/referral/<string:code>/<string:name>"],
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
        save_session=False,
    )
    def open_link(self, code, name=None, **_query):
        """Remember whose link it is, and lead on to the program's page.

        A link that is not active leads on as well: a visitor is no less welcome. One
        with a name that nobody gave counts as the one without.
        """
        if name and code in OTHER_PAGES:
            raise request.not_found()
        # sudo: visitors read nothing; the code is what they have to know
        participants = request.env["referral.participant"].sudo()
        participant = participants._find_by_code(code)
        program = participant.program_id or self._program()
        response = request.redirect(
            self._target(program.target_url or "/"), code=302, local=False
        )
        response.headers["Cache-Control"] = "no-store"
        if participant:
            # sudo: as above
            links = request.env["referral.link"].sudo()
            link = links._find(participant, name)
            self._remember(response, participant, link)
        return response

    @http.route(
        "/referral-program",
        type="http",
        auth="public",
        website=True,
        methods=["GET"],
        sitemap=False,
        readonly=only_reads,
    )
    def welcome(self, **_query):
        """Show visitors who recommends what, and how to sign up."""
        # sudo: visitors read nothing; what they see is for everybody
        participants = request.env["referral.participant"].sudo()
        participant = read_cookie(participants, request)
        program = participant.program_id or self._program()
        if not program:
            raise request.not_found()
        # sudo: whether everybody may sign up is for everybody, too
        scope = request.env["res.users"].sudo()._get_signup_invitation_scope()
        response = request.render(
            "referral_program.portal_welcome",
            {
                "html_data": html_data(),
                "program": program,
                "participant": participant.filtered("link_active"),
                "may_sign_up": scope == "b2c",
            },
        )
        response.headers["Cache-Control"] = "private, no-store"
        return response

    def _program(self):
        """Return the program of the visitor's company, or the only one there is."""
        # sudo: as above
        programs = request.env["referral.program"].sudo()
        if own := programs._of_company(request.env.company):
            return own
        found = programs.search([], limit=2)
        return found if len(found) == 1 else programs

    def _target(self, target):
        """Return where to lead, with the query that the link had."""
        query = request.httprequest.query_string.decode("latin-1")
        if not query:
            return target
        page, mark, anchor = target.partition("#")
        return f"{page}{'&' if '?' in page else '?'}{query}{mark}{anchor}"

    def _remember(self, response, participant, link):
        """Count the visit and set the cookie, as the program says."""
        if self._is_bot():
            return
        program = participant.program_id
        before, link_before = read_visit(participant.browse(), request)
        if (before, link_before) != (participant, link):
            request.env["referral.visit"].sudo()._count(participant, link)
        first_holds = program.attribution_click == "first" and before.program_id
        if program.attribution_days and not (
            first_holds == program and before.link_active
        ):
            set_cookie(response, participant, link, request)

    def _is_bot(self):
        agent = request.httprequest.user_agent.string or ""
        return request.httprequest.method != "GET" or not agent or BOTS.search(agent)
