"""A program's company with branches: their journals, and their clients' pages."""

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import HttpCase, tagged

from ..common import OneReferralCase


@tagged("post_install", "-at_install")
class TestBranches(OneReferralCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create(
            {"name": "Branch", "parent_id": cls.company.id}
        )
        cls.cr.precommit.run()  # loads the branch's chart of accounts
        cls.env.user.company_ids |= cls.branch

    # === Journals === #

    def _entry(self, invoice, day, amount, journal):
        """Settle a branch's invoice by an entry of a journal that the program lists."""
        invoice = invoice.with_company(self.branch)
        entry = self.env["account.move"].with_company(self.branch)
        receivable = self._receivable(invoice)
        with self.on(day):
            entry = entry.create(
                {
                    "date": day,
                    "journal_id": journal.id,
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": account.id,
                                "partner_id": invoice.partner_id.id,
                                "balance": balance,
                            }
                        )
                        for account, balance in (
                            (receivable.account_id, -amount),
                            (self.company_data["default_account_expense"], amount),
                        )
                    ],
                }
            )
            entry.action_post()
            (receivable | self._receivable(entry)).reconcile()

    def test_a_branchs_own_bonus_journal(self):
        bonus = self._journal("Bonus of the branch", "BONB", "bank", self.branch)
        bank = self._journal("Bank of the branch", "BNKB", "bank", self.branch)
        self.program.bonus_journal_ids |= bonus
        for journal in (bonus, bank):
            invoice = self._invoice(
                self.client, "2026-01-10", 1000, company_id=self.branch.id
            )
            self._pay(invoice, "2026-01-12", journal=journal)
        self.assertEarned("2026-01", self.participant, 90)

    def test_a_branchs_own_payment_journal(self):
        listed = self._journal("Offsets", "OFFB", "general", self.branch)
        other = self._journal("Write-offs", "WROB", "general", self.branch)
        self.program.payment_journal_ids = listed
        for journal in (listed, other):
            invoice = self._invoice(
                self.client, "2026-01-10", 1000, company_id=self.branch.id
            )
            self._entry(invoice, "2026-01-12", 1000, journal)
        self.assertEarned("2026-01", self.participant, 90)

    def test_a_parents_journals_for_a_branchs_program(self):
        """A branch may have the only program; its clients pay in the parent's bank."""
        parent = self._create_company(name="Holding")
        branch = self.env["res.company"].create(
            {"name": "Operating branch", "parent_id": parent.id}
        )
        self.env.user.company_ids |= parent | branch
        program = self.env["referral.program"].create(
            {"name": "The branch's", "company_id": branch.id}
        )
        bonus = self._journal("Bonus of the holding", "BONH", "bank", parent)
        program.bonus_journal_ids = bonus
        program.payment_journal_ids = self._journal(
            "Offsets of the holding", "OFFH", "general", parent
        )
        self.assertEqual(program._companies(), branch)
        self.assertEqual(program.bonus_journal_ids, bonus)

    def test_nobody_elses(self):
        stranger = self._create_company(name="Stranger")
        sister = self.env["res.company"].create(
            {"name": "Stranger's branch", "parent_id": stranger.id}
        )
        for company in (stranger, sister):
            for field, kind in (
                ("bonus_journal_ids", "bank"),
                ("payment_journal_ids", "general"),
            ):
                journal = self._journal(f"J {kind}", f"J{kind[:3]}", kind, company)
                with self.assertRefused(ValidationError, f"{journal.name}.*branches"):
                    self.program[field] |= journal

    def test_journals_offered_in_the_form(self):
        fields = self.env["referral.program"].fields_get(
            ["bonus_journal_ids", "payment_journal_ids"], ["domain"]
        )
        bonus = self._journal("Bonus of the branch", "BONB", "bank", self.branch)
        general = self._journal("Offsets", "OFFB", "general", self.branch)
        foreign = self._journal(
            "Foreign", "FORE", "general", self._create_company(name="Stranger")
        )
        for field, found, not_found in (
            ("bonus_journal_ids", bonus | general | self.bank_journal, foreign),
            ("payment_journal_ids", general, foreign | bonus),
        ):
            domain = eval(  # noqa: S307
                fields[field]["domain"], {"company_id": self.company.id}
            )
            journals = self.env["account.journal"].search(domain)
            self.assertLessEqual(found, journals, field)
            self.assertFalse(not_found & journals, field)

    # === People === #

    def test_pages_of_a_branchs_portal_user(self):
        user = self._user("of_the_branch", "base.group_portal")
        user.partner_id.write({"email": "branch@example.com", "is_company": True})
        user.write(
            {
                "company_ids": [Command.set(self.branch.ids)],
                "company_id": self.branch.id,
            }
        )
        participant = self._participant(partner_id=user.partner_id.id)
        participant._accept(participant._agreements_to_accept())
        client = self._partner("Client of the branch")
        self._referral(participant, client, "2026-01-01")
        self._paid("2026-01-10", 1_000_000, client, company_id=self.branch.id)
        self._accrue("2026-01")
        self.program.accrual_ids._make_statements()
        own = self._invoice(
            user.partner_id, "2026-02-01", 100, company_id=self.branch.id
        )
        self.env.flush_all()
        self.authenticate("of_the_branch", "of_the_branch")
        for page, text in (
            ("", "o_referral_balance"),
            ("", f"/my/referral/pay/{own.id}"),
            ("/referrals", "Clie"),
            ("/billing", participant.statement_ids.name),
            ("/materials", participant.code),
            ("/withdraw", "90,000.00"),
        ):
            answer = self.url_open(f"/my/referral{page}", allow_redirects=False)
            self.assertEqual(answer.status_code, 200, page)
            self.assertIn(text, answer.text, page)

    def test_enrolling_and_calling_from_a_branch(self):
        both = (self.branch | self.company).ids
        env = self.env(context={"allowed_company_ids": both})
        participants = env["referral.participant"]
        given = participants.default_get(["program_id"])
        self.assertEqual(given["program_id"], self.program.id)
        panel = self._user("panel", "referral_program.group_integration")
        panel.company_ids |= self.branch
        api = self.env["referral.api"].with_user(panel).with_company(self.branch)
        self.assertEqual(api._program(), self.program)

    # === Whose money === #

    def _balance_of_a_client(self):
        """Return an open invoice of the branch, whose client has 90,000 above."""
        client = self.participant.partner_id
        self._paid("2026-01-10", 1_000_000, self.client)
        self._accrue("2026-01")
        return self._invoice(client, "2026-02-01", 100, company_id=self.branch.id)

    def test_a_branchs_key_moves_no_money_of_the_company_above(self):
        self._balance_of_a_client()
        who = self.participant.partner_id.id
        panel = self._user(
            "branch_panel", "referral_program.group_integration", self.branch
        )
        api = self.env["referral.api"].with_user(panel).with_company(self.branch)
        for call in (
            lambda: api.balance(who),
            lambda: api.add_account(who, "DE75512108001245126199"),
            lambda: api.withdraw("key", who, "12000", self.currency.name, 1),
        ):
            with self.assertRefused(UserError, "has no program"):
                call()
        panel.company_ids |= self.company
        self.assertEqual(api.balance(who)["balance"], "90000.00")

    def test_a_branchs_staff_learn_nothing_of_who_takes_part_above(self):
        invoice = self._balance_of_a_client()
        self.env.flush_all()
        self.env.invalidate_all()
        user = self._user(
            "branch_accountant", "referral_program.group_accountant", self.branch
        )
        env = self.env(user=user, context={"allowed_company_ids": self.branch.ids})
        self.assertFalse(env["account.move"].browse(invoice.id).referral_payable)
        names = ["participant_id", "available_balance", "due", "amount"]
        values = env["referral.redeem"].onchange(
            {"invoice_id": invoice.id}, ["invoice_id"], {name: {} for name in names}
        )["value"]
        self.assertFalse(any(values.values()), values)
        asked = {"invoice_id": invoice.id, "amount": 100}
        wizard = env["referral.redeem"].create(asked)
        [read] = wizard.read(names[:3])
        self.assertFalse(any(read[name] for name in names[:3]), read)
        with self.assertRaises(UserError):
            wizard.action_confirm()
        self.assertEqual(invoice.amount_residual, 100)
        # who may access both pays with it
        user.company_ids |= self.company
        both = env(context={"allowed_company_ids": (self.branch | self.company).ids})
        self.env.invalidate_all()
        self.assertTrue(both["account.move"].browse(invoice.id).referral_payable)
        wizard = both["referral.redeem"].create({"invoice_id": invoice.id})
        self.assertEqual(wizard.amount, 100)
        wizard.action_confirm()
        self.assertEqual(invoice.amount_residual, 0)
