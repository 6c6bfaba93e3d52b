from odoo import models
from odoo.tools import SQL

from .audit_queries import compensation_query, item_query, line_query, total_query
from .audit_sheets import Column, Sheet, Table

#: Rows that are fetched from the database at a time.
BATCH_SIZE = 5000
#: How far a line's amount may be from base × rate: 1.5 of the last decimal, and
#: what is lost of a rate that is an average, rounded to 6 decimals of a percent.
TOLERANCE = (0.0000015, 0.000000005)
#: What `compensation_query` returns.
COMPENSATION_COLUMNS = (
    "participant_id",
    "name",
    "vat",
    "entry",
    "base",
    "amount",
    "line_count",
    "line_first",
    "line_base",
    "line_amount",
    "rounded",
    "item_first",
    "item_last",
    "credited",
)


class AuditFileXlsx(models.AbstractModel):
    """The audit file of a month: stored data, formulas that prove it, and hashes.

    Written row by row into temporary files, so that its memory does not grow with
    the month.
    """

    _name = "report.referral_program.audit_file_xlsx"
    _description = "Audit File XLSX"
    _inherit = "report.referral_program.workbook"

    def get_workbook_options(self):
        options = super().get_workbook_options()
        return {**options, "in_memory": False, "constant_memory": True}

    def _styles(self, currency):
        styles = super()._styles(currency)
        computed = {"bg_color": "#EEF3F8"}
        styles["head_check"] = {**styles["head"], "align": "center"}
        for name in ("head", "head_number", "head_check"):
            styles[name] = {**styles[name], "valign": "bottom"}
            styles[f"formula_{name}"] = {**styles[name], **computed}
        return {
            **styles,
            "": {},
            "section": {"bold": True, "font_size": 12},
            "wrap": {"text_wrap": True, "valign": "top"},
            "count": {"num_format": "0"},
            "share": {"num_format": "General"},
            "id": {"num_format": "0", "align": "left"},
            "rate": {"num_format": "General", "align": "left"},
            "threshold": {**styles["money"], "align": "left"},
            "note_line": {"font_color": "#6C757D"},
            "check": {"align": "center"},
            "verdict": {"bold": True, "align": "center"},
            "good": {"font_color": "#146C43"},
            "bad": {"font_color": "#FFFFFF", "bg_color": "#B02A37", "bold": True},
            "code": {"font_name": "Courier New", "font_size": 9},
        }

    def generate_xlsx_report(self, workbook, data, objs):
        """Write one accrual's file, in the language of the environment.

        :param dict data: ``made_on`` and ``user``, who has it made; ``integrity``,
            the ``referral.integrity.run``
        """
        objs.ensure_one()
        [total] = self.env.execute_query_dict(total_query(objs))
        workbook.set_properties(
            {
                "title": objs.display_name,
                "author": data["user"].name,
                "company": objs.company_id.name,
                "created": data["made_on"],
            }
        )
        workbook.set_calc_mode("auto")
        formats = self._formats(workbook, objs.currency_id)
        # in the order in which they stand in the workbook
        summary = Sheet(workbook, formats, self.env._("Summary"), 2)
        terms = Sheet(workbook, formats, self.env._("Terms"), 8)
        book = {
            "compensations": self._compensation_table(workbook, formats, objs, total),
            "lines": self._line_table(workbook, formats, total),
            "items": self._item_table(workbook, formats, total),
            "integrity": Sheet(workbook, formats, self.env._("Integrity"), 6),
        }
        manifest = Sheet(workbook, formats, self.env._("Manifest"), 5)
        self._write_terms(terms, objs)
        self._write_lines(book["lines"], objs)
        self._write_items(book["items"], objs)
        self._write_compensations(book, objs)
        run = data["integrity"]
        book["failed"] = self._write_integrity(book["integrity"], run)
        book["failures"] = sum(run.result_ids.mapped("is_failed"))
        self._write_summary(summary, book, objs, total)
        hashed = [
            summary,
            terms,
            *book["compensations"].sheets,
            *book["lines"].sheets,
            *book["items"].sheets,
            book["integrity"],
        ]
        self._write_manifest(manifest, hashed, objs, data)
        for sheet in (*hashed, manifest):
            self._set_up_page(sheet.sheet)
            sheet.sheet.set_footer("&L&F&C&A&R&P / &N")
        for sheet in book["lines"].sheets:
            # too wide for one page
            sheet.sheet.fit_to_pages(2, 0)
            sheet.sheet.repeat_columns(0)
        summary.sheet.activate()

    def _finish(self, table, letter):
        """Add filters, and colour what does not agree.

        :param str letter: the column of the checks
        """
        for sheet in table.sheets:
            last = max(sheet.row - 1, 1)
            sheet.sheet.autofilter(0, 0, last, len(table.columns) - 1)
            self._colour_checks(sheet, f"{letter}2:{letter}{last + 1}")

    def _colour_checks(self, sheet, cells):
        for value, style in ((True, "good"), (False, "bad")):
            sheet.sheet.conditional_format(
                cells,
                {
                    "type": "cell",
                    "criteria": "==",
                    "value": str(value).upper(),
                    "format": sheet.formats[style],
                },
            )

    def _selection(self, model, name):
        return dict(self.env[model]._fields[name]._description_selection(self.env))

    def _label(self, model, name):
        """Return a field's label in the file's language."""
        return self.env[model].fields_get([name], ["string"])[name]["string"]

    def _rows(self, query):
        """Fetch a query's rows in batches, with a cursor of the database."""
        self.env.cr.execute(
            SQL("DECLARE referral_audit NO SCROLL CURSOR FOR %s", query)
        )
        fetch = SQL("FETCH %s FROM referral_audit", BATCH_SIZE)
        while rows := self.env.execute_query(fetch):
            yield from rows
        self.env.cr.execute(SQL("CLOSE referral_audit"))

    # === LINES === #

    def _line_table(self, workbook, formats, total):
        stored = [
            Column(self.env._("Line ID"), 12, "id"),
            Column(self.env._("Participant ID"), 14, "id"),
            Column(self.env._("Participant"), 24),
            Column(self.env._("Referral ID"), 12, "id"),
            Column(self.env._("Client ID"), 12, "id"),
            Column(self.env._("Client"), 24),
            Column(self.env._("Terms ID"), 11, "id"),
            Column(self.env._("Invoice"), 18),
            Column(self.env._("Invoice ID"), 12, "id"),
            Column(self.env._("Invoice line ID"), 12, "id"),
            Column(self.env._("Service"), 38),
            Column(self.env._("Invoice date"), 12, "date"),
            Column(self.env._("Service from"), 14, "date"),
            Column(self.env._("Service to"), 14, "date"),
            Column(self.env._("Paid, %"), 12, "share"),
            Column(self.env._("Rendered, %"), 13, "share"),
            Column(self.env._("Base"), 16, "exact"),
            Column(self.env._("Rate, %"), 10, "share"),
            Column(self.env._("Compensation"), 16, "exact"),
        ]
        computed = [
            Column(self.env._("Base × rate"), 16, "exact"),
            Column(self.env._("Agrees"), 10, "check"),
        ]
        name = self.env._("Lines")
        return Table(workbook, formats, name, stored, computed, total["lines"])

    def _write_lines(self, table, accrual):
        allowed = f"{TOLERANCE[0]:.7f}+ABS(Q#)*{TOLERANCE[1]:.9f}"
        for *values, product in self._rows(line_query(accrual)):
            base, amount = values[16], values[18]
            away = round(abs(amount - product), 9)
            agrees = away <= TOLERANCE[0] + abs(base) * TOLERANCE[1]
            table.add(
                values,
                lambda row, product=product, agrees=agrees: (
                    (f"=ROUND(Q{row}*R{row}/100,6)", product),
                    (f"=ABS(S{row}-T{row})<={allowed}".replace("#", str(row)), agrees),
                ),
            )
        self._finish(table, "U")

    # === JOURNAL ITEMS === #

    def _item_table(self, workbook, formats, total):
        stored = [
            Column(self.env._("Item ID"), 12, "id"),
            Column(self.env._("Journal entry"), 20),
            Column(self.env._("State"), 12),
            Column(self.env._("Date"), 12, "date"),
            Column(self.env._("Account"), 36),
            Column(self.env._("Participant ID"), 14, "id"),
            Column(self.env._("Partner"), 30),
            Column(self.env._("Label"), 32),
            Column(self.env._("Debit"), 16, "money"),
            Column(self.env._("Credit"), 16, "money"),
            Column(self.env._("Balance"), 16, "money"),
        ]
        computed = [Column(self.env._("Agrees"), 10, "check")]
        name = self.env._("Journal Items")
        return Table(workbook, formats, name, stored, computed, total["items"])

    def _write_items(self, table, accrual):
        accounts = {}
        states = self._selection("account.move", "state")
        company = accrual.company_id
        for row in self._rows(item_query(accrual)):
            id_, entry, state, day, account, *others, debit, credit, balance = row
            if account not in accounts:
                record = self.env["account.account"].with_company(company)
                accounts[account] = record.browse(account).display_name
            agrees = round(debit - credit - balance, 6) == 0
            table.add(
                (id_, entry, states.get(state, state), day, accounts[account], *others,
                 debit, credit, balance),
                lambda row, agrees=agrees: (
                    (f"=ROUND(I{row}-J{row}-K{row},6)=0", agrees),
                ),
            )  # fmt: skip
        self._finish(table, "L")

    # === COMPENSATIONS === #

    def _compensation_table(self, workbook, formats, accrual, total):
        stored = [
            Column(self.env._("Participant ID"), 14, "id"),
            Column(self.env._("Participant"), 32),
            Column(self.env._("Tax ID"), 16),
            Column(self.env._("Journal entry"), 20),
            Column(self.env._("Base"), 18, "exact"),
            Column(self.env._("Compensation"), 16, "money"),
        ]
        computed = [
            Column(self.env._("Base of the lines"), 18, "exact"),
            Column(self.env._("Sum of the lines"), 18, "exact"),
            Column(self.env._("Rounded once"), 16, "money"),
            Column(self.env._("Difference"), 12, "money"),
            Column(self.env._("In the journal"), 16, "money"),
            Column(self.env._("Agrees"), 10, "check"),
        ]
        name = self.env._("Compensations")
        return Table(workbook, formats, name, stored, computed, total["compensations"])

    def _write_compensations(self, book, accrual):
        currency = accrual.currency_id
        book["rounded"] = 0.0
        for row in self._rows(compensation_query(accrual)):
            found = dict(zip(COMPENSATION_COLUMNS, row, strict=True))
            book["rounded"] += found["rounded"]
            book["compensations"].add(
                row[:6],
                lambda row, found=found: self._compensation_formulas(
                    row, found, book, currency
                ),
            )
        self._finish(book["compensations"], "L")

    def _compensation_formulas(self, row, found, book, currency):
        lines = items = "0"
        base = lines
        if found["line_count"]:
            first = found["line_first"]
            span = (first, first + found["line_count"] - 1)
            base = book["lines"].sum_where("Q", "B", f"$A{row}", *span)
            lines = book["lines"].sum_where("S", "B", f"$A{row}", *span)
        if found["item_first"] is not None:
            span = (found["item_first"], found["item_last"])
            items = book["items"].sum_where("K", "F", f"$A{row}", *span)
        places = currency.decimal_places
        away = round(found["amount"] - found["rounded"], 6)
        agrees = (
            away == 0
            and currency.compare_amounts(found["base"], found["line_base"]) == 0
            and currency.compare_amounts(found["amount"], found["credited"]) == 0
        )
        return (
            (f"=ROUND({base},6)", found["line_base"]),
            (f"=ROUND({lines},6)", found["line_amount"]),
            ("=" + self._rounded(f"H{row}", currency), found["rounded"]),
            (f"=ROUND(F{row}-I{row},6)", away),
            (f"=ROUND(-({items}),6)", found["credited"]),
            (
                f"=AND(J{row}=0,ROUND(E{row}-G{row},{places})=0,"
                f"ROUND(F{row}-K{row},{places})=0)",
                agrees,
            ),
        )
