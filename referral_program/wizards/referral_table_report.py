from functools import partial

from odoo import models

from ..tools.actions import download
from ..tools.tables import show

PAPER = "referral_program.paperformat_register"


class ReferralTableReport(models.AbstractModel):
    """A wizard whose answer is tables: a page and a workbook that can be downloaded.

    What is printed is plain data, see :meth:`_report`; the documents know nothing of
    the models.
    """

    _name = "referral.table.report"
    _description = "Referral Report of Tables"
    _inherit = ["referral.sight.mixin"]
    _route = None  # where its documents are downloaded, see controllers/report.py

    def _report(self):
        """Return ``title``, ``heading`` and ``tables``, see ``tools/tables.py``.

        The heading consists of pairs of label and text; ``empty`` is what is said
        if there are no tables.
        """
        raise NotImplementedError

    def _book(self):
        """Return the workbook: a sheet for each table."""
        report = self._report()
        sheets = [
            {**report, "name": table["title"], "tables": [{**table, "title": ""}]}
            for table in report["tables"]
        ]
        return {**report, "sheets": sheets or [{**report, "name": report["title"]}]}

    def _file_name(self, kind):
        """Return the name that a document is saved under."""
        raise NotImplementedError

    def _download(self, kind):
        """Return the action that downloads a document."""
        self.ensure_one()
        return download(f"/referral/{self._route}/{self.id}/{kind}")

    def _read_file(self, kind):
        """Return a document's bytes.

        :param str kind: ``pdf`` or ``xlsx``
        """
        self.ensure_one()
        return self._render_pdf() if kind == "pdf" else self._render_xlsx()

    def _render_pdf(self):
        """Return the PDF: a page of its own, that needs nothing from the server."""
        html = self.env["ir.qweb"]._render(
            "referral_program.report_register",
            {
                "report": self._report(),
                "lang": (self.env.lang or "en_US").replace("_", "-"),
                "show": partial(show, self.env),
            },
        )
        name = self._file_name("pdf").removesuffix(".pdf")
        reports = self.env["ir.actions.report"]
        return reports._print_page(html, PAPER, name, landscape=True)

    def _render_xlsx(self):
        """Return the workbook."""
        report = self.env["report.referral_program.table_xlsx"]
        content, _kind = report.with_context(
            active_model=self._name
        ).create_xlsx_report(self.ids, {})
        return content
