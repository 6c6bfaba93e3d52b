from datetime import datetime, time

from odoo import models

#: The lines' columns: field, width and format.
COLUMNS = (
    ("partner_id", 26, None),
    ("participant_id", 24, None),
    ("move_name", 18, None),
    ("invoice_date", 12, "date"),
    ("name", 40, None),
    ("categ_id", 22, None),
    ("start_date", 12, "date"),
    ("end_date", 12, "date"),
    ("paid", 10, "share"),
    ("bonus", 10, "share"),
    ("rendered", 12, "share"),
    ("full_base", 15, "exact"),
    ("earned", 15, "exact"),
    ("unearned", 15, "exact"),
    ("reason", 34, None),
    ("explanation", 80, None),
)


class ExplanationXlsx(models.AbstractModel):
    """What earns nothing as a workbook: the sums by reason, and the lines."""

    _name = "report.referral_program.explanation_xlsx"
    _description = "Excluded Services XLSX"
    _inherit = "report.referral_program.workbook"

    def generate_xlsx_report(self, workbook, data, objs):
        """Write one answer, in the language of the environment.

        :raise AccessError: if somebody else asked
        """
        objs.ensure_one()
        objs.check_access("read")
        formats = self._formats(workbook, objs.program_id.currency_id)
        summary = workbook.add_worksheet(self.env._("Summary"))
        sheet = workbook.add_worksheet(self.env._("Invoice Lines"))
        rows = self.env["referral.explanation"].search(
            [("explain_id", "=", objs.id), ("reason", "!=", False)]
        )
        self._write_rows(sheet, formats, rows)
        self._write_reasons(summary, formats, objs, len(rows))

    def _write_rows(self, sheet, formats, rows):
        """Write the lines, a row for each."""
        reasons = dict(rows._fields["reason"]._description_selection(self.env))
        for column, (name, width, kind) in enumerate(COLUMNS):
            sheet.set_column(column, column, width)
            style = "head_number" if kind in ("share", "exact") else "head"
            label = rows._fields[name]._description_string(self.env)
            sheet.write_string(0, column, label, formats[style])
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows), len(COLUMNS) - 1)
        for number, row in enumerate(rows, 1):
            for column, (name, _width, kind) in enumerate(COLUMNS):
                value = row[name]
                if kind == "date":
                    if value:
                        moment = datetime.combine(value, time())
                        sheet.write_datetime(number, column, moment, formats["date"])
                elif kind:
                    sheet.write_number(number, column, round(value, 6), formats[kind])
                else:
                    if name == "reason":
                        value = reasons[value]
                    elif isinstance(value, models.BaseModel):
                        # sudo: a name in an answer, whatever else may be read of it
                        value = value.sudo().display_name
                    sheet.write_string(number, column, value or "")
        self._set_up_page(sheet)

    def _write_reasons(self, sheet, formats, explain, count):
        """Write what was asked, and the sums by reason and category."""
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, 1, 66)
        sheet.set_column(2, 2, 10)
        sheet.set_column(3, 3, 30)
        title = self.env._("Excluded services by reason")
        sheet.write_string(0, 0, title, formats["title"])
        row = 2
        for label, text in explain._question():
            sheet.write_string(row, 0, label, formats["bold"])
            sheet.write_string(row, 1, text)
            row += 1
        row += 1
        headings = (
            (self.env._("Reason"), "head"),
            (self.env._("Product Category"), "head"),
            (self.env._("Lines"), "head_number"),
            (self.env._("Excluded Amount"), "head_number"),
        )
        for column, (label, style) in enumerate(headings):
            sheet.write_string(row, column, label, formats[style])
        row += 1
        first = row
        total = 0.0
        for group in explain._by_reason():
            for name, lines, base in group["rows"]:
                sheet.write_string(row, 0, group["label"])
                sheet.write_string(row, 1, name)
                sheet.write_number(row, 2, lines)
                sheet.write_number(row, 3, round(base, 6), formats["exact"])
                row += 1
            total += group["base"]
        sheet.write_string(row, 0, self.env._("Total"), formats["total"])
        sheet.write_blank(row, 1, None, formats["total"])
        for column, letter, style, value in (
            (2, "C", "total", count),
            (3, "D", "total_exact", round(total, 6)),
        ):
            formula = (
                f"=SUM({letter}{first + 1}:{letter}{row})" if row > first else "=0"
            )
            sheet.write_formula(row, column, formula, formats[style], value)
        self._set_up_page(sheet)
