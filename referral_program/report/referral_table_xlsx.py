from datetime import datetime, time

from xlsxwriter.utility import xl_range, xl_rowcol_to_cell

from odoo import models

from ..tools.tables import SUMMED, sums

#: Characters that a sheet's name cannot have.
FORBIDDEN = str.maketrans("", "", "[]:*?/\\'")


class TableXlsx(models.AbstractModel):
    """A record as a workbook: sheets of tables, with live sums.

    All workbooks but the audit file are written here; the others only say what is in
    them, see :meth:`_book`.
    """

    _name = "report.referral_program.table_xlsx"
    _description = "Referral Tables XLSX"
    _inherit = "report.referral_program.workbook"

    def _book(self, record):
        """Return what a record's workbook consists of.

        :return dict: ``title``; ``properties``, if there are others; ``sheets``, each
            with a ``name``, its ``tables`` (see ``tools/tables.py``) and, if it has
            a title, ``title`` and ``heading``, pairs of label and text; ``empty`` is
            what it says if it may have no tables
        """
        return record._book()

    def generate_xlsx_report(self, workbook, data, objs):
        """Write one record's workbook, in the language of the environment."""
        objs.ensure_one()
        book = self._book(objs)
        workbook.set_properties({"title": book["title"], **book.get("properties", {})})
        for page in book["sheets"]:
            # a sheet's name has 31 characters at most
            name = page["name"].translate(FORBIDDEN)[:31]
            self._write_sheet(workbook, workbook.add_worksheet(name), page)

    def _styles(self, currency):
        styles = super()._styles(currency)
        styles["head"]["indent"] = 1
        kinds = {
            "text": {"indent": 1},
            "note": {"indent": 1, "font_color": "#B02A37"},
            "date": styles["date"],
            "month": {"num_format": "mmmm yyyy", "align": "left", "indent": 1},
            "count": {"num_format": "0"},
            "money": styles["money"],
            "exact": styles["exact"],
            "level": styles["money"],
            # not 0.######, which leaves a point after whole numbers
            "percent": {"num_format": "General"},
            "across": styles["money"],
            "share": {"num_format": "0.00%"},
        }
        total = styles["total"]
        totals = {
            f"total_{kind}": {**kinds[kind], **total} for kind in (*SUMMED, "share")
        }
        return {**styles, **kinds, **totals}

    def _write_sheet(self, workbook, sheet, page):
        formats = self._formats(workbook, self.env.company.currency_id)
        row = self._write_heading(sheet, formats, page)
        head = None
        for table in page["tables"]:
            formats = self._formats(workbook, table["currency"])
            if table["title"]:
                sheet.write_string(row, 0, table["title"], formats["title"])
                row += 1
            head = row
            row = self._write_table(sheet, formats, row, table) + 1
        if not page["tables"]:
            sheet.write_string(row, 0, page["empty"], formats["text"])
        if len(page["tables"]) == 1:
            sheet.freeze_panes(head + 1, 0)
        else:
            head = None  # there is no one row that could stay in sight
        self._set_up_page(sheet, head)

    def _write_heading(self, sheet, formats, page):
        """Write what stands above the tables, if anything does.

        :return int: the row of the first table
        """
        if not page.get("title"):
            return 0
        sheet.write_string(0, 0, page["title"], formats["title"])
        for row, (label, text) in enumerate(page["heading"], 2):
            sheet.write_string(row, 0, label, formats["bold"])
            sheet.write_string(row, 1, text, formats["text"])
        return len(page["heading"]) + 3

    def _write_table(self, sheet, formats, row, table):
        """Write headings, rows, sums and what stands below them.

        :return int: the row after them
        """
        for index, column in enumerate(table["columns"]):
            sheet.set_column(index, index, column["width"])
            style = formats["head_number" if column["number"] else "head"]
            sheet.write_string(row, index, column["label"], style)
        if not table["total"]:
            # a list, which is there to be filtered
            last = row + max(len(table["rows"]), 1)
            sheet.autofilter(row, 0, last, len(table["columns"]) - 1)
        row = first = row + 1
        for label, rows in table["groups"] or [("", table["rows"])]:
            begin = row
            for values in rows:
                self._write_row(sheet, formats, row, table, values)
                row += 1
            if label:
                found = sums(table["columns"], rows, table["currency"])
                self._write_sums(sheet, formats, row, begin, table, label, found)
                row += 1
        if table["total"]:
            totals = table["totals"]
            self._write_sums(sheet, formats, row, first, table, table["total"], totals)
            row += 1
        return self._write_after(sheet, formats, row, table)

    def _write_row(self, sheet, formats, row, table, values):
        for index, column in enumerate(table["columns"]):
            value, kind = values[column["name"]], column["kind"]
            style = formats[kind]
            if column["of"]:
                formula = self._formula(row, column, table)
                value = "" if value is None else value
                sheet.write_formula(row, index, formula, style, value)
            elif value is None or value is False:
                continue
            elif kind in ("date", "month"):
                sheet.write_datetime(row, index, datetime.combine(value, time()), style)
            elif column["number"]:
                # the evidence has six decimals
                sheet.write_number(row, index, round(value, 6), style)
            else:
                sheet.write_string(row, index, value, style)

    def _formula(self, row, column, table):
        """Return the formula of a cell that is computed of two others of its row."""
        names = [one["name"] for one in table["columns"]]
        one, other = (
            xl_rowcol_to_cell(row, names.index(name)) for name in column["of"]
        )
        if column["kind"] == "across":
            return f"=SUM({one}:{other})"
        return f'=IF({other}=0,"",{one}/{other})'

    def _write_sums(self, sheet, formats, row, first, table, label, found):
        """Write the sums of the rows from the first one to the one above.

        Where groups have sums of their own, the sum of all leaves these out.
        """
        live = table["live"] or table["groups"]
        for index, column in enumerate(table["columns"]):
            kind = column["kind"]
            if kind not in (*SUMMED, "share"):
                sheet.write_blank(row, index, None, formats["total"])
                continue
            cells = xl_range(first, index, row - 1, index)
            formula = f"=SUBTOTAL(9,{cells})" if live else f"=SUM({cells})"
            if column["of"]:
                formula = self._formula(row, column, table)
            elif row == first:
                formula = "=0"
            value = found[column["name"]]
            value = "" if value is None else value
            sheet.write_formula(row, index, formula, formats[f"total_{kind}"], value)
        sheet.write_string(row, 0, label, formats["total"])

    def _write_after(self, sheet, formats, row, table):
        index = len(table["columns"]) - 1
        total = xl_rowcol_to_cell(row - 1, index)
        for label, value, formula in table["after"]:
            sheet.write_string(row, 0, label, formats["text"])
            if formula:
                above = xl_rowcol_to_cell(row - 1, index)
                formula = "=" + formula.format(total=total, above=above)
                sheet.write_formula(row, index, formula, formats["money"], value)
            else:
                sheet.write_number(row, index, value, formats["money"])
            row += 1
        return row
