from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..tools.replica import only_reads
from .portal import ReferralPortal


class ReferralPeople(ReferralPortal):
    """Who acts for the participant: for owners only."""

    @http.route(
        "/my/referral/people",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
        readonly=only_reads,
    )
    def referral_people(self, **_query):
        """Show who acts for the participant."""
        program, participant = self._require_member("people")
        if not participant:
            return request.redirect("/my/referral")
        return self._people_page(program, participant)

    @http.route(
        [
            "/my/referral/people",
            "/my/referral/people/<referral_id:row_id>",
            "/my/referral/people/<referral_id:row_id>/<any(remove):action>",
        ],
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def referral_people_post(self, row_id=0, action=None, **post):
        """Add somebody, or change or remove who is in the list."""
        program, participant = self._require_member("people")
        if not participant:
            return request.redirect("/my/referral")
        role = post.get("role") or ""
        try:
            with request.env.cr.savepoint():
                if row_id:
                    participant._change_person(row_id, role if not action else False)
                else:
                    participant._add_person(post.get("login"), role)
        except UserError as error:
            field = "list" if row_id else "login"
            return self._people_page(
                program, participant, errors={field: error.args[0]}, post=post
            )
        return request.redirect("/my/referral/people")

    def _people_page(self, program, participant, **values):
        people = participant.representative_ids
        return self._page(
            "portal_people",
            program,
            participant,
            title=request.env._("People"),
            people=people,
            roles=people._fields["role"]._description_selection(request.env),
            **{"errors": {}, "post": {}, **values},
        )
