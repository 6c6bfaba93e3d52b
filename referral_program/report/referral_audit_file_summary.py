from odoo import models
from odoo.tools import format_date

from .audit_queries import entry_query
from .referral_audit_file_xlsx import TOLERANCE


class AuditFileXlsx(models.AbstractModel):
    """Its summary: what the file is about, and whether all of its totals agree."""

    _inherit = "report.referral_program.audit_file_xlsx"

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
