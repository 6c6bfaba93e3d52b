from datetime import datetime, time

from odoo import models

#: The lines' columns: width and format.
COLUMNS = (
    (24, None),
    (18, None),
    (12, "date"),
    (44, None),
    (12, "date"),
    (12, "date"),
    (10, "share"),
    (12, "share"),
    (15, "exact"),
    (10, "share"),
    (16, "exact"),
    (14, None),
)
BASE, AMOUNT = 8, 10


class StatementXlsx(models.AbstractModel):
    """A statement as a workbook: the summary, and the evidence with its sums."""

    _name = "report.referral_program.statement_xlsx"
    _description = "Referral Statement XLSX"
    _inherit = "report.referral_program.workbook"

    def generate_xlsx_report(self, workbook, data, objs):
        """Write one statement, in the language of the environment."""
        objs.ensure_one()
        values = objs._report_values()
        workbook.set_properties(
            {
                "title": objs.name,
                "author": values["company"]["name"],
                "company": values["company"]["name"],
                # not the moment in which it happens to be written
                "created": objs.made_on,
            }
        )
        formats = self._formats(workbook, objs.currency_id)
        summary = workbook.add_worksheet(self.env._("Summary"))
        lines = workbook.add_worksheet(self.env._("Services"))
        total = self._write_lines(lines, formats, values)
        self._write_summary(summary, formats, values, lines.get_name(), total)

    # === THE EVIDENCE === #

    def _headings(self):
        return (
            self.env._("Client"),
            self.env._("Invoice"),
            self.env._("Invoice date"),
            self.env._("Service"),
            self.env._("Service from"),
            self.env._("Service to"),
            self.env._("Paid, %"),
            self.env._("Rendered, %"),
            self.env._("Base"),
            self.env._("Rate, %"),
            self.env._("Compensation"),
            self.env._("Note"),
        )

    def _write_lines(self, sheet, formats, values):
        """Write a row for each line, a sum for each client and the sum of all.

        :return str: the cell with the sum of the compensations
        """
        for column, (width, _kind) in enumerate(COLUMNS):
            sheet.set_column(column, column, width)
        for column, heading in enumerate(self._headings()):
            kind = COLUMNS[column][1]
            style = "head_number" if kind in ("share", "exact") else "head"
            sheet.write_string(0, column, heading, formats[style])
        sheet.freeze_panes(1, 0)
        row = 1
        for group in values["groups"]:
            first = row
            for line in group["lines"]:
                self._write_line(sheet, formats, row, group["name"], line)
                row += 1
            label = self.env._("Subtotal: %(client)s", client=group["name"])
            self._write_sums(sheet, formats, row, label, first, group)
            row += 1
        everything = {
            name: sum(group[name] for group in values["groups"])
            for name in ("base", "amount")
        }
        # SUBTOTAL leaves out the clients' own sums
        self._write_sums(sheet, formats, row, self.env._("Total"), 1, everything)
        self._set_up_page(sheet)
        return f"K{row + 1}"

    def _write_line(self, sheet, formats, row, client, line):
        cells = (
            client,
            line.move_name,
            line.invoice_date,
            line.name,
            line.start_date,
            line.end_date,
            line.paid,
            line.rendered,
            line.base,
            line.rate,
            line.amount,
            self.env._("reversed") if line.amount < 0 else "",
        )
        for column, value in enumerate(cells):
            kind = COLUMNS[column][1]
            if kind == "date":
                if value:
                    moment = datetime.combine(value, time())
                    sheet.write_datetime(row, column, moment, formats["date"])
            elif kind:
                sheet.write_number(row, column, round(value, 6), formats[kind])
            elif value:
                style = formats["back"] if column == len(cells) - 1 else None
                sheet.write_string(row, column, value, style)

    def _write_sums(self, sheet, formats, row, label, first, sums):
        for column in range(len(COLUMNS)):
            sheet.write_blank(row, column, None, formats["total"])
        sheet.write_string(row, 0, label, formats["total"])
        for column, name in ((BASE, "base"), (AMOUNT, "amount")):
            letter = "ABCDEFGHIJKL"[column]
            formula = f"=SUBTOTAL(9,{letter}{first + 1}:{letter}{row})"
            if row == first:
                formula = "=0"
            sheet.write_formula(
                row, column, formula, formats["total_exact"], round(sums[name], 6)
            )

    # === THE SUMMARY === #

    def _write_summary(self, sheet, formats, values, lines_name, total):
        statement = values["statement"]
        sheet.set_column(0, 0, 40)
        sheet.set_column(1, 1, 44)
        sheet.write_string(0, 0, self.env._("Referral statement"), formats["title"])
        sheet.write_string(0, 1, values["month"], formats["title"])
        row = 2
        for label, text in (
            (self.env._("Number"), statement.name),
            (self.env._("Made on"), values["made_on"]),
            (self.env._("Company"), self._party_text(values["company"])),
            (self.env._("Participant"), self._party_text(values["participant"])),
            (self.env._("Currency"), statement.currency_id.name),
        ):
            sheet.write_string(row, 0, label, formats["bold"])
            sheet.write_string(row, 1, text)
            row += 1
        row = first = row + 1
        for name, label, amount in values["figures"]:
            if name == "closing":
                sheet.write_string(row, 0, label, formats["total"])
                formula = f"=SUM(B{first + 1}:B{row})"
                style = formats["total_money"]
                sheet.write_formula(row, 1, formula, style, amount)
            else:
                sheet.write_string(row, 0, label)
                sheet.write_number(row, 1, amount, formats["money"])
            row += 1
        sheet.write_string(
            row + 1, 0, self.env._("Compensation of the month, rounded once")
        )
        sheet.write_formula(
            row + 1,
            1,
            "=" + self._rounded(f"'{lines_name}'!{total}", statement.currency_id),
            formats["money"],
            round(statement.accrued + statement.taken_back, 6),
        )
        self._set_up_page(sheet)

    def _party_text(self, party):
        return ", ".join(filter(None, (party["name"], *party["address"], party["vat"])))
