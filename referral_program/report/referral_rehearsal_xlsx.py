from datetime import datetime, time

from odoo import models


class RehearsalXlsx(models.AbstractModel):
    """Tables with their sums, such as simulations and forecasts have them."""

    _name = "report.referral_program.rehearsal_xlsx"
    _description = "Tables With Sums XLSX"
    _inherit = "report.referral_program.workbook"

    def generate_xlsx_report(self, workbook, data, objs):
        """Write a sheet for each table of one record."""
        objs.ensure_one()
        workbook.set_properties({"title": objs.display_name})
        formats = self._formats(workbook, objs.currency_id)
        for title, columns, rows in self._tables(objs):
            self._write_table(workbook.add_worksheet(title), formats, columns, rows)

    def _styles(self, currency):
        month = {"num_format": "mmmm yyyy", "align": "left"}
        return {**super()._styles(currency), "month": month}

    def _tables(self, record):
        """Return the tables: title, columns and rows.

        A column is its heading and its kind: ``text``, ``month``, ``money``, which is
        summed, ``level`` (money that is not summed) or ``share``.
        """
        raise NotImplementedError

    def _write_table(self, sheet, formats, columns, rows):
        for column, (heading, kind) in enumerate(columns):
            sheet.set_column(column, column, 34 if kind == "text" else 20)
            number = kind not in ("text", "month")
            style = formats["head_number" if number else "head"]
            sheet.write_string(0, column, heading, style)
        sheet.freeze_panes(1, 1)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                self._write_cell(
                    sheet, formats, number, column, columns[column][1], value
                )
        self._write_totals(sheet, formats, columns, rows)
        self._set_up_page(sheet)

    def _write_cell(self, sheet, formats, row, column, kind, value):
        if value is None:
            return
        if kind == "text":
            sheet.write_string(row, column, value)
        elif kind == "month":
            moment = datetime.combine(value, time())
            sheet.write_datetime(row, column, moment, formats["month"])
        else:
            style = formats["share" if kind == "share" else "money"]
            sheet.write_number(row, column, value, style)

    def _write_totals(self, sheet, formats, columns, rows):
        last = len(rows) + 1
        for column, (_heading, kind) in enumerate(columns):
            if kind != "money":
                label = "" if column else self.env._("Total")
                sheet.write_string(last, column, label, formats["total"])
                continue
            letter = "ABCDEFGHIJKL"[column]
            sheet.write_formula(
                last,
                column,
                f"=SUM({letter}2:{letter}{last})" if rows else "=0",
                formats["total_money"],
                round(sum(row[column] for row in rows), 6),
            )
