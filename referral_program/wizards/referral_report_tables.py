from odoo import models
from odoo.tools import format_date

from ..tools.tables import column, table
from .referral_report import MODELS


class ReferralReportWizard(models.TransientModel):
    """What the reports say, as tables of plain data: a table for each currency."""

    _inherit = "referral.report.wizard"

    def _report(self):
        """Return title, heading rows and tables.

        Amounts of different currencies are in different tables, see
        ``tools/tables.py``.
        """
        self.ensure_one()
        labels = dict(self._fields["kind"]._description_selection(self.env))
        # the companies' names are theirs who may see the rows
        companies = self.company_ids.sudo()
        days = (format_date(self.env, day) for day in (self.date_from, self.date_to))
        scope = " – ".join(days)
        if self.selected_ids:
            scope = self.env._("selected rows: %(count)s", count=self.selected_count)
        return {
            "title": labels[self.kind],
            "heading": [
                (self.env._("Period"), scope),
                (self.env._("Companies"), ", ".join(companies.mapped("name"))),
                (
                    self.env._("Printed on"),
                    format_date(self.env, self._today()),
                ),
            ],
            "tables": getattr(self, f"_{self.kind}_tables")(),
            "empty": self.env._("There is nothing in this period."),
        }

    def _tabulate(self, title, currency, columns, rows):
        """Return a table, whose sums follow what a reader filters."""
        total = self.env._("Total, %(currency)s", currency=currency.name)
        return table(columns, rows, currency, title=title, total=total, live=True)

    def _by_currency(self, records):
        """Return the records by their currency, the currencies by name."""
        return sorted(
            records.grouped("currency_id").items(), key=lambda pair: pair[0].name
        )

    def _with_company(self, columns):
        """Leave the company's column out where there is only one."""
        if len(self.company_ids) > 1:
            return columns
        return [one for one in columns if one["name"] != "company"]

    # === COMPENSATIONS === #

    def _compensation_tables(self):
        columns = self._with_company(
            [
                column("month", self.env._("Month"), "month"),
                column("company", self.env._("Company"), width=24),
                column("participant", self.env._("Participant"), width=34),
                column("type", self.env._("Type"), width=24),
                column("base", self.env._("Base"), "money"),
                column("amount", self.env._("Compensation"), "money"),
                column("entry", self.env._("Journal entry"), width=20),
                column("state", self.env._("State"), width=12),
            ]
        )
        found = self.env[MODELS["compensation"]].search(self._domain())
        found = found.sorted(
            lambda c: (c.period_start, c.participant_id.display_name or "", c.id)
        )
        states = dict(found._fields["state"]._description_selection(self.env))
        return [
            self._tabulate(
                currency.name,
                currency,
                columns,
                [
                    {
                        "month": one.period_start,
                        "company": one.company_id.name,
                        "participant": one.participant_id.display_name,
                        "type": one.type_id.name,
                        "base": one.base,
                        "amount": one.amount,
                        # sudo: an entry's number is no secret to who sees the amount
                        "entry": one.sudo().move_id.name,
                        "state": states[one.state],
                    }
                    for one in compensations
                ],
            )
            for currency, compensations in self._by_currency(found)
        ]

    # === PAYOUTS === #

    def _payout_tables(self):
        columns = self._with_company(
            [
                column("kind", self.env._("Kind"), width=14),
                column("name", self.env._("Number"), width=18),
                column("company", self.env._("Company"), width=24),
                column("participant", self.env._("Participant"), width=30),
                column("requested", self.env._("Requested"), "date", 12),
                column("billed", self.env._("Billed"), "date", 12),
                column("paid", self.env._("Paid"), "date", 12),
                column("amount", self.env._("Amount requested"), "level"),
                column("reserved", self.env._("Reserved"), "money"),
                column("taken", self.env._("Deducted from the balance"), "money"),
                column("tax", self.env._("Taxes"), "money"),
                column("withheld", self.env._("Withheld"), "money"),
                column("payable", self.env._("To pay"), "money"),
                column("document", self.env._("Bill or invoice"), width=20),
                column("state", self.env._("State"), width=12),
            ]
        )
        found = self.env[MODELS["payout"]].search(
            self._domain(), order="requested_on, id"
        )
        kinds = dict(found._fields["kind"]._description_selection(self.env))
        states = dict(found._fields["state"]._description_selection(self.env))
        return [
            self._tabulate(
                currency.name,
                currency,
                columns,
                [self._payout_row(one, kinds, states) for one in payouts],
            )
            for currency, payouts in self._by_currency(found)
        ]

    def _payout_row(self, payout, kinds, states):
        return {
            "kind": kinds[payout.kind],
            "name": payout.name,
            "company": payout.company_id.name,
            "participant": payout.participant_id.display_name,
            "requested": payout.program_id._day_of(payout.requested_on),
            "billed": payout.billed_on,
            "paid": payout.paid_on,
            "amount": payout.amount,
            "reserved": payout.reserved_amount,
            "taken": payout.taken_amount,
            "tax": payout.tax_amount,
            "withheld": payout.withheld_amount,
            "payable": payout.payable_amount,
            # sudo: a document's number is no secret to who sees the amount
            "document": payout.sudo().document_id.name or "",
            "state": states[payout.state],
        }

    # === COST === #

    def _cost_tables(self):
        """By month, by category and by cohort, each for each currency."""
        titles = {
            "month:month": (self.env._("By month"), self.env._("Month"), "month"),
            "categ_id": (self.env._("By category"), self.env._("Category"), "text"),
            "cohort:month": (
                self.env._("By cohort"),
                self.env._("Referral began in"),
                "month",
            ),
        }
        tables = []
        for dimension, (title, label, kind) in titles.items():
            for currency, rows in self._read_cost(dimension):
                columns = self._cost_columns(label, kind)
                tables.append(
                    self._tabulate(f"{title}, {currency.name}", currency, columns, rows)
                )
        return sorted(tables, key=lambda one: one["currency"].name)

    def _cost_columns(self, label, kind):
        return [
            column("group", label, kind, 34),
            column("revenue", self.env._("Invoiced, untaxed"), "money"),
            column("base", self.env._("Paid and rendered"), "money"),
            column("amount", self.env._("Compensation"), "money"),
            column(
                "of_base",
                self.env._("% of paid and rendered"),
                "share",
                width=24,
                of=("amount", "base"),
            ),
            column(
                "of_revenue",
                self.env._("% of invoiced"),
                "share",
                width=24,
                of=("amount", "revenue"),
            ),
        ]

    def _read_cost(self, dimension):
        """Return the sums of a dimension, by currency."""
        groups = self.env[MODELS["cost"]]._read_group(
            self._domain(),
            ["currency_id", dimension],
            ["revenue:sum", "base:sum", "amount:sum"],
        )
        by_currency = {}
        for currency, group, revenue, base, amount in groups:
            if dimension == "categ_id":
                group = group.display_name or self.env._("Without a product")
            by_currency.setdefault(currency, []).append(
                {"group": group, "revenue": revenue, "base": base, "amount": amount}
            )
        for rows in by_currency.values():
            rows.sort(key=lambda row: row["group"])
        return by_currency.items()
