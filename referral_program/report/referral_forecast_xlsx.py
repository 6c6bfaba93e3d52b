from odoo import models

from ..tools.tables import column, rows_of, table


class ForecastXlsx(models.AbstractModel):
    """A forecast as a workbook: cash, liability by month, and by participant."""

    _name = "report.referral_program.forecast_xlsx"
    _description = "Referral Forecast XLSX"
    _inherit = "report.referral_program.table_xlsx"

    def _book(self, record):
        pages = (
            (self.env._("Cash"), self._cash_columns(), record.cash_ids),
            (self.env._("By Month"), self._month_columns(), record.month_ids),
            (
                self.env._("By Participant"),
                self._participant_columns(),
                record.line_ids,
            ),
        )
        return {
            "title": record.display_name,
            "sheets": [
                {"name": name, "tables": [self._sums_of(record, columns, rows)]}
                for name, columns, rows in pages
            ],
        }

    def _sums_of(self, forecast, columns, rows):
        return table(
            columns,
            rows_of(rows, columns, note=self._note),
            forecast.currency_id,
            total=self.env._("Total"),
        )

    def _cash_columns(self):
        return [
            column("month", self.env._("Month"), "month", 20),
            column("withdrawals", self.env._("Open Withdrawals"), "money", 20),
            column("certain", self.env._("May Be Withdrawn, Certain"), "money", 26),
            column("expected", self.env._("Expected in Addition"), "money", 22),
            column("total", self.env._("Cash, at Most"), "money", 20),
            column("so_far", self.env._("Until Then"), "level", 20),
            column("note", self.env._("Note"), width=34),
        ]

    def _month_columns(self):
        return [
            column("month", self.env._("Month"), "month", 20),
            column("certain", self.env._("Certain"), "money", 20),
            column("expected", self.env._("Expected"), "money", 20),
            column("total", self.env._("Certain and Expected"), "money", 20),
            column("liability_certain", self.env._("Liability, Certain"), "level", 20),
            column("liability", self.env._("Liability, Expected"), "level", 20),
            column("note", self.env._("Note"), width=34),
        ]

    def _participant_columns(self):
        return [
            column("participant_id", self.env._("Participant"), width=34),
            column("month", self.env._("Month"), "month", 20),
            column("kind", self.env._("Certainty"), width=34),
            column("amount", self.env._("Amount"), "money", 20),
            column("note", self.env._("Note"), width=34),
        ]

    def _note(self, row):
        return self.env._("and later") if row.is_rest else ""
