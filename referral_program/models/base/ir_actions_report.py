from odoo import api, models

from ...tools.pages import numbered

#: Of the program's own pages, which hold all that they need.
STILL = "referral-still"


class IrActionsReport(models.Model):
    """Prints the program's own pages: nothing runs in them, so none waits for it."""

    _inherit = "ir.actions.report"

    def _print_page(self, html, paper, text, landscape=False):
        """Return the PDF of a page that needs nothing from the server.

        :param html: the whole page, its styles in it
        :param str paper: the paper format's XML id
        :param str text: what stands at the foot of each page; also the title
        """
        # sudo: the paper is the report's, whoever prints
        report = self.sudo().new({"paperformat_id": self.env.ref(paper)})
        printed = report._run_wkhtmltopdf(
            [f"<!DOCTYPE html>{html}"],
            landscape=landscape,
            specific_paperformat_args={STILL: True},
        )
        return numbered(printed, text)

    @api.model
    def _build_wkhtmltopdf_args(
        self, paperformat_id, landscape, specific_paperformat_args=None, **options
    ):
        arguments = super()._build_wkhtmltopdf_args(
            paperformat_id,
            landscape,
            specific_paperformat_args=specific_paperformat_args,
            **options,
        )
        if (specific_paperformat_args or {}).get(STILL):
            # of two delays the last one holds
            arguments += ["--disable-javascript", "--javascript-delay", "0"]
        return arguments
