from odoo import http
from odoo.http import request

from .files import file_response

#: Whose documents a route gives out.
MODELS = {"report": "referral.report.wizard", "rollforward": "referral.rollforward"}


class ReferralReportController(http.Controller):
    @http.route(
        "/referral/<any(report,rollforward):route>/<referral_id:wizard_id>/<any(pdf,xlsx):kind>",
        type="http",
        auth="user",
        methods=["GET"],
        sitemap=False,
    )
    def referral_report(self, route, wizard_id, kind, **_query):
        """Give staff a report that they have asked for, with their own rights."""
        wizard = request.env[MODELS[route]].browse(wizard_id)
        if not wizard.exists() or not wizard.has_access("read"):
            raise request.not_found()
        return file_response(wizard._read_file(kind), kind, wizard._file_name(kind))
