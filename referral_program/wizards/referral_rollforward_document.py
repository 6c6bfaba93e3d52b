from odoo import fields, models
from odoo.tools import format_datetime

from ..tools.pages import numbered
from .referral_rollforward import FIGURES

PDF = "referral_program.referral_rollforward_report"


class ReferralRollforward(models.TransientModel):
    """The roll-forward as a PDF and as a workbook."""

    _inherit = "referral.rollforward"

    def _read_file(self, kind):
        """Return a document's bytes, of the ledger as it is now.

        :param str kind: ``pdf`` or ``xlsx``
        """
        self.ensure_one()
        self._refresh()
        return getattr(self, f"_render_{kind}")()

    def _file_name(self, kind):
        """Return the name that a document is saved under."""
        self.ensure_one()
        return f"rollforward-{self.date_from}-{self.date_to}.{kind}"

    def _render_pdf(self):
        """Return the PDF: a page of its own, that needs nothing from the server."""
        html = self.env["ir.qweb"]._render(
            "referral_program.report_rollforward", self._report_values()
        )
        printed = self.env["ir.actions.report"]._run_wkhtmltopdf(
            [f"<!DOCTYPE html>{html}"], report_ref=PDF, landscape=True
        )
        return numbered(printed, f"{self.date_from} / {self.date_to}")

    def _render_xlsx(self):
        """Return the workbook."""
        report = self.env["report.referral_program.rollforward_xlsx"]
        content, _kind = report.with_context(
            active_model=self._name
        ).create_xlsx_report(self.ids, {})
        return content

    def _report_values(self):
        """Return what the documents say, as plain data."""
        self.ensure_one()
        lines = self.line_ids.grouped("currency_id")
        return {
            "rollforward": self,
            "lang": (self.env.lang or "en_US").replace("_", "-"),
            "figures": FIGURES,
            "labels": self._labels(),
            "period": self._period_text(),
            "programs": ", ".join(self.program_ids.mapped("display_name")),
            "companies": ", ".join(self.company_ids.mapped("name")),
            "computed_on": format_datetime(
                self.env, self.computed_on or fields.Datetime.now()
            ),
            "several_programs": len(self.program_ids) > 1,
            "groups": [
                (total, lines.get(total.currency_id, self.line_ids.browse()))
                for total in self.total_ids
            ],
        }

    def _movements(self):
        """Return the period's journal items, in the order of the ledger."""
        return self.env["referral.liability.movement"].search(
            [*self._movement_domain(), *self._figure_domain()], order="date, id"
        )
