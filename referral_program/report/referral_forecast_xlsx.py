from odoo import models


class ForecastXlsx(models.AbstractModel):
    """A forecast as a workbook: by month with the liability, and by participant."""

    _name = "report.referral_program.forecast_xlsx"
    _description = "Referral Forecast XLSX"
    _inherit = "report.referral_program.rehearsal_xlsx"

    def _tables(self, record):
        month = (self.env._("Month"), "month")
        participant = (self.env._("Participant"), "text")
        note = (self.env._("Note"), "text")
        return (
            (
                self.env._("By Month"),
                (
                    month,
                    (self.env._("Certain"), "money"),
                    (self.env._("Expected"), "money"),
                    (self.env._("Certain and Expected"), "money"),
                    (self.env._("Liability, Certain"), "level"),
                    (self.env._("Liability, Expected"), "level"),
                    note,
                ),
                [
                    (
                        row.month,
                        row.certain,
                        row.expected,
                        row.total,
                        row.liability_certain,
                        row.liability,
                        self._note(row),
                    )
                    for row in record.month_ids
                ],
            ),
            (
                self.env._("By Participant"),
                (
                    participant,
                    month,
                    (self.env._("Certainty"), "text"),
                    (self.env._("Amount"), "money"),
                    note,
                ),
                self._participant_rows(record),
            ),
        )

    def _participant_rows(self, record):
        kinds = dict(record.line_ids._fields["kind"]._description_selection(self.env))
        return [
            (
                row.participant_id.display_name,
                row.month,
                kinds[row.kind],
                row.amount,
                self._note(row),
            )
            for row in record.line_ids
        ]

    def _note(self, row):
        return self.env._("and later") if row.is_rest else ""
