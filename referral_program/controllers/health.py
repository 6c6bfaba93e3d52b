import json

from odoo import http
from odoo.http import request

from .files import file_response


class ReferralHealth(http.Controller):
    """For whoever watches over the servers; strangers are told that it is not there."""

    @http.route(
        "/referral/health",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        sitemap=False,
        save_session=False,
    )
    def referral_health(self, **_query):
        """Tell whether everything runs: status 200, or 503 with what is wrong."""
        programs = request.env["referral.program"]
        said = request.httprequest.headers.get("Authorization", "")
        kind, _space, token = said.partition(" ")
        if kind.lower() != "bearer" or not programs._knows_health_token(token):
            raise request.not_found()
        problems = programs._health()
        sound = not any(problems.values())
        answer = {"status": "ok" if sound else "alert", "problems": problems}
        response = file_response(json.dumps(answer).encode(), "application/json")
        response.status_code = 200 if sound else 503
        return response
