from odoo import fields, models
from odoo.tools import format_date, formatLang

from .referral_report import MODELS


class ReferralReportWizard(models.TransientModel):
    """What the reports say, as tables of plain data: a table for each currency."""

    _inherit = "referral.report.wizard"

    def _report(self):
        """Return title, heading rows and tables.

        A table has a ``title``, a ``currency``, its ``columns`` (name, label, kind,
        width in letters) and its ``rows`` and ``totals``, dictionaries by column's
        name. A column of kind ``share`` says what it is made ``of``: two others.
        Amounts of different currencies are in different tables.
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
            "lang": (self.env.lang or "en_US").replace("_", "-"),
            "heading": [
                (self.env._("Period"), scope),
                (self.env._("Companies"), ", ".join(companies.mapped("name"))),
                (
                    self.env._("Printed on"),
                    format_date(self.env, fields.Date.context_today(self)),
                ),
            ],
            "tables": getattr(self, f"_{self.kind}_tables")(),
            "show": self._show,
        }

    def _tabulate(self, title, currency, columns, rows):
        """Return a table with the totals of its amounts."""
        totals = {
            column["name"]: currency.round(sum(row[column["name"]] for row in rows))
            for column in columns
            if column["kind"] == "money"
        }
        for column in columns:
            if column["kind"] == "share":
                totals[column["name"]] = self._divide(totals, column)
                for row in rows:
                    row[column["name"]] = self._divide(row, column)
        return {
            "title": title,
            "currency": currency,
            "columns": columns,
            "rows": rows,
            "totals": totals,
        }

    def _divide(self, row, column):
        part, whole = (row[name] for name in column["of"])
        return part / whole if whole else None

    def _column(self, name, label, kind="text", width=16, **values):
        return {"name": name, "label": label, "kind": kind, "width": width, **values}

    def _show(self, value, column, currency):
        """Return a cell's text, as the viewer reads it."""
        if value is None or value is False:
            return ""
        kind = column["kind"]
        if kind == "money":
            return formatLang(self.env, value, digits=currency.decimal_places)
        if kind == "share":
            return formatLang(self.env, 100 * value, digits=2)
        if kind == "month":
            return format_date(self.env, value, date_format="LLLL y")
        if kind == "date":
            return format_date(self.env, value)
        return value

    def _by_currency(self, records):
        """Return the records by their currency, the currencies by name."""
        return sorted(
            records.grouped("currency_id").items(), key=lambda pair: pair[0].name
        )

    def _with_company(self, columns):
        """Leave the company's column out where there is only one."""
        if len(self.company_ids) > 1:
            return columns
        return [column for column in columns if column["name"] != "company"]

    # === COMPENSATIONS === #

    def _compensation_tables(self):
        columns = self._with_company(
            [
                self._column("month", self.env._("Month"), "month"),
                self._column("company", self.env._("Company"), width=24),
                self._column("participant", self.env._("Participant"), width=34),
                self._column("type", self.env._("Type"), width=24),
                self._column("base", self.env._("Base"), "money"),
                self._column("amount", self.env._("Compensation"), "money"),
                self._column("entry", self.env._("Journal entry"), width=20),
                self._column("state", self.env._("State"), width=12),
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
                self._column("kind", self.env._("Kind"), width=14),
                self._column("name", self.env._("Number"), width=18),
                self._column("company", self.env._("Company"), width=24),
                self._column("participant", self.env._("Participant"), width=30),
                self._column("requested", self.env._("Requested"), "date", 12),
                self._column("billed", self.env._("Billed"), "date", 12),
                self._column("paid", self.env._("Paid"), "date", 12),
                self._column("amount", self.env._("Amount requested"), "money"),
                self._column("reserved", self.env._("Reserved"), "money"),
                self._column("taken", self.env._("Deducted from the balance"), "money"),
                self._column("tax", self.env._("Taxes"), "money"),
                self._column("withheld", self.env._("Withheld"), "money"),
                self._column("payable", self.env._("To pay"), "money"),
                self._column("document", self.env._("Bill or invoice"), width=20),
                self._column("state", self.env._("State"), width=12),
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
            "requested": fields.Datetime.context_timestamp(
                self, payout.requested_on
            ).date(),
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
        return sorted(tables, key=lambda table: table["currency"].name)

    def _cost_columns(self, label, kind):
        return [
            self._column("group", label, kind, 34),
            self._column("revenue", self.env._("Invoiced, untaxed"), "money"),
            self._column("base", self.env._("Paid and rendered"), "money"),
            self._column("amount", self.env._("Compensation"), "money"),
            self._column(
                "of_base",
                self.env._("% of paid and rendered"),
                "share",
                width=24,
                of=("amount", "base"),
            ),
            self._column(
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
