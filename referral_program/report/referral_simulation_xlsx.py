from odoo import models


class SimulationXlsx(models.AbstractModel):
    """A simulation as a workbook: by month, by participant, and both."""

    _name = "report.referral_program.simulation_xlsx"
    _description = "Referral Simulation XLSX"
    _inherit = "report.referral_program.rehearsal_xlsx"

    def _tables(self, record):
        month = (self.env._("Month"), "month")
        participant = (self.env._("Participant"), "text")
        figures = (
            (self.env._("Credited"), "money"),
            (self.env._("Late or Changed Facts"), "money"),
            (self.env._("Under Other Terms"), "money"),
            (self.env._("Difference"), "money"),
            (self.env._("Difference, %"), "share"),
        )
        return (
            (
                self.env._("By Month"),
                (month, *figures),
                [(row.month, *self._figures(row)) for row in record.month_ids],
            ),
            (
                self.env._("By Participant"),
                (participant, *figures),
                [
                    (row.participant_id.display_name, *self._figures(row))
                    for row in record.participant_ids
                ],
            ),
            (
                self.env._("Both"),
                (participant, month, *figures),
                [
                    (row.participant_id.display_name, row.month, *self._figures(row))
                    for row in record.line_ids
                ],
            ),
        )

    def _figures(self, row):
        in_force = row.currency_id.round(row.given + row.late)
        return (
            row.given,
            row.late,
            row.simulated,
            row.difference,
            row.percent if in_force else None,
        )
