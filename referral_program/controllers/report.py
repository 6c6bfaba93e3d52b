from odoo import http
from odoo.http import request

from odoo.addons.report_xlsx.controllers.main import ReportController

from .files import file_response
from .routes import file_route

#: Whose documents a route gives out.
MODELS = {"report": "referral.report.wizard", "rollforward": "referral.rollforward"}


class ReferralReportController(http.Controller):
    @file_route(
        "/referral/<any(report,rollforward):route>/<referral_id:wizard_id>/<any(pdf,xlsx):kind>"
    )
    def referral_report(self, route, wizard_id, kind, **_query):
        """Give staff a report that they have asked for, with their own rights."""
        wizard = request.env[MODELS[route]].browse(wizard_id)
        if not wizard.exists() or not wizard.has_access("read"):
            raise request.not_found()
        return file_response(wizard._read_file(kind), kind, wizard._file_name(kind))


class ReferralOdooReports(ReportController):
    """Odoo's own way to reports prints whatever is asked for: ours are judged."""

    @http.route()
    def report_routes(self, reportname, docids=None, converter=None, **data):
        """Print a report of ours about what the user may read, and nothing else."""
        if not reportname.startswith("referral_program."):
            return super().report_routes(reportname, docids, converter, **data)
        context = data.get("context") or "{}"
        request.env["ir.http"]._referral_judge_report(
            reportname, docids, converter, context
        )
        return super().report_routes(reportname, docids, converter, context=context)
