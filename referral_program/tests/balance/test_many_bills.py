"""Bills that are made together: what each costs, its numbers and its history."""

from odoo import Command
from odoo.tests import tagged

from .test_withdrawals import MoneyCase

FEW, MANY = 2, 22
DAY = "2026-03-05"


@tagged("post_install", "-at_install")
class TestManyBills(MoneyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.write({"withdrawal_policy": "automatic", "min_withdrawal": 0})
        cls.participants = cls.participant.concat(
            *(cls._participant(f"Payee {number}") for number in range(1, MANY))
        )
        for number, participant in enumerate(cls.participants[1:], 2):
            cls._accept_agreements(participant)
            cls._bank_account(participant.partner_id, f"4070281093800000{number:04}")
        cls._owe(cls.participants, 1_000)

    @classmethod
    def _owe(cls, participants, amount):
        """Have the accountant enter what is owed to each of them."""
        account = cls.program.liability_account_id
        expense = cls.program.expense_account_id
        owed = [
            {
                "account_id": account.id,
                "partner_id": participant.partner_id.id,
                "balance": -amount,
            }
            for participant in participants
        ]
        paid = {"account_id": expense.id, "balance": amount * len(owed)}
        with cls.on("2026-02-10"):
            cls.env["account.move"].create(
                {
                    "journal_id": cls.misc_journal.id,
                    "line_ids": [Command.create(line) for line in (*owed, paid)],
                }
            ).action_post()

    def _bill(self, participants, day=DAY):
        """Have each of them withdraw something, and the scheduled action bill it."""
        with self.on(day):
            # sudo: these are what participants ask for in the portal
            withdrawals = (
                self.env["referral.withdrawal"]
                .sudo()
                .create(
                    [
                        {
                            "participant_id": participant.id,
                            "amount": 100 + number,
                            "bank_account_id": participant.partner_id.bank_ids.id,
                        }
                        for number, participant in enumerate(participants)
                    ]
                )
            )
            self._commit()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            withdrawals.with_context(
                tracking_disable=False, mail_notrack=False
            )._cron_bill()
            self._commit()
        self.queries = self.env.cr.sql_log_count - before
        states = withdrawals.bill_id.mapped("state")
        self.assertEqual(states, [self.program.bill_policy] * len(participants))
        return withdrawals

    def _commit(self):
        """Do what is done before a commit: histories are written."""
        self.env.flush_all()
        self.env.cr.precommit.run()

    def test_a_further_bill_costs_hardly_any_query(self):
        self._bill(self.participants[:FEW])  # what is cached once
        self._bill(self.participants[:FEW])
        few = self.queries
        self._bill(self.participants)
        # its number, Odoo's look for its fiscal position, and one of another app
        self.assertLessEqual(self.queries - few, 3 * (MANY - FEW))

    def test_numbers_go_on_whatever_was_numbered_by_hand(self):
        code = self.program.bill_journal_id.code
        numbers = (
            [f"{code}/2026/03/00{number}" for number in ("01", "02", "03")],
            [f"{code}/2026/03/00{number}" for number in ("11", "12", "13")],
            [f"{code}/2026/04/00{number}" for number in ("01", "02", "03")],
        )
        if "sequence_id" in self.env["account.journal"]:
            # OCA's account_move_name_sequence looks at no other number
            numbers = [
                [f"{code}/2026/000{number + further}" for number in (1, 2, 3)]
                for further in (0, 3, 6)
            ]
        for day, expected in zip((DAY, DAY, "2026-04-05"), numbers, strict=True):
            bills = self._bill(self.participants[:3], day).bill_id
            self.assertEqual(bills.mapped("name"), expected)
            if expected == numbers[0]:
                bills[-1:].name = f"{code}/2026/03/0010"

    def test_drafts_of_two_months_are_posted_together(self):
        self.program.bill_policy = "draft"
        bills = self._bill(self.participants[:2]).bill_id
        bills |= self._bill(self.participants[:1], "2026-04-05").bill_id
        with self.on("2026-04-06"):
            bills.action_post()
        code = self.program.bill_journal_id.code
        expected = [f"{code}/2026/{end}" for end in ("03/0001", "03/0002", "04/0001")]
        if "sequence_id" in self.env["account.journal"]:
            # as above
            expected = [f"{code}/2026/000{number}" for number in (1, 2, 3)]
        self.assertEqual(bills.mapped("name"), expected)

    def test_a_company_numbers_its_bills_its_own_way(self):
        self.env["ir.sequence"].create(
            {
                "name": "Self-billing",
                "code": "referral.self.billing",
                "prefix": "OWN/%(year)s/",
                "padding": 2,
                "company_id": self.company.id,
            }
        )
        withdrawals = self._bill(self.participants[:3])
        self.assertEqual(
            withdrawals.bill_id.mapped("ref"), [f"OWN/2026/0{n}" for n in (1, 2, 3)]
        )

    def test_each_has_its_own_history(self):
        for withdrawal in self._bill(self.participants[:3]):
            [note] = withdrawal.message_ids.filtered("tracking_value_ids")
            changed = {
                value.field_id.name: (value.old_value_char, value.new_value_char)
                for value in note.tracking_value_ids
            }
            self.assertEqual(changed["state"], ("Requested", "Billed"))
            self.assertIn(withdrawal.bill_id.name, changed["bill_id"][1])
            self.assertEqual(note.author_id, self.env.user.partner_id)
            self.assertTrue(note.is_internal)
            self.assertFalse(note.body)
