import json

from odoo import http
from odoo.http import request

from odoo.addons.report_xlsx.controllers.main import ReportController

from ..tools.inputs import whole_number
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
        if not self._may_print(reportname, docids, converter, context):
            raise request.not_found()
        return super().report_routes(reportname, docids, converter, context=context)

    def _may_print(self, name, docids, converter, context):
        report = request.env["ir.actions.report"]._get_report_from_name(name)
        kinds = ("xlsx",) if report.report_type == "xlsx" else ("html", "pdf")
        if not report or converter not in kinds:
            return False
        try:
            ids = list(map(whole_number, (docids or "").split(",")))
            if not isinstance(json.loads(context), dict):
                return False
        except ValueError:
            return False
        records = request.env[report.model].browse(ids)
        return (
            # a wizard's answer is one
            not (records._transient and len(ids) > 1)
            and records.exists() == records
            and records.has_access("read")
        )
