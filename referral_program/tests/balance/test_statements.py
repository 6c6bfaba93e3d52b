"""A participant's months: figures that tie with the ledger, and frozen documents."""

import hashlib
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL

from .test_withdrawals import MoneyCase

FIGURES = (
    "opening",
    "accrued",
    "reversed",
    "withdrawn",
    "used_for_invoices",
    "adjusted",
    "closing",
)


@tagged("post_install", "-at_install")
class StatementCase(MoneyCase):
    """A participant with 90,000 of January, which has its statement."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._freeze("2026-02-01")

    @classmethod
    def _freeze(cls, day="2026-12-01"):
        """Make all statements that are due, as the scheduled action does."""
        with cls.on(day):
            cls.env["referral.statement"]._cron_statements()

    @classmethod
    def _month(cls, month, day=None):
        """Accrue a month and freeze it, by default on the first of the next one."""
        accrual = cls._accrue(month, on=day)
        cls._freeze(day or str(fields.Date.add(accrual.period_start, months=1)))
        return cls._statement(month)

    @classmethod
    def _statement(cls, month, participant=None):
        return cls.env["referral.statement"].search(
            [
                ("participant_id", "=", (participant or cls.participant).id),
                ("period_start", "=", f"{month}-01"),
            ]
        )

    @classmethod
    def _entry(cls, amount, day, post=True):
        """Change the balance by hand."""
        account = cls.program.liability_account_id
        expense = cls.program.expense_account_id
        with cls.on(day):
            entry = cls.env["account.move"].create(
                {
                    "move_type": "entry",
                    "date": day,
                    "journal_id": cls.misc_journal.id,
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": account.id,
                                "partner_id": cls.participant.partner_id.id,
                                "balance": -amount,
                            }
                        ),
                        Command.create({"account_id": expense.id, "balance": amount}),
                    ],
                }
            )
            if post:
                entry.action_post()
        return entry

    @classmethod
    def _redeem(cls, amount, day):
        invoice = cls._invoice(cls.participant.partner_id, day, amount)
        with cls.on(day):
            return cls.env["referral.redemption"]._redeem(
                cls.participant, invoice, amount
            )

    def _ledger(self, end):
        """Return the ledger's balance at a month's end, by plain SQL."""
        self.env.flush_all()
        [(balance,)] = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(-SUM(item.balance), 0)
                  FROM account_move_line item
                  JOIN account_move move ON move.id = item.move_id
                  LEFT JOIN referral_accrual accrual
                    ON accrual.id = move.referral_accrual_id
                 WHERE item.account_id = %s AND item.partner_id = %s
                   AND move.state = 'posted'
                   AND COALESCE(accrual.period_start, item.date) <= %s
                """,
                self.program.liability_account_id.id,
                self.participant.partner_id.id,
                end,
            )
        )
        return float(balance)

    def assertFigures(self, month, *expected, ties=True):
        """Check all seven figures of a month, and the last one with the ledger."""
        statement = self._statement(month)
        self.assertEqual(tuple(statement[name] for name in FIGURES), expected)
        self.assertEqual(round(sum(expected[:-1]), 2), expected[-1])
        if ties:
            end = fields.Date.end_of(statement.period_start, "month")
            self.assertEqual(self._ledger(end), statement.closing)
        return statement


@tagged("post_install", "-at_install")
class TestStatements(StatementCase):
    # === Figures === #

    def test_an_accrual_and_nothing_else(self):
        statement = self.assertFigures("2026-01", 0, 90_000, 0, 0, 0, 0, 90_000)
        self.assertEqual(statement.name, "RB/2026/01/00001")
        self.assertEqual(statement.compensation_id, self.participant.compensation_ids)
        self.assertEqual(statement.base, 1_000_000)

    def test_months_tie_with_the_ledger(self):
        # February: a take-back beside new compensation, and a withdrawal
        old = self._client_invoice()
        self._credit_note(old, "2026-02-03", 100_000)
        self._paid("2026-02-10", 200_000)
        self._billed(30_000, "2026-02-20")
        self._month("2026-02")
        self.assertFigures("2026-02", 90_000, 18_000, -9_000, -30_000, 0, 0, 69_000)
        [client] = self._statement("2026-02")._groups()
        self.assertEqual((client["base"], client["amount"]), (100_000, 9_000))
        # March: the withdrawal is reversed; an invoice is paid, another one given back
        withdrawal = self.participant.withdrawal_ids
        with self.on("2026-03-05"):
            withdrawal.bill_id._reverse_moves(
                [{"invoice_date": "2026-03-05", "date": "2026-03-05"}], cancel=True
            )
        self._redeem(5_000, "2026-03-06")
        undone = self._redeem(2_000, "2026-03-07")
        with self.on("2026-03-08"):
            undone.action_undo()
        self._month("2026-03")
        self.assertFigures("2026-03", 69_000, 0, 0, 30_000, -5_000, 0, 94_000)
        # April: a manual entry
        self._entry(-1_234.56, "2026-04-15")
        self._month("2026-04")
        self.assertFigures("2026-04", 94_000, 0, 0, 0, 0, -1_234.56, 92_765.44)
        # May: nothing happens, so there is no statement
        self.assertFalse(self._month("2026-05"))
        # June: entries in months that are frozen come out here
        self._entry(100, "2026-03-31")
        self._entry(10, "2026-05-31")
        self._paid("2026-06-10", 1_000)
        self._month("2026-06")
        self.assertFigures("2026-06", 92_765.44, 90, 0, 0, 0, 110, 92_965.44)
        self.assertEqual(self._statement("2026-04").closing, 92_765.44)

    def test_a_redemption_undone_in_a_later_month(self):
        redemption = self._redeem(2_000, "2026-02-07")
        self._month("2026-02")
        self.assertFigures("2026-02", 90_000, 0, 0, 0, -2_000, 0, 88_000)
        with self.on("2026-03-08"):
            redemption.action_undo()
        self._month("2026-03")
        self.assertFigures("2026-03", 88_000, 0, 0, 0, 2_000, 0, 90_000)

    def test_an_entry_moved_by_a_lock_date_stays_in_its_month(self):
        self._paid("2026-02-10", 1_000)
        self.company.fiscalyear_lock_date = "2026-03-31"
        statement = self._month("2026-02", "2026-04-05")
        self.assertEqual(str(statement.compensation_id.move_id.date), "2026-04-01")
        self.assertFigures("2026-02", 90_000, 90, 0, 0, 0, 0, 90_090)
        self.company.fiscalyear_lock_date = False
        self._paid("2026-03-10", 1_000)
        self._month("2026-03", "2026-04-06")
        self.assertFigures("2026-03", 90_090, 90, 0, 0, 0, 0, 90_180)

    def test_months_that_are_caught_up_together(self):
        self._paid("2026-02-10", 1_000)
        self._paid("2026-03-10", 2_000)
        self._billed(10_000, "2026-03-05")
        self._accrue("2026-02", on="2026-04-05")
        self._accrue("2026-03", on="2026-04-05")
        self._freeze("2026-04-05")
        self.assertFigures("2026-02", 90_000, 90, 0, 0, 0, 0, 90_090)
        self.assertFigures("2026-03", 90_090, 180, 0, -10_000, 0, 0, 80_270)

    def test_called_directly_it_makes_earlier_months_first(self):
        self._paid("2026-02-10", 1_000)
        self._paid("2026-03-10", 2_000)
        self._accrue("2026-02")
        accrual = self._accrue("2026-03")
        accrual._make_statements()
        self.assertFigures("2026-02", 90_000, 90, 0, 0, 0, 0, 90_090)
        self.assertFigures("2026-03", 90_090, 180, 0, 0, 0, 0, 90_270)

    def test_what_was_there_before_the_first_statement(self):
        company = self._create_company(name="Moved to Odoo")
        program = self._program(company)
        moved = self._participant("Moved", program)
        new = self._participant("New", program)
        for participant in (moved, new):
            self._referral(participant, self._partner(f"{participant.id}"))
        program.with_company(company).terms_ids.date_from = "2026-03-01"
        account, expense = program.liability_account_id, program.expense_account_id
        for participant, amount, day in (
            (moved, 500, "2026-02-28"),
            (new, 7, "2026-03-05"),
        ):
            with self.on(day):
                self.env["account.move"].create(
                    {
                        "move_type": "entry",
                        "date": day,
                        "journal_id": program.journal_id.id,
                        "line_ids": [
                            Command.create(
                                {
                                    "account_id": account.id,
                                    "partner_id": participant.partner_id.id,
                                    "balance": -amount,
                                }
                            ),
                            Command.create(
                                {"account_id": expense.id, "balance": amount}
                            ),
                        ],
                    }
                ).action_post()
        self._accrue("2026-03", program)
        self._freeze("2026-04-01")
        for participant, expected in (
            (moved, (500, 0, 0, 0, 0, 0, 500)),
            (new, (0, 0, 0, 0, 0, 7, 7)),
        ):
            statement = self._statement("2026-03", participant)
            self.assertEqual(tuple(statement[name] for name in FIGURES), expected)

    def test_rounded_once_so_that_the_parts_tie(self):
        old = self._client_invoice()
        self._credit_note(old, "2026-02-03", "100.06")  # -9.0054
        for amount in ("33.37", "33.38"):  # 3.0033 and 3.0042
            self._paid("2026-02-10", amount)
        self._month("2026-02")
        self.assertFigures("2026-02", 90_000, 6.01, -9.01, 0, 0, 0, 89_997.0)

    def test_a_draft_entered_long_ago_counts_when_it_is_posted(self):
        entry = self._entry(700, "2026-01-20", post=False)
        self.assertFalse(self._month("2026-02"))
        with self.on("2026-03-20"):
            entry.action_post()
        self._month("2026-03")
        self.assertFigures("2026-03", 90_000, 0, 0, 0, 0, 700, 90_700)

    def test_an_entry_taken_out_of_a_frozen_month(self):
        entry = self._entry(700, "2026-02-20")
        self._month("2026-02")
        self.assertFigures("2026-02", 90_000, 0, 0, 0, 0, 700, 90_700)
        entry.button_draft()
        self._month("2026-03")
        self.assertFigures("2026-03", 90_700, 0, 0, 0, 0, -700, 90_000)

    def test_an_item_moved_to_somebody_else(self):
        boris = self._participant("Boris")
        entry = self._entry(700, "2026-02-20")
        self._month("2026-02")
        item = entry.line_ids.filtered("partner_id")
        item.partner_id = boris.partner_id
        self._month("2026-03")
        self.assertFigures("2026-03", 90_700, 0, 0, 0, 0, -700, 90_000)
        his = self._statement("2026-03", boris)
        self.assertEqual((his.opening, his.adjusted, his.closing), (0, 700, 700))

    def test_a_contact_that_is_merged_brings_its_balance(self):
        double = self._partner("Double")
        entry = self._entry(700, "2026-02-10")
        entry.button_draft()
        entry.line_ids.filtered("partner_id").partner_id = double
        entry.action_post()
        self.assertFalse(self._month("2026-02"))
        with self.on("2026-03-10"):
            wizard = self.env["base.partner.merge.automatic.wizard"].create({})
            wizard._merge(
                (double | self.participant.partner_id).ids, self.participant.partner_id
            )
        self._month("2026-03")
        self.assertFigures("2026-03", 90_000, 0, 0, 0, 0, 700, 90_700)

    def test_entries_of_a_later_month_wait(self):
        self._entry(700, "2026-03-20")
        self.assertFalse(self._month("2026-02"))
        self._month("2026-03")
        self.assertFigures("2026-03", 90_000, 0, 0, 0, 0, 700, 90_700)

    # === Frozen === #

    def test_running_again_makes_nothing_twice(self):
        before = self.env["referral.statement"].search([])
        accrual = before.accrual_id
        rows = before.read(["name", *FIGURES, "made_on"])
        self._entry(5, "2026-01-15")
        for _again in range(2):
            self._freeze()
            accrual._make_statements()
        self.assertEqual(self.env["referral.statement"].search([]), before)
        self.env.invalidate_all()
        self.assertEqual(before.read(["name", *FIGURES, "made_on"]), rows)

    def test_nobody_edits_or_deletes(self):
        statement = self._statement("2026-01")
        for change in (
            lambda: statement.write({"closing": 1}),
            lambda: statement.sudo().write({"closing": 1}),
            lambda: statement.sudo().unlink(),
            lambda: statement.sudo().create({"name": "X"}),
        ):
            with self.assertRefused(UserError, "cannot be edited or deleted"):
                change()
        accountant = self._user("st_acc", "referral_program.group_accountant")
        with self.assertRaises(AccessError):
            statement.with_user(accountant).check_access("write")
        with self.assertRefused(UserError, "cannot be edited"):
            statement.accrual_id.with_user(accountant).statements_on = False

    def test_numbers_go_on_within_a_month(self):
        boris = self._participant("Boris")
        brought = self._partner("Second")
        self._referral(boris, brought)
        self._paid("2026-02-10", 1_000)
        self._paid("2026-02-10", 1_000, partner=brought)
        self._month("2026-02")
        self.assertEqual(
            [
                self._statement("2026-02", participant).name
                for participant in (self.participant, boris)
            ],
            ["RB/2026/02/00001", "RB/2026/02/00002"],
        )

    def test_posting_wakes_the_scheduled_action(self):
        action = self.env.ref("referral_program.ir_cron_statements")
        triggers = [("cron_id", "=", action.id)]
        before = self.env["ir.cron.trigger"].search_count(triggers)
        self._accrue("2026-02")
        self.assertEqual(self.env["ir.cron.trigger"].search_count(triggers), before + 1)

    def test_a_program_that_fails_stops_no_other(self):
        company = self._create_company(name="Second company")
        program = self._program(company)
        participant = self._participant("Other", program)
        client = self._partner("Other client")
        self._referral(participant, client)
        for accrued in (self.program, program):
            self._accrue("2026-02", accrued)
        freeze = type(self.program.accrual_ids)._freeze

        def fail(accrual):
            if accrual.program_id == self.program:
                raise ValueError("broken")
            return freeze(accrual)

        with (
            patch.object(type(self.program.accrual_ids), "_freeze", fail),
            self.assertLogs("odoo.addons.referral_program", "ERROR") as logs,
        ):
            self._freeze()
        self.assertEqual(len(logs.output), 1)
        self.assertTrue(program.accrual_ids.statements_on)
        february = self.program.accrual_ids.filtered(lambda a: not a.statements_on)
        self.assertEqual(str(february.period_start), "2026-02-01")
        self._freeze()
        self.assertTrue(february.statements_on)

    def test_documents_are_made_before_somebody_asks(self):
        statement = self._statement("2026-01")
        with self.on("2026-02-02"):
            statement._cron_documents()
        made = statement.pdf_sha256
        self.assertTrue(made)
        self.assertFalse(statement.xlsx_sha256)
        with self.on("2026-02-03"):
            statement._cron_documents()
        self.assertEqual(statement.pdf_sha256, made)
        self.assertEqual(hashlib.sha256(statement._read_file("pdf")).hexdigest(), made)

    def test_an_address_of_any_length_costs_nobody_a_worker(self):
        partner = self.participant.partner_id
        partner.street = "Street " * 300_000
        statement = self._statement("2026-01")
        said = statement._report_values()["participant"]
        self.assertLessEqual(len("".join(said["address"])), 1000)
        self.assertEqual(said["name"], partner.name)

    def test_documents_of_earlier_months_wait_until_somebody_asks(self):
        self._paid("2026-02-10", 1_000)
        last, earlier = self._month("2026-02"), self._statement("2026-01")
        with self.on("2026-03-02"):
            last._cron_documents()
        self.assertTrue(last.pdf_sha256)
        self.assertFalse(earlier.pdf_sha256)

    def test_a_document_that_fails_stops_no_other_and_is_told(self):
        other = self._participant("Boris")
        client = self._partner("Boris's client")
        self._referral(other, client)
        self._paid("2026-02-10", 1_000)
        self._paid("2026-02-10", 1_000, partner=client)
        self._month("2026-02")
        broken, whole = self._statement("2026-02"), self._statement("2026-02", other)
        render = type(broken)._render_pdf

        def fail(statement):
            if statement == broken:
                raise ValueError("out of ink")
            return render(statement)

        with (
            patch.object(type(broken), "_render_pdf", fail),
            self.assertLogs("odoo.addons.referral_program", "ERROR"),
            self.on("2026-03-02"),
        ):
            broken._cron_documents()
        self.assertFalse(broken.pdf_sha256)
        self.assertTrue(whole.pdf_sha256)
        self.assertIn("out of ink", self.program.message_ids[0].body)
