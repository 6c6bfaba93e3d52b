"""A membership that is moved to another contact, with all that belongs to it."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, tagged

from ..books import BooksCase


@tagged("post_install", "-at_install")
class TestMove(BooksCase, HttpCase):
    """Two months with everything: 67,880 of it are left."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.old = cls.participant.partner_id
        cls.new = cls._partner("Olga LLC")
        cls.officer = cls._user(
            "mover", "referral_program.group_officer,base.group_partner_manager"
        )
        with cls.on("2026-03-03"):
            cls.withdrawal.sudo()._cancel()
            cls._pay_bill()

    @classmethod
    def _pay_bill(cls):
        bill = cls.billed.bill_id
        wizard = cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        )
        wizard.create({"payment_date": "2026-03-03"})._create_payments()

    def _move(self, contact=None, user=None, day="2026-03-10"):
        wizards = self.env["referral.move.membership"].with_user(user or self.officer)
        with self.on(day):
            wizards.create(
                {
                    "participant_id": self.participant.id,
                    "partner_id": (contact or self.new).id,
                }
            ).action_confirm()
        self.env.invalidate_all()

    def _on_account(self, partner):
        """Return what the ledger owes a contact, by its posted items alone."""
        items = self.env["account.move.line"].search(
            [
                ("account_id", "=", self.program.liability_account_id.id),
                ("partner_id", "=", partner.id),
                ("parent_state", "=", "posted"),
            ]
        )
        return round(-sum(items.mapped("balance")), 2)

    def assertAllPassed(self, day="2026-04-02"):
        with self.on(day):
            run = self.program._check_integrity()
        self.assertFalse(run.finding_ids.mapped("description"))
        self.assertEqual(run.state, "passed")

    # === What moves === #

    def test_one_entry_moves_the_balance(self):
        self.assertEqual(self._on_account(self.old), 67_880)
        before = self.env["account.move"].search([])
        self._move()
        entry = self.env["account.move"].search([]) - before
        self.assertEqual(len(entry), 1)
        self.assertEqual((entry.state, str(entry.date)), ("posted", "2026-03-10"))
        self.assertEqual(
            sorted((i.partner_id.name, i.balance) for i in entry.line_ids),
            sorted([(self.old.name, 67_880), ("Olga LLC", -67_880)]),
        )
        self.assertEqual(entry.line_ids.account_id, self.program.liability_account_id)
        self.assertEqual(self._on_account(self.old), 0)
        self.assertEqual(self._on_account(self.new), 67_880)
        self.assertEqual(self.participant.partner_id, self.new)
        self.assertEqual(self.participant.balance, 67_880)
        self.assertEqual(self.participant.available_balance, 67_880)
        settled = self.env["account.move.line"].search(
            [
                ("account_id", "=", self.program.liability_account_id.id),
                ("partner_id", "=", self.old.id),
                ("parent_state", "=", "posted"),
            ]
        )
        self.assertTrue(all(settled.mapped("reconciled")))

    def test_all_checks_pass_then_and_after_another_month(self):
        self._move()
        self.assertAllPassed("2026-03-12")
        self._paid("2026-03-15", 10_000)
        statement = self._month("2026-03")
        self.assertEqual(
            [statement[name] for name in ("opening", "accrued", "adjusted", "closing")],
            [67_880, 990, 0, 68_870],
        )
        self.assertEqual(self._on_account(self.new), 68_870)
        self.assertAllPassed()

    def test_what_moved_was_not_got_twice(self):
        self._move()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE referral_withdrawal SET reserved_amount = 100000 WHERE id = %s",
            [self.withdrawal.id],
        )
        self.env.invalidate_all()
        with self.on("2026-03-12"):
            run = self.program._check_integrity()
        self.assertIn("balance_overspent", run.finding_ids.mapped("check_name"))

    def test_documents_acceptances_and_history_go_with_it(self):
        acceptances = self.participant.acceptance_ids
        withdrawals = self.participant.withdrawal_ids
        statements = self.participant.statement_ids
        self._move()
        self.assertTrue(acceptances and withdrawals and statements)
        self.assertEqual(self.participant.acceptance_ids, acceptances)
        self.assertEqual(self.participant.withdrawal_ids, withdrawals)
        self.assertEqual(self.participant.statement_ids, statements)
        self.assertEqual(set(withdrawals.partner_id), {self.new})

    def test_payee_accounts_go_with_it_and_are_trusted_anew(self):
        self._move()
        self.assertEqual(self.account.partner_id, self.new)
        self.assertFalse(self.account.allow_out_payment)
        self.assertIn(self.account, self.participant._payee_accounts())

    def test_a_payee_account_that_the_new_contact_has_stays(self):
        twin = self._bank_account(self.new, self.account.acc_number)
        self._move()
        self.assertEqual(self.account.partner_id, self.old)
        self.assertTrue(twin.allow_out_payment)
        self.assertEqual(self.participant._payee_accounts(), twin)

    def test_the_history_says_who_moved_what(self):
        self._move()
        [note] = self.participant.message_ids.filtered(
            lambda m: "Membership moved" in (m.body or "")
        )
        self.assertEqual(note.author_id, self.officer.partner_id)
        entry = self.participant.former_contact_ids.move_id
        for text in (self.old.name, "Olga LLC", entry.name, self.account.acc_number):
            self.assertIn(text, note.body)
        self.assertIn("67,880.00", note.body)
        self.assertEqual(self.participant.former_contact_ids.partner_id, self.old)

    def test_bills_portal_and_api_agree_on_whose_it_is(self):
        user = self._user("of_new", "base.group_portal")
        user.partner_id.parent_id = self.new
        owner = self._user("of_old", "base.group_portal")
        owner.partner_id.parent_id = self.old
        people = self.env["referral.representative"]
        named = {"participant_id": self.participant.id, "role": "owner"}
        people.create({**named, "user_id": owner.id})
        self._move()
        people.create({**named, "user_id": user.id})
        self.account.sudo().allow_out_payment = True
        with self.on("2026-03-11"):
            self._accept_agreements(self.participant)
            withdrawal = self.env["referral.withdrawal"]._request(
                self.participant, 60_000, self.account
            )
            withdrawal.action_bill()
        self.assertEqual(withdrawal.bill_id.partner_id, self.new)
        self.assertEqual(withdrawal.bill_id.state, "posted")
        self.assertEqual(self.participant.balance, 7_880)
        self.assertEqual(self._on_account(self.new), 7_880)
        self.assertAllPassed()
        api = self.env["referral.api"].sudo()
        self.assertEqual(api._participant(self.new.id), self.participant)
        self.assertFalse(api._participant(self.old.id, required=False))
        self.authenticate("of_new", "of_new")
        self.assertIn("7,880.00", self.url_open("/my/referral").text)
        self.authenticate("of_old", "of_old")
        self.assertNotIn("7,880.00", self.url_open("/my/referral").text)
        # once a person of the new client, they act again
        owner.partner_id.with_user(self.officer).parent_id = self.new
        self.assertIn("7,880.00", self.url_open("/my/referral").text)

    def test_the_former_contact_stays_itself_or_is_merged(self):
        self._move()
        with self.assertRefused(UserError, "Merge it into Olga LLC"):
            self.old.write({"is_company": False, "parent_id": self.new.id})
        self.assertAllPassed()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.old | self.new).ids, self.new)
        self.env.invalidate_all()
        self.assertFalse(self.participant.former_contact_ids)
        self.assertEqual(self.participant.balance, 67_880)
        self.assertAllPassed()

    def test_and_back(self):
        self._move()
        self._move(self.old, day="2026-03-11")
        self.assertEqual(self.participant.partner_id, self.old)
        self.assertEqual(self.participant.former_contact_ids.partner_id, self.new)
        self.assertEqual(self._on_account(self.old), 67_880)
        self.assertEqual(self._on_account(self.new), 0)
        self.assertEqual(self.participant.balance, 67_880)
        self.assertAllPassed()

    def test_what_is_undone_later_is_still_the_participants(self):
        self._move()
        with self.on("2026-03-12"):
            self.redemption.sudo()._undo()
        self.assertEqual(self.participant.balance, 70_880)
        self.assertAllPassed()

    def test_a_balance_below_zero_moves_as_well(self):
        self._entry(-70_000, "2026-03-05")
        self._move()
        self.assertEqual(self._on_account(self.old), 0)
        self.assertEqual(self._on_account(self.new), -2_120)
        self.assertEqual(self.participant.balance, -2_120)

    def test_nothing_to_move_makes_no_entry(self):
        self._entry(-67_880, "2026-03-05")
        before = self.env["account.move"].search_count([])
        self._move()
        self.assertEqual(self.env["account.move"].search_count([]), before)
        self.assertEqual(self.participant.partner_id, self.new)
        self.assertFalse(self.participant.former_contact_ids.move_id)

    def test_a_lock_date_moves_the_entry(self):
        self.company.fiscalyear_lock_date = "2026-03-31"
        self._move()
        entry = self.participant.former_contact_ids.move_id
        self.assertEqual(str(entry.date), "2026-04-01")

    def test_who_was_brought_by_it_waits_when_it_becomes_the_participant(self):
        referral = self.participant.referral_ids
        self._move(self.client)
        self.assertEqual(referral.state, "pending")

    # === What is refused === #

    def assertStays(self):
        self.env.invalidate_all()
        self.assertEqual(self.participant.partner_id, self.old)
        self.assertEqual(self._on_account(self.old), 67_880)
        self.assertFalse(self.participant.former_contact_ids)

    def test_only_officers_move(self):
        accountant = self._user(
            "booker", "referral_program.group_accountant,account.group_account_user"
        )
        auditor = self._user("looker", "referral_program.group_auditor")
        for user in (accountant, auditor):
            participant = self.participant.with_user(user)
            with self.subTest(user=user.login):
                with self.assertRefused(AccessError, "Only officers"):
                    participant.action_move_membership()
                with self.assertRefused(AccessError, "Only officers"):
                    participant._move_to(self.new.with_user(user))
                with self.assertRaises(AccessError):
                    self._move(user=user)
        self.assertStays()

    def test_an_officer_of_another_company_does_not(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.officer.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        with self.assertRaises(AccessError):
            self.participant.with_user(self.officer)._move_to(
                self.new.with_user(self.officer)
            )
        self.assertStays()

    def test_nor_does_an_officer_past_the_action(self):
        with self.assertRefused(UserError, "compensations in the ledger"):
            self.participant.with_user(self.officer).partner_id = self.new
        with self.assertRaises(AccessError):
            self.env["referral.former.contact"].with_user(self.officer).create(
                {"participant_id": self.participant.id, "partner_id": self.new.id}
            )
        self.assertStays()

    def test_an_open_withdrawal_is_settled_first(self):
        with self.on("2026-03-05"):
            withdrawal = self.env["referral.withdrawal"]._request(
                self.participant, 15_000, self.account
            )
        with self.assertRefused(UserError, f"{withdrawal.name}: still open"):
            self._move()
        with self.on("2026-03-06"):
            withdrawal.action_bill()
        self.assertEqual(withdrawal.state, "billed")
        with self.assertRefused(UserError, "Bill and pay"):
            self._move()
        self.assertEqual(self.participant.partner_id, self.old)

    def test_two_memberships_are_not_made_one(self):
        second = self._participant("Second")
        with self.assertRefused(UserError, "takes part in .* itself"):
            self._move(second.partner_id)
        with self.assertRefused(UserError, "already"):
            self._move(self.old)
        self.assertStays()

    def test_a_former_contact_does_not_join_again(self):
        self._move()
        with self.assertRefused(ValidationError, "moved to Olga LLC"):
            self._participant(partner_id=self.old.id)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        third = self._participant("Third")
        with self.assertRefused(UserError, "each take part"):
            wizard._merge((self.old | third.partner_id).ids, third.partner_id)

    def test_the_refused_change_of_a_contact_names_the_action(self):
        with self.assertRefused(UserError, "Move to Another Contact"):
            self.old.write({"is_company": False, "parent_id": self.new.id})
