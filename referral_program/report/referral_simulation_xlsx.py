from odoo import models

from ..tools.tables import column, rows_of, table


class SimulationXlsx(models.AbstractModel):
    """A simulation as a workbook: by month, by participant, and both."""

    _name = "report.referral_program.simulation_xlsx"
    _description = "Referral Simulation XLSX"
    _inherit = "report.referral_program.table_xlsx"

    def _book(self, record):
        month = column("month", self.env._("Month"), "month", 20)
        participant = column("participant_id", self.env._("Participant"), width=34)
        figures = [
            column("credited", self.env._("Credited"), "money", 20),
            column("late", self.env._("Late or Changed Facts"), "money", 20),
            column("simulated", self.env._("Under Other Terms"), "money", 20),
            column("difference", self.env._("Difference"), "money", 20),
            column("percent", self.env._("Difference, %"), "percent", 20),
        ]
        pages = (
            (self.env._("By Month"), [month], record.month_ids),
            (self.env._("By Participant"), [participant], record.participant_ids),
            (self.env._("Both"), [participant, month], record.line_ids),
        )
        return {
            "title": record.display_name,
            "sheets": [
                {
                    "name": name,
                    "tables": [self._sums_of(record, [*keys, *figures], rows)],
                }
                for name, keys, rows in pages
            ],
        }

    def _sums_of(self, simulation, columns, rows):
        return table(
            columns,
            rows_of(rows, columns, percent=self._percent),
            simulation.currency_id,
            total=self.env._("Total"),
        )

    def _percent(self, row):
        """Return by how much it differs, unless there is nothing to differ from."""
        in_force = row.currency_id.round(row.credited + row.late)
        return row.percent if in_force else None
