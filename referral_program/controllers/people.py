from odoo.exceptions import UserError
from odoo.http import request

from .portal import ReferralPortal
from .routes import portal_form, portal_page


class ReferralPeople(ReferralPortal):
    """Who acts for the participant: for owners only."""

    @portal_page("/my/referral/people")
    def referral_people(self, **_query):
        """Show who acts for the participant."""
        participant = self._require_tab("people", lead_on=True)
        return self._people_page(participant)

    @portal_form(
        [
            "/my/referral/people",
            "/my/referral/people/<referral_id:row_id>",
            "/my/referral/people/<referral_id:row_id>/<any(remove):action>",
        ]
    )
    def referral_people_post(self, row_id=0, action=None, **post):
        """Add somebody, or change or remove who is in the list."""
        participant = self._require_tab("people", lead_on=True)
        role = post.get("role")
        try:
            with request.env.cr.savepoint():
                if row_id:
                    participant._change_person(row_id, False if action else role)
                else:
                    participant._add_person(post.get("login"), role)
        except UserError as error:
            field = "list" if row_id else "login"
            return self._people_page(
                participant, errors={field: error.args[0]}, post=post
            )
        return request.redirect("/my/referral/people")

    def _people_page(self, participant, **values):
        people = participant.representative_ids
        return self._page(
            "portal_people",
            participant,
            title=request.env._("People"),
            people=people,
            roles=people._fields["role"]._description_selection(request.env),
            **{"errors": {}, "post": {}, **values},
        )
