from odoo import http
from odoo.http import request

from ..models.balance.referral_statement_document import MIMETYPES


class ReferralReportController(http.Controller):
    @http.route(
        "/referral/report/<int:wizard_id>/<any(pdf,xlsx):kind>",
        type="http",
        auth="user",
        methods=["GET"],
        sitemap=False,
    )
    def referral_report(self, wizard_id, kind, **_query):
        """Give staff a report that they have asked for, with their own rights."""
        wizard = request.env["referral.report.wizard"].browse(wizard_id)
        if not wizard.exists() or not wizard.has_access("read"):
            raise request.not_found()
        content = wizard._render_pdf() if kind == "pdf" else wizard._render_xlsx()
        return request.make_response(
            content,
            headers=[
                ("Content-Type", MIMETYPES[kind]),
                ("Content-Length", len(content)),
                (
                    "Content-Disposition",
                    http.content_disposition(wizard._file_name(kind)),
                ),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "private, no-store"),
            ],
        )
