from datetime import datetime, time

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from odoo import models
from odoo.tools import format_date

#: Rows above a table: the title, what it is of, and an empty one.
HEADING_ROWS = 6
#: Characters that a sheet's name cannot have.
FORBIDDEN = str.maketrans("", "", "[]:*?/\\'")


class TableXlsx(models.AbstractModel):
    """A register or report as a workbook: a sheet for each table, with live sums."""

    _name = "report.referral_program.table_xlsx"
    _description = "Referral Tables XLSX"
    _inherit = "report.referral_program.workbook"

    def generate_xlsx_report(self, workbook, data, objs):
        """Write what the wizard says, in the language of the environment."""
        report = objs._report()
        workbook.set_properties({"title": report["title"]})
        for table in report["tables"]:
            formats = self._formats(workbook, table["currency"])
            # a sheet's name has 31 characters at most
            sheet = workbook.add_worksheet(table["title"].translate(FORBIDDEN)[:31])
            self._write_heading(sheet, formats, report)
            self._write_table(sheet, formats, table)
            self._set_up_page(sheet, HEADING_ROWS)
        if not report["tables"]:
            formats = self._formats(workbook, self.env.company.currency_id)
            sheet = workbook.add_worksheet()
            self._write_heading(sheet, formats, report)
            text = self.env._("There is nothing in this period.")
            sheet.write_string(HEADING_ROWS, 0, text, formats["text"])

    def _styles(self, currency):
        styles = super()._styles(currency)
        share = {"num_format": "0.00%"}
        return {
            **styles,
            "head": {**styles["head"], "indent": 1},
            "text": {"indent": 1},
            "percent": share,
            "total_percent": {**share, "bold": True, "top": 1},
        }

    def _write_heading(self, sheet, formats, report):
        sheet.write_string(0, 0, report["title"], formats["title"])
        for row, (label, text) in enumerate(report["heading"], 1):
            sheet.write_string(row, 0, label, formats["bold"])
            sheet.write_string(row, 1, text, formats["text"])

    def _write_table(self, sheet, formats, table):
        """Write headings, rows and totals; shares are computed by the sheet."""
        columns = table["columns"]
        for index, column in enumerate(columns):
            sheet.set_column(index, index, column["width"])
            number = column["kind"] in ("money", "share")
            style = formats["head_number" if number else "head"]
            sheet.write_string(HEADING_ROWS, index, column["label"], style)
        sheet.freeze_panes(HEADING_ROWS + 1, 0)
        first = HEADING_ROWS + 1
        for number, row in enumerate(table["rows"], first):
            for index, column in enumerate(columns):
                self._write_cell(sheet, formats, number, index, row, table, column)
        self._write_totals(sheet, formats, table, first)

    def _write_cell(self, sheet, formats, row, index, values, table, column):
        value, kind = values[column["name"]], column["kind"]
        if kind == "share":
            formula = self._share_formula(row, table, column)
            sheet.write_formula(row, index, formula, formats["percent"], value or "")
        elif value is None or value is False:
            return
        elif kind == "money":
            # the evidence has six decimals
            sheet.write_number(row, index, round(value, 6), formats["money"])
        elif kind == "date":
            moment = datetime.combine(value, time())
            sheet.write_datetime(row, index, moment, formats["date"])
        elif kind == "month":
            text = format_date(self.env, value, date_format="LLLL y")
            sheet.write_string(row, index, text, formats["text"])
        else:
            sheet.write_string(row, index, value, formats["text"])

    def _share_formula(self, row, table, column):
        names = [one["name"] for one in table["columns"]]
        part, whole = (
            xl_rowcol_to_cell(row, names.index(name)) for name in column["of"]
        )
        return f'=IF({whole}=0,"",{part}/{whole})'

    def _write_totals(self, sheet, formats, table, first):
        last = first + len(table["rows"])
        for index, column in enumerate(table["columns"]):
            total = table["totals"].get(column["name"])
            if column["kind"] == "money":
                letter = xl_col_to_name(index)
                formula = f"=SUBTOTAL(9,{letter}{first + 1}:{letter}{last})"
                style = formats["total_money"]
                sheet.write_formula(last, index, formula, style, total)
            elif column["kind"] == "share":
                formula = self._share_formula(last, table, column)
                style = formats["total_percent"]
                sheet.write_formula(last, index, formula, style, total or "")
            else:
                sheet.write_blank(last, index, None, formats["total"])
        label = self.env._("Total, %(currency)s", currency=table["currency"].name)
        sheet.write_string(last, 0, label, formats["total"])
