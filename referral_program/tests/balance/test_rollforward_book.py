"""A book with whatever may happen to a liability, rolled forward: all ties with it."""

import io
import re

import openpyxl
import pypdf

from odoo.tests import tagged

from .test_rollforward import BOOK, FIGURES, BookCase


@tagged("post_install", "-at_install")
class TestRollforwardBook(BookCase):
    # === Figures === #

    def test_every_month_of_the_book(self):
        for month, expected in BOOK.items():
            [total] = self._month_of(month).total_ids
            self.assertEqual(self._figures(total), expected, month)
            self.assertEqual(total.difference, 0)
            self.assertEqual(total.ledger, expected[-1])
            self.assertEqual(total.open_items, expected[-1])
        [total] = self._rollforward("2026-01-01", "2026-05-31").total_ids
        self.assertEqual(
            self._figures(total),
            (0, 108_090, -9_900, -20_000, -8_000, 98.88, 70_288.88),
        )
        april = self.program.accrual_ids.filtered(
            lambda accrual: str(accrual.period_start) == "2026-04-01"
        )
        self.assertEqual(str(april.move_ids.date), "2026-04-30")

    def test_days_are_inclusive(self):
        for date_from, date_to, expected in (
            ("2026-01-31", "2026-01-31", (0, 90_000, 0, 0, 0, 0, 90_000)),
            ("2026-02-01", "2026-02-14", (90_000, 0, 0, 0, 0, 0, 90_000)),
            ("2026-02-15", "2026-02-15", (90_000, 0, 0, -30_000, 0, 0, 60_000)),
            ("2026-02-16", "2026-02-19", (60_000, 0, 0, 0, 0, 0, 60_000)),
        ):
            [total] = self._rollforward(date_from, date_to).total_ids
            self.assertEqual(self._figures(total), expected, date_from)

    def test_who_does_not_take_part_is_not_lost(self):
        rollforward = self._month_of("2026-02")
        stranger = self._row(rollforward, self.stranger)
        nobody = self._row(rollforward, self.env["res.partner"])
        own = self._row(rollforward, self.participant.partner_id)
        self.assertEqual(len(rollforward.line_ids), 3)
        self.assertEqual(own.participant_id, self.participant)
        for line, amount, name in (
            (stranger, 77.77, "A stranger"),
            (nobody, 11.11, "Without a partner"),
        ):
            self.assertFalse(line.participant_id)
            self.assertEqual(line.display_name, f"{name} (not a participant)")
            self.assertEqual(self._figures(line), (0, 0, 0, 0, 0, amount, amount), name)
        self.assertEqual(
            self._figures(own), (90_000, 18_000, -9_000, -30_000, 0, 0, 69_000)
        )

    def test_movements_add_up_to_the_ledger_item_by_item(self):
        movements = self.env["referral.liability.movement"].search([])
        items = self.env["account.move.line"].search(self.program._ledger_domain())
        self.assertEqual(movements.move_line_id, items)
        self.assertEqual(len(set(movements.ids)), len(movements))
        for item, parts in movements.grouped("move_line_id").items():
            self.assertAlmostEqual(
                sum(parts.mapped("amount")), -item.balance, 6, item.move_id.name
            )
            self.assertLessEqual(len(parts), 2)
        [february] = movements.grouped("move_line_id").values() and [
            parts
            for parts in movements.grouped("accrual_id").values()
            if str(parts.accrual_id.period_start) == "2026-02-01"
        ]
        self.assertEqual(
            sorted((part.kind, part.amount) for part in february),
            [("accrued", 18_000), ("reversed", -9_000)],
        )
        evidence = february[0].action_view_evidence()
        lines = self.env["referral.accrual.line"].search(evidence["domain"])
        self.assertEqual(sum(lines.mapped("amount")), 9_000)

    def test_currencies_are_never_added(self):
        program = self._second_company()
        both = self.program | program
        rollforward = self._month_of("2026-04", programs=both)
        self.assertEqual(len(rollforward.total_ids), 2)
        foreign = rollforward.total_ids.filtered(
            lambda total: total.currency_id == program.currency_id
        )
        self.assertNotEqual(program.currency_id, self.currency)
        self.assertEqual(self._figures(foreign), (450, 0, 0, 0, 0, 12.34, 462.34))
        self.assertEqual(
            self._figures(rollforward.total_ids - foreign), BOOK["2026-04"]
        )
        self.assertEqual(rollforward.total_ids.mapped("difference"), [0, 0])
        self.assertEqual(
            rollforward.total_ids.mapped("open_items"),
            rollforward.total_ids.mapped("closing"),
        )
        for line in rollforward.line_ids:
            self.assertEqual(line.currency_id, line.program_id.currency_id)

    # === What the figures consist of === #

    def test_every_figure_opens_its_journal_items(self):
        rollforward = self._month_of("2026-04")
        for row in (*rollforward.line_ids, *rollforward.total_ids):
            for name in FIGURES:
                action = row.with_context(referral_figure=name).action_view_movements()
                movements = self.env[action["res_model"]].search(action["domain"])
                self.assertAlmostEqual(
                    sum(movements.mapped("amount")),
                    row[name],
                    6,
                    (row.display_name, name),
                )
        moved = rollforward.action_view_movements()
        [total] = rollforward.total_ids
        self.assertAlmostEqual(
            sum(self.env[moved["res_model"]].search(moved["domain"]).mapped("amount")),
            total.closing - total.opening,
            6,
        )
        movement = self.env[moved["res_model"]].search(moved["domain"], limit=1)
        entry = movement.action_view_entry()
        self.assertEqual(entry["res_id"], movement.move_line_id.move_id.id)
        rows = rollforward.action_view_lines()
        self.assertEqual(
            self.env[rows["res_model"]].search(rows["domain"]), rollforward.line_ids
        )

    def test_grouped_by_month_and_kind(self):
        groups = self.env["referral.liability.movement"]._read_group(
            [("program_id", "=", self.program.id)],
            ["date:month", "kind"],
            ["amount:sum"],
        )
        found = {
            (f"{month:%Y-%m}", kind): round(amount, 2) for month, kind, amount in groups
        }
        expected = {
            (month, name): amount
            for month, figures in BOOK.items()
            for name, amount in zip(FIGURES[1:-1], figures[1:-1], strict=True)
            if amount
        }
        expected["2026-01", "accrued"] = 90_000
        self.assertEqual(
            {key: amount for key, amount in found.items() if amount}, expected
        )

    # === One definition === #

    def test_kinds_of_journal_items(self):
        items = self.env["account.move.line"]
        counts = dict.fromkeys(
            ("accrual", "withdrawn", "used_for_invoices", "adjusted"), 0
        )
        for item in items.search(self.program._ledger_domain()):
            counts[item.referral_kind] += 1
        self.assertEqual(
            counts,
            {"accrual": 4, "withdrawn": 3, "used_for_invoices": 4, "adjusted": 6},
        )
        for kind, count in counts.items():
            own = items.search([("referral_kind", "=", kind)])
            self.assertEqual(len(own), count, kind)
            self.assertEqual(set(own.mapped("referral_kind")), {kind})
        everything = items.search_count([])
        none = items.search([("referral_kind", "=", False)])
        self.assertEqual(len(none), everything - sum(counts.values()))
        self.assertEqual(set(none.mapped("referral_kind")), {False})
        some = [("referral_kind", "not in", ["accrual", "used_for_invoices"])]
        self.assertEqual(items.search_count(some), everything - 8)
        # drafts and others' accounts are no movements
        draft = self._entry(5, "2026-05-01", post=False)
        self.assertEqual(set(draft.line_ids.mapped("referral_kind")), {False})

    def test_the_portal_tells_the_same(self):
        told = self.participant._movements(100)
        self.assertAlmostEqual(
            sum(movement["amount"] for movement in told),
            self.participant._balance(),
            2,
        )
        titles = [re.sub(r"[A-Z]+/.*?(?= |$)", "", m["title"]) for m in told]
        self.assertEqual(
            {title: titles.count(title) for title in titles},
            {
                "Compensation for January 2026": 1,
                "Compensation for February 2026": 1,
                "Compensation for March 2026": 1,
                "Compensation for April 2026": 1,
                "Withdrawal ": 2,
                "Withdrawal  returned": 1,
                "Payment of ": 3,
                "Payment of  undone": 1,
                "Correction ": 4,
            },
        )

    # === Documents === #

    def test_workbook(self):
        program = self._second_company()
        rollforward = self._month_of("2026-04", programs=self.program | program)
        content = rollforward._read_file("xlsx")
        book = openpyxl.load_workbook(io.BytesIO(content))
        values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        figures, items = book.worksheets
        shown = values.worksheets[0]
        totals = {}
        for row in figures.iter_rows():
            label, closing = row[0].value, row[9].value
            if label != "Total":
                continue
            number = row[0].row
            first = number
            while isinstance(figures.cell(first - 1, 4).value, int | float):
                first -= 1
            self.assertEqual(row[3].value, f"=SUM(D{first}:D{number - 1})")
            self.assertEqual(closing, f"=SUM(D{number}:I{number})")
            self.assertEqual(figures.cell(first, 10).value, f"=SUM(D{first}:I{first})")
            totals[number] = [
                shown.cell(number, column).value for column in range(4, 11)
            ]
            self.assertEqual(shown.cell(number + 2, 1).value, "Difference")
            self.assertEqual(shown.cell(number + 2, 10).value, 0)
            self.assertEqual(
                figures.cell(number + 2, 10).value,
                f"=ROUND(J{number}-J{number + 1},2)",
            )
            for column in range(4, 10):
                rows = range(first, number)
                self.assertAlmostEqual(
                    sum(shown.cell(r, column).value for r in rows),
                    shown.cell(number, column).value,
                    6,
                )
        self.assertEqual(
            sorted(totals.values()),
            sorted([list(BOOK["2026-04"]), [450, 0, 0, 0, 0, 12.34, 462.34]]),
        )
        amounts = [row[8].value for row in items.iter_rows(min_row=2)]
        self.assertAlmostEqual(
            sum(amounts),
            sum(t.closing - t.opening for t in rollforward.total_ids),
            6,
        )
        kinds = {row[7].value for row in items.iter_rows(min_row=2)}
        self.assertEqual(
            kinds, {"Accrued", "Reversed", "Used for invoices", "Adjusted"}
        )
        self.assertTrue(all(row[0].is_date for row in items.iter_rows(min_row=2)))

    def test_pdf(self):
        content = self._month_of("2026-02")._read_file("pdf")
        pages = pypdf.PdfReader(io.BytesIO(content)).pages
        text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))
        for expected in (
            "Referral roll-forward",
            "02/01/2026 to 02/28/2026",
            "A stranger (not a participant) 0.00",
            "Without a partner (not a participant) 0.00",
            "Participant 90,000.00 18,000.00 -9,000.00 -30,000.00 0.00 0.00 69,000.00",
            "Total 90,000.00 18,000.00 -9,000.00 -30,000.00 0.00 88.88 69,088.88",
            "General ledger 69,088.88",
            "Difference 0.00",
            "Open items 69,088.88",
        ):
            self.assertIn(expected, text)
