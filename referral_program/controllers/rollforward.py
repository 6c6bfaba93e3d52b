from odoo import http
from odoo.http import request

from .files import file_response


class ReferralRollforward(http.Controller):
    @http.route(
        "/referral/rollforward/<int:rollforward_id>/<any(pdf,xlsx):kind>",
        type="http",
        auth="user",
        methods=["GET"],
        sitemap=False,
    )
    def referral_rollforward_file(self, rollforward_id, kind, **_query):
        """Give staff their own roll-forward as a document."""
        rollforward = request.env["referral.rollforward"].browse(rollforward_id)
        if not request.env.user.has_group("referral_program.group_reader") or (
            not rollforward.exists() or not rollforward.has_access("read")
        ):
            raise request.not_found()
        return file_response(
            rollforward._read_file(kind), kind, rollforward._file_name(kind)
        )
