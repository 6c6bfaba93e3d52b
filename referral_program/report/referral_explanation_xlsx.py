from odoo import models

from ..tools.tables import column, rows_of, table

#: The lines' columns: field, kind and width.
COLUMNS = (
    ("partner_id", "text", 26),
    ("participant_id", "text", 24),
    ("move_name", "text", 18),
    ("invoice_date", "date", 12),
    ("name", "text", 40),
    ("categ_id", "text", 22),
    ("start_date", "date", 12),
    ("end_date", "date", 12),
    ("paid", "percent", 10),
    ("bonus", "percent", 10),
    ("rendered", "percent", 12),
    ("full_base", "exact", 15),
    ("earned", "exact", 15),
    ("unearned", "exact", 15),
    ("reason", "text", 34),
    ("explanation", "text", 80),
)


class ExplanationXlsx(models.AbstractModel):
    """What earns nothing as a workbook: the sums by reason, and the lines."""

    _name = "report.referral_program.explanation_xlsx"
    _description = "Excluded Services XLSX"
    _inherit = "report.referral_program.table_xlsx"

    def _book(self, record):
        """Return one answer.

        :raise AccessError: if somebody else asked
        """
        record.check_access("read")
        title = self.env._("Excluded services by reason")
        return {
            "title": title,
            "sheets": [
                {
                    "name": self.env._("Summary"),
                    "title": title,
                    "heading": record._question(),
                    "tables": [self._reasons(record)],
                },
                {
                    "name": self.env._("Invoice Lines"),
                    "tables": [self._lines(record)],
                },
            ],
        }

    def _reasons(self, explain):
        """Return the sums by reason and category."""
        columns = [
            column("reason", self.env._("Reason"), width=44),
            column("category", self.env._("Product Category"), width=66),
            column("lines", self.env._("Lines"), "count", 10),
            column("base", self.env._("Excluded Amount"), "exact", 30),
        ]
        rows = [
            {"reason": group["label"], "category": name, "lines": lines, "base": base}
            for group in explain._by_reason()
            for name, lines, base in group["rows"]
        ]
        currency = explain.program_id.currency_id
        return table(columns, rows, currency, total=self.env._("Total"))

    def _lines(self, explain):
        """Return the lines, a row for each."""
        found = self.env["referral.explanation"].search(explain._excluded_domain())
        columns = [
            column(name, found._fields[name]._description_string(self.env), kind, width)
            for name, kind, width in COLUMNS
        ]
        rows = rows_of(found, columns)
        return table(columns, rows, explain.program_id.currency_id)
