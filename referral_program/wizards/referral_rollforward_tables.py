from odoo import fields, models
from odoo.tools import format_datetime

from ..tools.tables import column, rows_of, table
from .referral_rollforward import FIGURES


class ReferralRollforward(models.TransientModel):
    """What a roll-forward's documents say: the figures, and the items behind them."""

    _inherit = "referral.rollforward"

    def _read_file(self, kind):
        """Return a document's bytes, of the ledger as it is now."""
        self._refresh()
        return super()._read_file(kind)

    def _file_name(self, kind):
        self.ensure_one()
        return f"rollforward-{self.date_from}-{self.date_to}.{kind}"

    def _report(self):
        columns = [column("display_name", self.env._("Participant"), width=30)]
        if len(self.program_ids) > 1:
            columns.append(column("program_id", self.env._("Program"), width=22))
        computed_on = self.computed_on or fields.Datetime.now()
        return {
            "title": self.env._("Referral roll-forward"),
            "heading": [
                (self.env._("Period"), self._period_text()),
                (
                    self.env._("Programs"),
                    ", ".join(self.program_ids.mapped("display_name")),
                ),
                (self.env._("Companies"), ", ".join(self.company_ids.mapped("name"))),
                (self.env._("Computed on"), format_datetime(self.env, computed_on)),
            ],
            "tables": self._tables(columns),
            "empty": self.env._("Nothing was owed, and nothing moved."),
        }

    def _book(self):
        """Return the workbook: all figures on a sheet, and the journal items."""
        report = self._report()
        columns = [
            column("participant_id", self.env._("Participant"), width=30),
            column("client", self.env._("Client"), width=30),
            column("program_id", self.env._("Program"), width=22),
        ]
        figures = {
            **report,
            "name": self.env._("Roll-forward"),
            "tables": self._tables(columns),
        }
        items = {"name": self.env._("Journal items"), "tables": [self._items()]}
        return {
            "title": self.display_name,
            "properties": {"created": self.computed_on},
            "sheets": [figures, items],
        }

    # === THE FIGURES === #

    def _tables(self, columns):
        """Return a table for each currency.

        :param columns: those that say whose row it is
        """
        lines = self.line_ids.grouped("currency_id")
        return [
            self._figure_table(
                columns, total, lines.get(total.currency_id, self.line_ids.browse())
            )
            for total in self.total_ids
        ]

    def _figure_table(self, columns, total, lines):
        """Return a currency's rows, their sums and what these tie with."""
        labels = {
            name: field._description_string(self.env)
            for name, field in lines._fields.items()
            if name in FIGURES
        }
        figures = [column(name, labels[name], "money") for name in FIGURES[:-1]]
        ends = (FIGURES[0], FIGURES[-2])
        closing = column("closing", labels["closing"], "across", of=ends)
        places = total.currency_id.decimal_places
        difference = f"ROUND({{total}}-{{above}},{places})"
        columns = [*columns, *figures, closing]
        return table(
            columns,
            rows_of(
                lines,
                columns,
                participant_id=lambda one: one.participant_id.display_name or "—",
                client=lambda one: one._label(),
            ),
            total.currency_id,
            title=total.currency_id.name,
            total=self.env._("Total"),
            after=[
                (self.env._("General ledger"), total.ledger, None),
                (self.env._("Difference"), total.difference, difference),
                (self.env._("Open items"), total.open_items, None),
            ],
        )

    # === THE JOURNAL ITEMS === #

    def _items(self):
        """Return the period's journal items, in the order of the ledger."""
        movements = self.env["referral.liability.movement"].search(
            [*self._movement_domain(), *self._figure_domain()], order="date, id"
        )
        columns = [
            column("date", self.env._("Date"), "date", 12),
            column("move_id", self.env._("Journal entry"), width=20),
            column("name", self.env._("Label"), width=36),
            column("participant_id", self.env._("Participant"), width=24),
            column("partner_id", self.env._("Client"), width=24),
            column("program_id", self.env._("Program"), width=20),
            column("company_id", self.env._("Company"), width=20),
            column("kind", self.env._("Movement"), width=14),
            column("amount", self.env._("Amount"), "level"),
            column("currency_id", self.env._("Currency"), width=8),
        ]
        # the column is in one format of money: the most decimals that a currency has
        currency = max(
            self.total_ids.currency_id or self.env.company.currency_id,
            key=lambda one: one.decimal_places,
        )
        rows = rows_of(
            movements,
            columns,
            # sudo: entry and contact are told by their names and nothing else
            move_id=lambda one: one.sudo().move_id.name,
            partner_id=lambda one: one.sudo().partner_id.complete_name,
        )
        return table(columns, rows, currency)
