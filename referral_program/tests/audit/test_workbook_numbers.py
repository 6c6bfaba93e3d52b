"""Numbers of audit files and statements, computed anew by LibreOffice."""

import io

import openpyxl

from odoo.tests import tagged

from ...models.accrual import referral_accrual_post
from ...report import audit_sheets, referral_audit_file_xlsx
from ..balance.test_statements import StatementCase
from ..libreoffice import computed, with_number
from .audited import AuditCase


@tagged("post_install", "-at_install")
class TestNumbers(AuditCase):
    def test_libreoffice_computes_the_numbers_of_the_database(self):
        accrual = self._february()
        content = self._content(accrual)
        sheets = computed(content)
        self.assertEqual(
            list(sheets),
            [
                "Summary",
                "Terms",
                "Compensations",
                "Lines",
                "Journal Items",
                "Integrity",
                "Manifest",
            ],
        )
        lines = accrual.line_ids.sorted("id")
        rows = sorted(
            row[:21] for row in sheets["Lines"].iter_rows(2, values_only=True)
        )
        self.assertEqual(len(rows), 4)
        for row, line in zip(rows, lines, strict=True):
            self.assertEqual(
                row[:3] + row[8:10],
                (
                    line.id,
                    line.participant_id.id,
                    line.participant_id.partner_id.name,
                    line.group_key,
                    line.line_key,
                ),
            )
            self.assertEqual(
                row[14:19],
                (line.paid, line.rendered, line.base, line.rate, line.amount),
            )
            self.assertEqual(row[19], line.amount)
            self.assertIs(row[20], True)
        for row in sheets["Compensations"].iter_rows(2, values_only=True):
            compensation = accrual.compensation_ids.filtered(
                lambda c, row=row: c.participant_id.id == row[0]
            )
            own = compensation.line_ids
            self.assertEqual(row[3], compensation.move_id.name)
            self.assertEqual(row[4:6], (compensation.base, compensation.amount))
            self.assertEqual(
                row[6:8],
                (
                    round(sum(own.mapped("base")), 6),
                    round(sum(own.mapped("amount")), 6),
                ),
            )
            self.assertEqual(row[8:11], (compensation.amount, 0, compensation.amount))
            self.assertIs(row[11], True)
        items = accrual.move_ids.line_ids
        self.assertEqual(
            sorted(row[:1] + row[8:] for row in
                   sheets["Journal Items"].iter_rows(2, values_only=True)),
            sorted((i.id, i.debit, i.credit, i.balance, True) for i in items),
        )  # fmt: skip
        self.assertIs(sheets["Summary"]["D1"].value, True)
        totals = self._totals(sheets["Summary"])
        amount = round(sum(accrual.compensation_ids.mapped("amount")), 2)
        # 0.5 × 28 / 59 of a service is rendered in February
        base = 1234.56 - 33.37 + 99999.99 + round(0.5 * 28 / 59, 6)
        self.assertAlmostEqual(totals["Base of all lines"][0], base, 6)
        self.assertEqual(totals["Compensation of all participants"][:2], (amount,) * 2)
        self.assertEqual(
            totals["Credited to the participants in the journal"][:2], (amount,) * 2
        )
        self.assertEqual(totals["Number of lines"][:2], (4, 4))
        self.assertEqual(totals["Number of participants"][:2], (2, 2))
        for label, row in totals.items():
            self.assertIs(row[2], True, label)
            self.assertAlmostEqual(row[0], row[1], 6, label)

    def test_stored_values_of_formulas_are_those_that_libreoffice_computes(self):
        content = self._content(self._february())
        written, anew = self._cached(content), computed(content)
        formulas = 0
        for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        formulas += 1
                        ours, theirs = (
                            book[sheet.title][cell.coordinate].value
                            for book in (written, anew)
                        )
                        self.assertEqual(ours, theirs, (sheet.title, cell.coordinate))
        self.assertGreater(formulas, 40)

    def test_half_a_kopeck_is_rounded_up_once(self):
        for amount in ("0.5", "0.5", "0.5"):
            self._paid("2026-01-10", amount)  # 0.045 each, 0.135 together
        self._paid("2026-01-10", "100.5", partner=self.second)  # 9.045
        accrual = self._accrue("2026-01")
        sheets = computed(self._content(accrual))
        self.assertEqual(
            [row[7:9] for row in
             sheets["Compensations"].iter_rows(2, values_only=True)],
            [(0.135, 0.14), (9.045, 9.05)],
        )  # fmt: skip
        self.assertEqual(
            sorted(accrual.compensation_ids.mapped("amount")), [0.14, 9.05]
        )
        self.assertIs(sheets["Summary"]["D1"].value, True)

    def test_a_currency_without_a_decimal_unit(self):
        self.currency.rounding = 0.05
        self._paid("2026-01-10", "10.3")  # 0.927
        accrual = self._accrue("2026-01")
        sheets = computed(self._content(accrual))
        self.assertEqual(accrual.compensation_ids.amount, 0.95)
        self.assertEqual(sheets["Compensations"]["I2"].value, 0.95)
        self.assertIs(sheets["Summary"]["D1"].value, True)

    def test_a_changed_number_shows(self):
        accrual = self._february()
        content = self._content(accrual)
        _summary, _terms, compensations, lines, items, *_rest = range(1, 8)
        changes = (
            (lines, "S2", "Lines", "U2"),
            (lines, "R2", "Lines", "U2"),
            (lines, "B2", "Compensations", "L2"),
            (compensations, "F3", "Compensations", "L3"),
            (compensations, "E3", "Compensations", "L3"),
            (items, "K2", "Compensations", "L2"),
            (items, "K2", "Journal Items", "L2"),
            (items, "K4", "Journal Items", "L4"),
        )
        cached = self._cached(content)
        changed = computed(
            *(
                with_number(content, number, cell, 1234567)
                for number, cell, _sheet, _check in changes
            )
        )
        for (_number, cell, sheet, check), sheets in zip(changes, changed, strict=True):
            with self.subTest(cell=cell, check=check):
                self.assertIs(cached[sheet][check].value, True)
                self.assertIs(sheets[sheet][check].value, False)
                self.assertIs(sheets["Summary"]["D1"].value, False)

    def test_numbers_changed_in_the_database_show(self):
        accrual = self._february()
        [line] = accrual.line_ids.filtered(lambda each: each.base > 90_000)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE referral_accrual_line SET amount = amount + 1 WHERE id = %s",
            [line.id],
        )
        self.env.invalidate_all()
        content = self._content(accrual)
        for sheets in (self._cached(content), computed(content)):
            self.assertEqual(
                sorted(self._column(sheets["Lines"], "U")), [False, True, True, True]
            )
            self.assertEqual(self._column(sheets["Compensations"], "L"), [True, False])
            totals = self._totals(sheets["Summary"])
            self.assertEqual(totals["Lines that do not agree"], (0, 1, False))
            self.assertEqual(totals["Participants who do not agree"], (0, 1, False))
            self.assertIs(sheets["Summary"]["D1"].value, False)

    def test_lines_go_on_on_further_sheets(self):
        accrual = self._february()
        on_one = self._content(accrual)
        self.patch(audit_sheets, "MAX_ROWS", 2)
        self.patch(referral_audit_file_xlsx, "BATCH_SIZE", 3)
        content = self._content(accrual)
        # with one line to a sheet a participant's lines are on several
        self.patch(audit_sheets, "MAX_ROWS", 1)
        whole, sheets, changed, on_many = computed(
            on_one, content, with_number(content, 5, "S2", 1234567),
            self._content(accrual),
        )  # fmt: skip
        self.assertEqual(
            list(sheets)[3:7], ["Lines", "Lines 2", "Journal Items", "Journal Items 2"]
        )
        for names in (("Lines", "Lines 2"), ("Journal Items", "Journal Items 2")):
            self.assertEqual(
                [row for name in names for row in self._stored(sheets[name])],
                self._stored(whole[names[0]]),
            )
        for one, other in zip(
            whole["Compensations"].iter_rows(values_only=True),
            sheets["Compensations"].iter_rows(values_only=True),
            strict=True,
        ):
            self.assertEqual(one, other)
        self.assertEqual(
            self._totals(whole["Summary"]), self._totals(sheets["Summary"])
        )
        self.assertIs(sheets["Summary"]["D1"].value, True)
        self.assertIs(changed["Summary"]["D1"].value, False)
        self.assertIn("Lines 4", on_many)
        self.assertIs(on_many["Summary"]["D1"].value, True)

    def test_a_month_in_which_nothing_happened(self):
        accrual = self._accrue("2026-01")
        sheets = computed(self._content(accrual))
        self.assertIs(sheets["Summary"]["D1"].value, True)
        self.assertEqual(sheets["Lines"].max_row, 1)

    def test_entries_in_batches_and_amounts_of_zero(self):
        self.patch(referral_accrual_post, "POST_BATCH_SIZE", 1)
        third = self._participant("Third")
        client = self._partner("Third client")
        self._referral(third, client)
        self._paid("2026-01-10", 1000)
        self._paid("2026-01-10", 2000, partner=self.second)
        self._paid("2026-01-10", "0.05", partner=client)
        accrual = self._accrue("2026-01")
        self.assertEqual(len(accrual.move_ids), 2)
        sheets = computed(self._content(accrual))
        self.assertEqual(
            [row[8:] for row in
             sheets["Compensations"].iter_rows(2, values_only=True)],
            [(90, 0, 90, True), (180, 0, 180, True), (0, 0, 0, True)],
        )  # fmt: skip
        totals = self._totals(sheets["Summary"])
        self.assertEqual(sum(label.startswith("Entry ") for label in totals), 2, totals)
        self.assertIs(sheets["Summary"]["D1"].value, True)


@tagged("post_install", "-at_install")
class TestStatementWorkbook(StatementCase):
    def test_libreoffice_computes_the_statements_numbers(self):
        self._credit_note(self._client_invoice(), "2026-02-03", 100_000)
        self._paid("2026-02-10", "12345.67")
        self._billed(30_000, "2026-02-20")
        self._redeem(5_000, "2026-02-21")
        statement = self._month("2026-02")
        content = statement._read_file("xlsx")
        written = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        opening = next(
            row[1].coordinate
            for row in written.iter_rows()
            if row[0].value == "Opening balance"
        )
        whole, other_line, other_opening = computed(
            content,
            with_number(content, 2, "K2", 0),
            with_number(content, 1, opening, 0),
        )
        summary, lines = whole.values()
        figures = {row[0].value: row[1].value for row in summary.iter_rows()}
        self.assertEqual(figures["Closing balance"], statement.closing)
        amount = round(statement.accrued + statement.reversed, 2)
        self.assertEqual(figures["Compensation of the month, rounded once"], amount)
        self.assertEqual(
            [lines[f"I{row}"].value for row in (4, 5)], [-87_654.33, -87_654.33]
        )
        self.assertEqual(
            [lines[f"K{row}"].value for row in (4, 5)], [-7_888.8897, -7_888.8897]
        )
        # and it computes them indeed
        _summary, lines = other_line.values()
        self.assertNotEqual(lines["K5"].value, -7_888.8897)
        summary, _lines = other_opening.values()
        figures = {row[0].value: row[1].value for row in summary.iter_rows()}
        self.assertEqual(
            figures["Closing balance"], statement.closing - statement.opening
        )
