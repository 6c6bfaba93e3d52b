from odoo.http import request

from ..tools.uploads import ACCEPT
from .joining import ReferralJoining
from .routes import portal_form, portal_page

#: While officers may upload what a participant is asked for.
OPEN_STATES = ("draft", "submitted", "active", "suspended")
#: Where they do.
DOCUMENTS = "/referral/participant/<referral_id:participant_id>/documents"


class ReferralStaff(ReferralJoining):
    """What officers do for participants who do not come to the portal themselves."""

    @portal_page(DOCUMENTS, readonly=False, sitemap=False)
    def referral_staff_documents(self, participant_id, **_query):
        """Show an officer the documents that a participant is asked for."""
        return self._staff_form(self._require_as_officer(participant_id))

    @portal_form(DOCUMENTS, sitemap=False)
    def referral_staff_documents_post(self, participant_id, **post):
        """Keep what an officer uploads for a participant, who still submits drafts."""
        participant = self._require_as_officer(participant_id)
        given = self._asked_for(participant).filtered(
            lambda d: post.get(d._form_key()) or self._files(d._form_key())
        )
        errors = self._hand_in_documents(given, post)
        participant._log_documents(
            request.env._("Uploaded"),
            given.filtered(lambda d: d._form_key() not in errors),
        )
        if errors:
            return self._staff_form(participant, errors, post)
        if (
            participant.state != "draft"
            and not participant._missing_documents()
            and not participant._agreements_to_accept()
        ):
            participant._submit()
        return request.redirect(self._staff_back(participant))

    def _require_as_officer(self, participant_id):
        """Return a participant in superuser mode, or answer that there is none.

        The rights are those of the officer, who may not write documents otherwise.
        """
        participants = request.env["referral.participant"]
        participant = participants.browse(participant_id).exists()
        if (
            not request.env.user.has_group("referral_program.group_officer")
            or not participant
            or not participant.has_access("write")
            or participant.state not in OPEN_STATES
        ):
            raise request.not_found()
        return participant.sudo()

    def _staff_form(self, participant, errors=None, post=None):
        return self._page(
            "staff_documents",
            participant,
            title=request.env._("Upload documents"),
            type_fields=[
                d._form_field(shown=False) for d in self._asked_for(participant)
            ],
            errors=errors or {},
            post=post or {},
            accept=ACCEPT,
            back=self._staff_back(participant),
        )

    def _staff_back(self, participant):
        return (
            "/odoo/action-referral_program.referral_participant_action/"
            f"{participant.id}"
        )
