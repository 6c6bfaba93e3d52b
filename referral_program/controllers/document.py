from odoo import http
from odoo.exceptions import AccessError
from odoo.http import request

from ..models.participant.referral_representative import OWNER
from .files import file_response
from .routes import file_route


class ReferralDocumentController(http.Controller):
    @file_route("/referral/document/<referral_id:page_id>")
    def open_page(self, page_id, **_query):
        """Show a file of a document to its owner or an officer, and record it."""
        # sudo: the portal reads no documents; who may is decided below
        page = request.env["referral.document.page"].sudo().browse(page_id).exists()
        if not page or not self._may_read(page):
            # the same answer, whether there is such a file or not
            raise request.not_found()
        return file_response(
            page._read_content("view"),
            page.mimetype,
            page.name,
            inline=True,
            headers={"Content-Security-Policy": self._policy(page)},
        )

    def _policy(self, page):
        """Whatever is in the file, it runs nothing and is shown here only."""
        if page.mimetype == "application/pdf":
            # browsers show no PDF in a sandbox
            return "frame-ancestors 'self'"
        return "sandbox; default-src 'none'; frame-ancestors 'self'"

    def _may_read(self, page):
        user = request.env.user
        participant = page.document_id.participant_id
        if participant._acts(user, OWNER):
            return True
        if not user.has_group("referral_program.group_officer"):
            return False
        try:
            page.document_id.with_user(user).check_access("read")
        except AccessError:
            return False
        return True
