"""The liability rolled forward: every figure from the ledger, and all ties with it."""

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

    @classmethod
    def _stranger_entry(cls, amount, day, partner=None, program=None):
        """Book on a program's liability account for somebody who does not take part."""
        program = program or cls.program
        with cls.on(day):
            entry = cls.env["account.move"].create(
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

    @classmethod
    def _branch(cls):
        branch = cls.env["res.company"].create(
            {"name": "Branch", "parent_id": cls.company.id}
        )
        cls.cr.precommit.run()  # loads the branch's chart of accounts
        cls.env.user.company_ids |= branch
        return branch

    @classmethod
    def _book(cls):
        """Let five months pass; January's accrual gave 90,000."""
        january = cls._client_invoice()
        cls.stranger = cls._partner("A stranger")
        # February
        cls._credit_note(january, "2026-02-03", 100_000)
        cls._paid("2026-02-10", 200_000)
        first = cls._billed(30_000, "2026-02-15")
        cls._stranger_entry(77.77, "2026-02-20", cls.stranger)
        cls._stranger_entry(11.11, "2026-02-21")
        cls._accrue("2026-02")
        # March: a bill is reversed, one is paid, one is cancelled
        with cls.on("2026-03-05"):
            first.bill_id._reverse_moves(
                [{"invoice_date": "2026-03-05", "date": "2026-03-05"}], cancel=True
            )
        cls._pay(cls._billed(20_000, "2026-03-06").bill_id, "2026-03-12")
        cancelled = cls._billed(12_000, "2026-03-07").bill_id
        cancelled.button_draft()
        cancelled.button_cancel()
        cls._redeem(5_000, "2026-03-08")
        undone = cls._redeem(2_000, "2026-03-09")
        manual = cls._entry(-1_234.56, "2026-03-20")
        # its accrual's entry comes after a lock date
        cls._paid("2026-03-10", 1_000)
        cls.company.fiscalyear_lock_date = "2026-03-31"
        cls._accrue("2026-03", on="2026-04-01")
        cls.company.fiscalyear_lock_date = False
        # April
        with cls.on("2026-04-02"):
            undone.action_undo()
        with cls.on("2026-04-05"):
            manual._reverse_moves([{"date": "2026-04-05"}], cancel=True)
        cls._entry(100, "2026-03-31")  # backdated
        cls.branch = cls._branch()
        invoice = cls._invoice(
            cls.participant.partner_id, "2026-04-18", 3_000, company_id=cls.branch.id
        )
        with cls.on("2026-04-20"):
            cls.env["referral.redemption"]._redeem(cls.participant, invoice, 3_000)
        cls._credit_note(january, "2026-04-25", 10_000)
        cls._accrue("2026-04")
        # May: what March gave is taken back by hand
        with cls.on("2026-05-04"):
            march = cls.program.accrual_ids.filtered(
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


class BookCase(RollforwardCase):
    """The book at its end."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._book()


@tagged("post_install", "-at_install")
class TestRollforward(RollforwardCase):
    def test_who_takes_part_in_two_programs_is_counted_once(self):
        program = self._program(self.setup_other_company()["company"])
        self._participant(program=program, partner_id=self.participant.partner_id.id)
        movements = self.env["referral.liability.movement"].search(
            [("program_id", "=", self.program.id)]
        )
        self.assertEqual(sum(movements.mapped("amount")), 90_000)

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

    def test_shown_again_it_is_computed_again(self):
        rollforward = self._month_of("2026-02")
        self._entry(5, "2026-02-20")
        rollforward.action_show()
        self.assertEqual(len(rollforward.total_ids), 1)
        self.assertEqual(rollforward.total_ids.closing, 90_005)
        self.assertEqual(rollforward.line_count, 1)

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
