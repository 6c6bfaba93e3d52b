from datetime import datetime, time

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from odoo import models

from ..wizards.referral_rollforward import FIGURES

#: Where the figures begin: after participant, client and program.
FIRST = 3
CLOSING = FIRST + len(FIGURES) - 1
#: The journal items' columns: width and format.
ITEM_COLUMNS = (
    (12, "date"),
    (20, None),
    (36, None),
    (24, None),
    (24, None),
    (20, None),
    (20, None),
    (14, None),
    (16, "money"),
    (8, None),
)


class RollforwardXlsx(models.AbstractModel):
    """A roll-forward as a workbook: the figures, and the journal items behind them."""

    _name = "report.referral_program.rollforward_xlsx"
    _description = "Referral Roll-Forward XLSX"
    _inherit = "report.referral_program.workbook"

    def generate_xlsx_report(self, workbook, data, objs):
        """Write one roll-forward, in the language of the environment."""
        objs.ensure_one()
        values = objs._report_values()
        workbook.set_properties(
            {"title": objs.display_name, "created": objs.computed_on}
        )
        # a sheet is in one format of money: the most decimals that a currency has
        currency = max(
            objs.total_ids.currency_id or self.env.company.currency_id,
            key=lambda c: c.decimal_places,
        )
        formats = self._formats(workbook, currency)
        figures = workbook.add_worksheet(self.env._("Roll-forward"))
        items = workbook.add_worksheet(self.env._("Journal items"))
        self._write_figures(figures, formats, values)
        self._write_items(items, formats, objs._movements())

    # === THE FIGURES === #

    def _write_figures(self, sheet, formats, values):
        sheet.set_column(0, 1, 30)
        sheet.set_column(2, 2, 22)
        sheet.set_column(FIRST, CLOSING, 16)
        sheet.write_string(0, 0, self.env._("Referral roll-forward"), formats["title"])
        row = 2
        for label, text in (
            (self.env._("Period"), values["period"]),
            (self.env._("Programs"), values["programs"]),
            (self.env._("Companies"), values["companies"]),
            (self.env._("Computed on"), values["computed_on"]),
        ):
            sheet.write_string(row, 0, label, formats["bold"])
            sheet.write_string(row, 1, text)
            row += 1
        for total, lines in values["groups"]:
            row = self._write_currency(sheet, formats, values, row + 1, total, lines)
        self._set_up_page(sheet, heading=None)

    def _write_currency(self, sheet, formats, values, row, total, lines):
        """Write a currency's rows, their sums and what these tie with.

        :return int: the row after them
        """
        sheet.write_string(row, 0, total.currency_id.name, formats["title"])
        row += 1
        headings = (
            self.env._("Participant"),
            self.env._("Client"),
            self.env._("Program"),
        )
        for column, heading in enumerate(headings):
            sheet.write_string(row, column, heading, formats["head"])
        for column, name in enumerate(FIGURES, FIRST):
            label = values["labels"][name]
            sheet.write_string(row, column, label, formats["head_number"])
        row = first = row + 1
        for line in lines:
            sheet.write_string(row, 0, line.participant_id.display_name or "—")
            sheet.write_string(row, 1, line._label())
            sheet.write_string(row, 2, line.program_id.display_name)
            self._write_row(sheet, formats["money"], row, line)
            row += 1
        for column in range(FIRST):
            sheet.write_blank(row, column, None, formats["total"])
        sheet.write_string(row, 0, self.env._("Total"), formats["total"])
        style = formats["total_money"]
        for column, name in enumerate(FIGURES[:-1], FIRST):
            letter = xl_col_to_name(column)
            formula = f"=SUM({letter}{first + 1}:{letter}{row})" if lines else "=0"
            sheet.write_formula(row, column, formula, style, total[name])
        self._write_closing(sheet, style, row, total)
        return self._write_ties(sheet, formats, row + 1, total)

    def _write_row(self, sheet, style, row, line):
        for column, name in enumerate(FIGURES[:-1], FIRST):
            sheet.write_number(row, column, line[name], style)
        self._write_closing(sheet, style, row, line)

    def _write_closing(self, sheet, style, row, figures):
        first = xl_rowcol_to_cell(row, FIRST)
        last = xl_rowcol_to_cell(row, CLOSING - 1)
        formula = f"=SUM({first}:{last})"
        sheet.write_formula(row, CLOSING, formula, style, figures.closing)

    def _write_ties(self, sheet, formats, row, total):
        """Write what the closing balance above ties with."""
        money = formats["money"]
        closing, ledger = (
            xl_rowcol_to_cell(above, CLOSING) for above in (row - 1, row)
        )
        sheet.write_string(row, 0, self.env._("General ledger"))
        sheet.write_number(row, CLOSING, total.ledger, money)
        sheet.write_string(row + 1, 0, self.env._("Difference"), formats["bold"])
        # no number is exact in a workbook
        formula = f"=ROUND({closing}-{ledger},{total.currency_id.decimal_places})"
        sheet.write_formula(row + 1, CLOSING, formula, money, total.difference)
        sheet.write_string(row + 2, 0, self.env._("Open items"))
        sheet.write_number(row + 2, CLOSING, total.open_items, money)
        return row + 3

    # === THE JOURNAL ITEMS === #

    def _item_headings(self):
        return (
            self.env._("Date"),
            self.env._("Journal entry"),
            self.env._("Label"),
            self.env._("Participant"),
            self.env._("Client"),
            self.env._("Program"),
            self.env._("Company"),
            self.env._("Movement"),
            self.env._("Amount"),
            self.env._("Currency"),
        )

    def _write_items(self, sheet, formats, movements):
        for column, (width, kind) in enumerate(ITEM_COLUMNS):
            sheet.set_column(column, column, width)
            style = "head_number" if kind == "money" else "head"
            heading = self._item_headings()[column]
            sheet.write_string(0, column, heading, formats[style])
        sheet.freeze_panes(1, 0)
        kinds = dict(movements._fields["kind"]._description_selection(self.env))
        for row, movement in enumerate(movements, 1):
            cells = (
                movement.date,
                # sudo: the entry's number is all that is told of it
                movement.sudo().move_id.name or "",
                movement.name or "",
                movement.participant_id.display_name or "",
                # sudo: as above; contacts of a sales team may be closed to others
                movement.sudo().partner_id.complete_name or "",
                movement.program_id.display_name,
                movement.company_id.name,
                kinds[movement.kind],
                movement.amount,
                movement.currency_id.name,
            )
            for column, value in enumerate(cells):
                kind = ITEM_COLUMNS[column][1]
                if kind == "date":
                    moment = datetime.combine(value, time())
                    sheet.write_datetime(row, column, moment, formats["date"])
                elif kind == "money":
                    sheet.write_number(row, column, value, formats["money"])
                else:
                    sheet.write_string(row, column, value)
        sheet.autofilter(0, 0, max(len(movements), 1), len(ITEM_COLUMNS) - 1)
        self._set_up_page(sheet)
