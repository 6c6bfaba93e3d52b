from dateutil.relativedelta import relativedelta

from odoo import fields, models, release
from odoo.tools import format_date

from .audit_queries import entry_query
from .referral_audit_file_xlsx import TOLERANCE

#: The program's settings that decide about money.
SETTINGS = (
    "terms_by",
    "paid_when",
    "bonus_journal_ids",
    "payment_journal_ids",
    "redemption_counts",
    "discount_product_ids",
    "posting_policy",
    "credit_day",
    "journal_id",
    "expense_account_id",
    "liability_account_id",
)
TERMS = "referral.program.terms"


class AuditFileXlsx(models.AbstractModel):
    """Its sheets that say by which terms, whether all agrees, and how to see that
    nobody changed it since."""

    _inherit = "report.referral_program.audit_file_xlsx"

    def _moment(self, moment):
        return f"{fields.Datetime.to_string(moment)} UTC" if moment else None

    def _yes(self, value):
        return self.env._("Yes") if value else self.env._("No")

    # === TERMS === #

    def _write_terms(self, sheet, accrual):
        for column, width in enumerate((18, 18, 38, 12, 24, 24, 14, 17)):
            sheet.sheet.set_column(column, column, width)
        used = accrual.terms_ids
        terms = (used | self._in_force(accrual)).sorted("date_from")
        bases = self._selection(TERMS, "base")
        sheet.add([self.env._("Terms of the month")], ["title"])
        sheet.add([])
        sheet.head(
            [
                self.env._("Terms ID"),
                self._label(TERMS, "date_from"),
                self.env._("Until"),
                self._label(TERMS, "rate"),
                self._label(TERMS, "base"),
                self._label(TERMS, "exclude_discounted"),
                self.env._("Used"),
                self._label(TERMS, "is_locked"),
            ],
            ["head"] * 8,
        )
        for record in terms:
            sheet.add(
                [record.id, record.date_from, self._until(record), record.rate,
                 bases[record.base], self._yes(record.exclude_discounted),
                 self._yes(record in used), self._yes(record.is_locked)],
                ["id", "date", "date", "rate"],
            )  # fmt: skip
        self._write_tiers(sheet, terms)
        self._write_excluded(sheet, terms)
        self._write_settings(sheet, accrual.program_id.with_context(active_test=False))

    def _in_force(self, accrual):
        """Return the terms that were in force on some day of the month."""
        terms = accrual.program_id.terms_ids
        begun = terms.filtered(lambda t: t.date_from <= accrual.period_end)
        later = begun.filtered(lambda t: t.date_from > accrual.period_start)
        return later | terms._in_force(accrual.period_start)

    def _until(self, terms):
        """Return the last day of terms; ``None`` if no others follow."""
        later = terms.program_id.terms_ids.filtered(
            lambda other: other.date_from > terms.date_from
        )
        if not later:
            return None
        return min(later.mapped("date_from")) - relativedelta(days=1)

    def _write_tiers(self, sheet, terms):
        tiers = terms.tier_ids
        if not tiers:
            return
        sheet.add([])
        sheet.add([self._label(TERMS, "tier_ids")], ["section"])
        sheet.head(
            [
                self.env._("Terms ID"),
                self.env._("Rate, %"),
                self.env._("When the client's new base of the month is above"),
            ],
            ["head"] * 3,
        )
        for tier in tiers:
            sheet.add(
                [tier.terms_id.id, tier.rate, tier.above], ["id", "rate", "threshold"]
            )

    def _write_excluded(self, sheet, terms):
        sheet.add([])
        sheet.add([self._label(TERMS, "excluded_category_ids")], ["section"])
        sheet.head(
            [
                self.env._("Terms ID"),
                self.env._("Category ID"),
                self.env._("Category, with all below it"),
            ],
            ["head"] * 3,
        )
        for record in terms:
            for category in record.excluded_category_ids.sorted("complete_name"):
                sheet.add(
                    [record.id, category.id, category.complete_name], ["id", "id"]
                )

    def _write_settings(self, sheet, program):
        sheet.add([])
        sheet.add(
            [self.env._("Settings of the program when this file was made")], ["section"]
        )
        for name in SETTINGS:
            field = program._fields[name]
            value = program[name]
            if field.type == "selection":
                value = self._selection(program._name, name)[value]
            elif field.type == "boolean":
                value = self._yes(value)
            elif field.relational:
                value = ", ".join(value.mapped("display_name"))
            sheet.add([self._label(program._name, name), None, value], ["", "", "id"])

    # === INTEGRITY === #

    def _write_integrity(self, sheet, run):
        """Write the result of the program's own checks.

        :return str: the cells that are 1 for each check that failed
        """
        for column, width in enumerate((64, 44, 36, 30, 18, 18)):
            sheet.sheet.set_column(column, column, width)
        sheet.add([self.env._("Integrity check")], ["title"])
        sheet.add([])
        model = run._name
        for name, value in (
            ("state", self._selection(model, "state")[run.state]),
            ("started_on", self._moment(run.started_on)),
            ("user_id", run.user_id.name),
        ):
            sheet.add([self._label(model, name), value], ["bold"])
        sheet.add([])
        sheet.head(
            [
                self.env._("Rule checked"),
                self.env._("Failed (1 = yes)"),
                self.env._("Findings"),
            ],
            ["head"] * 3,
        )
        first = sheet.row + 1
        for result in run.result_ids:
            sheet.add(
                [result.title, int(result.is_failed), result.finding_count],
                ["wrap", "id", "id"],
            )
        last = sheet.row
        self._write_findings(sheet, run.finding_ids)
        return sheet.reference(f"$B${first}:$B${last}")

    def _write_findings(self, sheet, findings):
        sheet.add([])
        if not findings:
            return
        names = ("title", "description", "record_name", "participant_id",
                 "expected_text", "found_text")  # fmt: skip
        sheet.head([self._label(findings._name, name) for name in names], ["head"] * 6)
        for finding in findings:
            sheet.add(
                [
                    finding.title,
                    finding.description or None,
                    finding.record_name or None,
                    finding.participant_id.display_name or None,
                    finding.expected_text or None,
                    finding.found_text or None,
                ],
                ["wrap"] * 4,
            )

    # === SUMMARY === #

    def _write_summary(self, sheet, book, accrual, total):
        for column, width in enumerate((50, 50, 30, 14)):
            sheet.sheet.set_column(column, column, width)
        facts = self._facts(accrual)
        totals = self._totals(book, accrual, total)
        first = len(facts) + 5
        verdict = all(self._agrees(accrual, *row[1:]) for row in totals)
        sheet.add(
            [
                self.env._("Audit file"),
                accrual.display_name,
                self.env._("Everything agrees"),
            ],
            ["title", "title", "verdict", "verdict"],
            [
                ("", None),
                (f"=AND(D{first}:D{first + len(totals) - 1})", verdict),
            ],
        )
        sheet.add([])
        for label, value in facts:
            sheet.add([label, value], ["bold", "date"])
        sheet.add([])
        sheet.head(
            [
                self.env._("Total"),
                self.env._("Stored"),
                self.env._("Computed in this workbook"),
                self.env._("Agrees"),
            ],
            ["head", "head_number", "formula_head_number", "formula_head_check"],
        )
        for row in totals:
            self._write_total(sheet, accrual, row)
        self._colour_checks(sheet, f"D{first}:D{sheet.row}")
        self._colour_checks(sheet, "D1")
        sheet.add([])
        for text in self._notes():
            sheet.add([text], ["note_line"])

    def _facts(self, accrual):
        """Return labels and values: what the file is about."""
        model = accrual._name
        return [
            (self._label(model, "program_id"), accrual.program_id.name),
            (self._label(model, "company_id"), accrual.company_id.name),
            (self.env._("Tax ID"), accrual.company_id.vat or None),
            (self.env._("First day"), accrual.period_start),
            (self.env._("Last day"), accrual.period_end),
            (self.env._("Currency"), accrual.currency_id.name),
            (
                self._label(model, "state"),
                self._selection(model, "state")[accrual.state],
            ),
            (self._label(model, "computed_on"), self._moment(accrual.computed_on)),
            (self._label(model, "posted_on"), self._moment(accrual.posted_on)),
            *self._steps(accrual),
        ]

    def _steps(self, accrual):
        """Return when the accrual's state changed and who did it, from its log."""
        steps = accrual.message_ids.tracking_value_ids.filtered(
            lambda value: value.field_id.name == "state"
        )
        return [
            (
                f"{step.old_value_char or ''} → {step.new_value_char}",
                f"{self._moment(step.mail_message_id.date)}, "
                f"{step.mail_message_id.author_id.name}",
            )
            for step in steps.sorted("id")
        ]

    def _totals(self, book, accrual, total):
        """Return rows of: label, stored value, formula, its value, format."""
        lines, items = book["lines"], book["items"]
        compensations = book["compensations"]
        in_journal = items.sum_where("K", "F", '">0"', 0, items.count - 1)
        return [
            (
                self.env._("Base of all lines"),
                total["base"],
                lines.sum("Q"),
                total["line_base"],
                "exact",
            ),
            (
                self.env._("Compensation of all participants"),
                total["amount"],
                compensations.sum("I"),
                book["rounded"],
                "money",
            ),
            (
                self.env._("Credited to the participants in the journal"),
                total["amount"],
                f"-({in_journal})",
                total["credited"],
                "money",
            ),
            (
                self.env._("Sum of all journal items"),
                0,
                items.sum("K"),
                total["balance"],
                "money",
            ),
            *self._entries(items, accrual),
            (
                self.env._("Number of lines"),
                total["lines"],
                lines.number_of("A"),
                lines.index,
                "count",
            ),
            (
                self.env._("Number of participants"),
                total["compensations"],
                compensations.number_of("A"),
                compensations.index,
                "count",
            ),
            (
                self.env._("Lines that do not agree"),
                0,
                lines.count_where("U", "FALSE"),
                lines.wrong,
                "count",
            ),
            (
                self.env._("Participants who do not agree"),
                0,
                compensations.count_where("L", "FALSE"),
                compensations.wrong,
                "count",
            ),
            (
                self.env._("Journal items that do not agree"),
                0,
                items.count_where("L", "FALSE"),
                items.wrong,
                "count",
            ),
            (
                self.env._("Integrity checks that failed"),
                0,
                f"SUM({book['failed']})",
                book["failures"],
                "count",
            ),
        ]

    def _entries(self, items, accrual):
        """Return a row of the totals for each journal entry: it has to balance."""
        rows = []
        for name, day, first, count, balance in self._rows(entry_query(accrual)):
            cells = items.ranges("K", first, first + count - 1)
            label = self.env._(
                "Entry %(name)s of %(date)s",
                name=name,
                date=format_date(self.env, day),
            )
            formula = f"SUM({','.join(cells) or 0})"
            rows.append((label, 0, formula, balance, "money"))
        return rows

    def _agrees(self, accrual, stored, _formula, value, style):
        places = 0 if style == "count" else accrual.currency_id.decimal_places
        return round(stored - value, places) == 0

    def _write_total(self, sheet, accrual, total):
        label, stored, formula, value, style = total
        row = sheet.row + 1
        places = 0 if style == "count" else accrual.currency_id.decimal_places
        sheet.add(
            [label, stored],
            ["", style, style, "check"],
            [
                (f"=ROUND({formula},6)", round(value, 6)),
                (
                    f"=ROUND(B{row}-C{row},{places})=0",
                    self._agrees(accrual, *total[1:]),
                ),
            ],
        )

    def _notes(self):
        return (
            self.env._(
                "Shaded headings stand over formulas; everything else is stored data."
            ),
            self.env._(
                "Lines have 6 decimals. A participant's sum is rounded half up once."
            ),
            self.env._(
                "A line agrees if its compensation differs from base × rate by at most "
                "%(decimals)s + %(share)s of the base:",
                decimals=f"{TOLERANCE[0]:.7f}",
                share=f"{TOLERANCE[1]:.9f}",
            ),
            self.env._(
                "the rate of a reversal line is the average rate that was credited, "
                "rounded to 6 decimals of a percent."
            ),
        )

    # === MANIFEST === #

    def _write_manifest(self, sheet, hashed, accrual, data):
        for column, width in enumerate((34, 34, 10, 10, 72)):
            sheet.sheet.set_column(column, column, width)
        sheet.add([self.env._("Manifest")], ["title"])
        sheet.add([])
        for label, value in self._origin(accrual, data):
            sheet.add([label, value], ["bold", "id"])
        sheet.add([])
        sheet.head(
            [
                self.env._("Sheet"),
                self.env._("Columns"),
                self.env._("From row"),
                self.env._("To row"),
                self.env._("SHA-256 of the stored data"),
            ],
            ["head"] * 5,
        )
        for each in hashed:
            sheet.add(
                [each.name, f"A:{each.last_column}", each.hash_from + 1, each.row,
                 each.sha256()],
                ["", "", "id", "id", "code"],
            )  # fmt: skip
        sheet.add([])
        for text in self._how_to():
            sheet.add([text], ["note_line"])

    def _origin(self, accrual, data):
        """Return labels and values: by what, by whom and from what it was made."""
        module = self.env["ir.module.module"].search(
            [("name", "=", "referral_program")], limit=1
        )
        user = data["user"]
        return [
            (self.env._("Accrual ID"), accrual.id),
            *(
                (self._label(accrual._name, name), accrual[name] or None)
                for name in ("chain_number", "hash", "previous_hash")
            ),
            (self.env._("Made on"), self._moment(data["made_on"])),
            (self.env._("Made by"), f"{user.name} ({user.login})"),
            (self.env._("Database"), self.env.cr.dbname),
            (self.env._("Odoo version"), release.version),
            (self.env._("Program's version"), module.latest_version),
        ]

    def _how_to(self):
        return (
            self.env._(
                "The hash of a sheet is the SHA-256 of its stored data, written in "
                "UTF-8 as follows:"
            ),
            self.env._(
                "a line for each row from the first to the last one named above, each "
                "ended by a line feed (LF);"
            ),
            self.env._(
                "in it the cells of the named columns, separated by commas without "
                "spaces; nothing for an empty cell;"
            ),
            self.env._(
                "texts in double quotes, with quotes inside doubled; dates as "
                "2026-01-31;"
            ),
            self.env._(
                "numbers as plain decimals such as -1234.5, rounded to 6 decimals, "
                "without separators and zeros at the end."
            ),
            self.env._(
                "Formulas are not part of it. A sheet that is hashed from its second "
                "row has the same hash in any language."
            ),
            self.env._(
                "The hash of the whole file is kept in Odoo: in the list of audit "
                "files and in the accrual's log."
            ),
        )
