"""The liability rolled forward: every figure from the ledger, and all ties with it."""

import io
import re

import openpyxl
import pypdf

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_statements import StatementCase

FIGURES = (
    "opening",
    "accrued",
    "reversed",
    "withdrawn",
    "used_for_invoices",
    "adjusted",
    "closing",
)
#: What each month of the book gives, without the second company.
BOOK = {
    "2026-02": (90_000, 18_000, -9_000, -30_000, 0, 88.88, 69_088.88),
    "2026-03": (69_088.88, 0, 0, 10_000, -7_000, -1_134.56, 70_954.32),
    "2026-04": (70_954.32, 90, -900, 0, -1_000, 1_234.56, 70_378.88),
    "2026-05": (70_378.88, 0, 0, 0, 0, -90, 70_288.88),
}


@tagged("post_install", "-at_install")
class RollforwardCase(StatementCase):
    """A book with whatever may happen to a liability."""

    def _rollforward(self, date_from, date_to, programs=None, companies=None):
        """Return what a user sees of these days, both included."""
        rollforward = self.env["referral.rollforward"].create(
            {
                "period": "custom",
                "date_from": date_from,
                "date_to": date_to,
                "program_ids": [Command.set((programs or self.program).ids)],
                "company_ids": [Command.set((companies or self.env.companies).ids)],
            }
        )
        rollforward.action_show()
        return rollforward

    def _month_of(self, month, **options):
        start = fields.Date.to_date(f"{month}-01")
        return self._rollforward(start, fields.Date.end_of(start, "month"), **options)

    def _figures(self, row):
        return tuple(row[name] for name in FIGURES)

    def _row(self, rollforward, partner):
        return rollforward.line_ids.filtered(lambda line: line.partner_id == partner)

    def _stranger_entry(self, amount, day, partner=None, program=None):
        """Book on a program's liability account for somebody who does not take part."""
        program = program or self.program
        with self.on(day):
            entry = self.env["account.move"].create(
                {
                    "move_type": "entry",
                    "date": day,
                    "journal_id": program.journal_id.id,
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": program.liability_account_id.id,
                                "partner_id": partner.id if partner else False,
                                "balance": -amount,
                            }
                        ),
                        Command.create(
                            {
                                "account_id": program.expense_account_id.id,
                                "balance": amount,
                            }
                        ),
                    ],
                }
            )
            entry.action_post()
        return entry

    def _branch(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.cr.precommit.run()  # loads the branch's chart of accounts
        self.env.user.company_ids |= branch
        return branch

    def _book(self):
        """Let five months pass; January's accrual gave 90,000."""
        january = self._client_invoice()
        self.stranger = self._partner("A stranger")
        # February
        self._credit_note(january, "2026-02-03", 100_000)
        self._paid("2026-02-10", 200_000)
        first = self._billed(30_000, "2026-02-15")
        self._stranger_entry(77.77, "2026-02-20", self.stranger)
        self._stranger_entry(11.11, "2026-02-21")
        self._accrue("2026-02")
        # March: a bill is reversed, one is paid, one is cancelled
        with self.on("2026-03-05"):
            first.bill_id._reverse_moves(
                [{"invoice_date": "2026-03-05", "date": "2026-03-05"}], cancel=True
            )
        self._pay(self._billed(20_000, "2026-03-06").bill_id, "2026-03-12")
        cancelled = self._billed(12_000, "2026-03-07").bill_id
        cancelled.button_draft()
        cancelled.button_cancel()
        self._redeem(5_000, "2026-03-08")
        undone = self._redeem(2_000, "2026-03-09")
        manual = self._entry(-1_234.56, "2026-03-20")
        # its accrual's entry comes after a lock date
        self._paid("2026-03-10", 1_000)
        self.company.fiscalyear_lock_date = "2026-03-31"
        self._accrue("2026-03", on="2026-04-01")
        self.company.fiscalyear_lock_date = False
        # April
        with self.on("2026-04-02"):
            undone.action_undo()
        with self.on("2026-04-05"):
            manual._reverse_moves([{"date": "2026-04-05"}], cancel=True)
        self._entry(100, "2026-03-31")  # backdated
        self.branch = self._branch()
        invoice = self._invoice(
            self.participant.partner_id, "2026-04-18", 3_000, company_id=self.branch.id
        )
        with self.on("2026-04-20"):
            self.env["referral.redemption"]._redeem(self.participant, invoice, 3_000)
        self._credit_note(january, "2026-04-25", 10_000)
        april = self._accrue("2026-04")
        self.assertEqual(april.move_ids.date, fields.Date.to_date("2026-04-30"))
        # May: what March gave is taken back by hand
        with self.on("2026-05-04"):
            march = self.program.accrual_ids.filtered(
                lambda accrual: str(accrual.period_start) == "2026-03-01"
            )
            march.move_ids._reverse_moves([{"date": "2026-05-04"}], cancel=True)

    def _second_company(self):
        """Return a program of another company, in another currency."""
        data = self.setup_other_company(
            name="Abroad", currency_id=self._enable_currency("EUR").id
        )
        company = data["company"]
        self.env.user.company_ids |= company
        program = self._program(company)
        self.other_participant = self._participant("Vera", program)
        client = self._partner("Client abroad")
        self._referral(self.other_participant, client)
        journal = data["default_journal_bank"]
        self._use_outstanding_account(journal)
        line = self._line(
            5_000, account_id=data["default_account_revenue"].id, product=None
        )
        invoice = self._invoice(client, "2026-03-10", [line], company_id=company.id)
        self._pay(invoice, "2026-03-10", journal=journal)
        self._accrue("2026-03", program)
        self.assertEqual(self.other_participant._balance(), 450)
        self._stranger_entry(12.34, "2026-04-03", self.partner_a, program)
        return program


@tagged("post_install", "-at_install")
class TestRollforward(RollforwardCase):
    # === Figures === #

    def test_every_month_of_the_book(self):
        self._book()
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

    def test_days_are_inclusive(self):
        self._book()
        for date_from, date_to, expected in (
            ("2026-01-31", "2026-01-31", (0, 90_000, 0, 0, 0, 0, 90_000)),
            ("2026-02-01", "2026-02-14", (90_000, 0, 0, 0, 0, 0, 90_000)),
            ("2026-02-15", "2026-02-15", (90_000, 0, 0, -30_000, 0, 0, 60_000)),
            ("2026-02-16", "2026-02-19", (60_000, 0, 0, 0, 0, 0, 60_000)),
        ):
            [total] = self._rollforward(date_from, date_to).total_ids
            self.assertEqual(self._figures(total), expected, date_from)

    def test_who_does_not_take_part_is_not_lost(self):
        self._book()
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
        self._book()
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

    def test_parts_are_rounded_like_the_statements(self):
        self._credit_note(self._client_invoice(), "2026-02-03", "100.06")  # -9.0054
        for amount in ("33.37", "33.38"):  # 3.0033 and 3.0042
            self._paid("2026-02-10", amount)
        self._month("2026-02")
        [total] = self._month_of("2026-02").total_ids
        self.assertEqual(self._figures(total), (90_000, 6.01, -9.01, 0, 0, 0, 89_997.0))
        self.assertEqual(total.difference, 0)

    def test_months_without_late_facts_are_those_of_the_statements(self):
        # everything on time, and nothing but participants
        self._credit_note(self._client_invoice(), "2026-02-03", 100_000)
        self._paid("2026-02-10", "12345.67")
        self._billed(30_000, "2026-02-20")
        boris = self._participant("Boris")
        brought = self._partner("Second")
        self._referral(boris, brought)
        self._paid("2026-02-11", "777.77", partner=brought)
        self._month("2026-02")
        undone = self._redeem(2_000, "2026-03-07")
        self._redeem(5_000, "2026-03-08")
        with self.on("2026-03-09"):
            undone.action_undo()
            self.participant.withdrawal_ids.bill_id._reverse_moves(
                [{"invoice_date": "2026-03-09", "date": "2026-03-09"}], cancel=True
            )
        self._entry(-12.5, "2026-03-15")
        self._paid("2026-03-16", "99.99")
        self._month("2026-03")
        for month in ("2026-02", "2026-03"):
            rollforward = self._month_of(month)
            statements = self.env["referral.statement"].search(
                [("period_start", "=", f"{month}-01")]
            )
            self.assertTrue(statements)
            for statement in statements:
                line = self._row(rollforward, statement.partner_id)
                self.assertEqual(
                    self._figures(line), self._figures(statement), statement.name
                )
            [total] = rollforward.total_ids
            for name in FIGURES[1:-1]:
                self.assertAlmostEqual(
                    total[name], sum(statements.mapped(name)), 6, (month, name)
                )

    def test_currencies_are_never_added(self):
        self._book()
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

    def test_periods(self):
        for period, expected in (
            ("this_month", ("2026-05-01", "2026-05-31")),
            ("last_month", ("2026-04-01", "2026-04-30")),
            ("this_quarter", ("2026-04-01", "2026-06-30")),
            ("last_quarter", ("2026-01-01", "2026-03-31")),
            ("this_year", ("2026-01-01", "2026-12-31")),
            ("last_year", ("2025-01-01", "2025-12-31")),
        ):
            with self.on("2026-05-31"):
                wizard = self.env["referral.rollforward"].create({"period": period})
            dates = (str(wizard.date_from), str(wizard.date_to))
            self.assertEqual(dates, expected, period)
            self.assertEqual(wizard.program_ids, self.program)
        with self.assertRefused(UserError, "after the last one"):
            self._rollforward("2026-02-01", "2026-01-31")

    def test_an_archived_program_and_its_successor_count_an_item_once(self):
        old = self.program.copy({"active": False, "terms_ids": []})
        old.liability_account_id = self.program.liability_account_id
        [total] = self._rollforward(
            "2026-01-01", "2026-01-31", programs=self.program | old
        ).total_ids
        self.assertEqual((total.closing, total.ledger), (90_000, 90_000))

    # === What the figures consist of === #

    def test_every_figure_opens_its_journal_items(self):
        self._book()
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

    def test_shown_again_it_is_computed_again(self):
        rollforward = self._month_of("2026-02")
        self._entry(5, "2026-02-20")
        rollforward.action_show()
        self.assertEqual(len(rollforward.total_ids), 1)
        self.assertEqual(rollforward.total_ids.closing, 90_005)
        self.assertEqual(rollforward.line_count, 1)

    def test_grouped_by_month_and_kind(self):
        self._book()
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
        self._book()
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
        self._book()
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
        self._book()
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
        self._book()
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

    # === Costs === #

    def test_the_queries_do_not_grow_with_the_participants(self):
        def cost():
            rollforward = self.env["referral.rollforward"].create(
                {
                    "period": "custom",
                    "date_from": "2026-02-01",
                    "date_to": "2026-02-28",
                    "program_ids": [Command.set(self.program.ids)],
                }
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            rollforward._refresh()
            self.env.flush_all()
            return self.cr.sql_log_count - before, rollforward

        self._entry(1, "2026-02-10")
        cost()  # fills caches
        one, _rollforward = cost()
        for number in range(20):
            self._stranger_entry(1, "2026-02-11", self._partner(f"Partner {number}"))
        many, rollforward = cost()
        self.assertEqual(len(rollforward.line_ids), 21)
        self.assertEqual(many, one)
