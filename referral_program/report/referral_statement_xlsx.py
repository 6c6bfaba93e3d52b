from odoo import models

from ..tools.tables import column, rows_of, table


class StatementXlsx(models.AbstractModel):
    """A statement as a workbook: the summary, and the evidence with its sums."""

    _name = "report.referral_program.statement_xlsx"
    _description = "Referral Statement XLSX"
    _inherit = "report.referral_program.table_xlsx"

    def _book(self, record):
        values = record._report_values()
        services = self._services(record, values["groups"])
        return {
            "title": record.name,
            "properties": {
                "author": values["company"]["name"],
                "company": values["company"]["name"],
                # not the moment in which it happens to be written
                "created": record.made_on,
            },
            "sheets": [
                {
                    "name": self.env._("Summary"),
                    "title": self.env._("Referral statement"),
                    "heading": self._heading(record, values),
                    "tables": [self._summary(record, values["figures"], services)],
                },
                {"name": self.env._("Services"), "tables": [services]},
            ],
        }

    # === THE EVIDENCE === #

    def _services(self, statement, groups):
        """Return a row for each line, with a sum for each client."""
        columns = self._columns()
        parts = [
            (
                self.env._("Subtotal: %(client)s", client=group["name"]),
                rows_of(
                    group["lines"][0].union(*group["lines"]),
                    columns,
                    client=lambda _line, name=group["name"]: name,
                    note=self._note,
                ),
            )
            for group in groups
        ]
        return table(
            columns,
            [row for _label, rows in parts for row in rows],
            statement.currency_id,
            total=self.env._("Total"),
            groups=parts,
        )

    def _columns(self):
        return [
            column("client", self.env._("Client"), width=24),
            column("move_name", self.env._("Invoice"), width=18),
            column("document_date", self.env._("Document date"), "date", 12),
            column("name", self.env._("Service"), width=44),
            column("start_date", self.env._("Service from"), "date", 12),
            column("end_date", self.env._("Service to"), "date", 12),
            column("paid", self.env._("Paid, %"), "percent", 10),
            column("rendered", self.env._("Rendered, %"), "percent", 12),
            column("base", self.env._("Base"), "money", 15),
            column("rate", self.env._("Rate, %"), "percent", 10),
            column("amount", self.env._("Compensation"), "money", 16),
            column("note", self.env._("Note"), "note", 14),
        ]

    def _note(self, line):
        return self.env._("reversed") if line.amount < 0 else None

    # === THE SUMMARY === #

    def _heading(self, statement, values):
        return [
            (self.env._("Month"), values["month"]),
            (self.env._("Number"), statement.name),
            (self.env._("Made on"), values["made_on"]),
            (self.env._("Company"), self._party_text(values["company"])),
            (self.env._("Participant"), self._party_text(values["participant"])),
            (self.env._("Currency"), statement.currency_id.name),
        ]

    def _summary(self, statement, figures, services):
        """Return the figures, and what the evidence comes to if it is rounded once."""
        *parts, (_name, closing, _amount) = figures
        # below the heading: the rows, a sum for each group, and that of all
        row = len(services["rows"]) + len(services["groups"]) + 2
        cell = f"'{self.env._('Services')}'!K{row}"
        return table(
            [
                column("figure", "", width=40),
                column("amount", self.env._("Amount"), "money", 44),
            ],
            [{"figure": label, "amount": amount} for _name, label, amount in parts],
            statement.currency_id,
            total=closing,
            after=[
                (
                    self.env._("Compensation of the month, rounded once"),
                    round(statement.accrued + statement.reversed, 6),
                    self._rounded(cell, statement.currency_id),
                )
            ],
        )

    def _party_text(self, party):
        return ", ".join(filter(None, (party["name"], *party["address"], party["vat"])))
