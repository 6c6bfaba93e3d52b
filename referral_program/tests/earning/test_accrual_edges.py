"""Edges at which money was once wrong: what moves, merges, forges and recomputes.

Each test is a case that a review found, with what has to come out.
"""

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.account.models.account_move import AccountMove

from ..common import TwoParticipantsCase
from ..expected import Expected


@tagged("post_install", "-at_install")
class TestAccrualEdges(Expected, TwoParticipantsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.referral = cls._referral(cls.anna, cls.client)

    def _manual(self, amount, **values):
        return Command.create(
            {
                "name": "By hand",
                "price_unit": float(amount),
                "quantity": 1,
                "account_id": self.income.id,
                "tax_ids": [Command.clear()],
                **values,
            }
        )

    def _total(self):
        return round(sum(self.anna.compensation_ids.mapped("amount")), 2)

    def _bank_paid(self):
        self.program.paid_when = "bank"
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        payment = self._pay(invoice, "2026-01-12")
        line = self._bank_match(payment, "2026-01-20")
        return invoice, payment, line

    def test_standalone_credit_note_linked_afterwards(self):
        invoice = self._paid("2026-01-10")
        credit = self._invoice(self.client, "2026-01-15", 200, move_type="out_refund")
        self.assertEarned("2026-01", self.anna, "72")
        credit.reversed_entry_id = invoice
        self.assertEarned("2026-02", self.anna, "0")

    def test_credit_note_moved_between_invoices(self):
        one = self._paid("2026-01-10")
        two = self._paid("2026-01-11")
        credit = self._credit_note(one, "2026-01-15", 200)
        self.assertEarned("2026-01", self.anna, "162")
        credit.reversed_entry_id = two
        self.assertEarned("2026-02", self.anna, "0")
        self._credit_note(two, "2026-03-15", 100)
        self.assertEarned("2026-03", self.anna, "-9")
        self.assertEqual(self._total(), 153)

    def test_credit_note_moved_then_everything(self):
        one = self._paid("2026-01-10")
        two = self._invoice(self.client, "2026-01-11", 1000)
        self._pay(two, "2026-01-11", 400)
        credit = self._credit_note(one, "2026-01-15", 200)
        self._accrue("2026-01")
        credit.reversed_entry_id = two
        self._accrue("2026-02")
        self._pay(two, "2026-03-01", 400)
        self.program._mark_everything()
        self._accrue("2026-03")
        self.assertEqual(self._total(), 90 + 72)

    def test_client_gets_a_parent(self):
        ivan = self._partner("Ivan", is_company=False)
        self._referral(self.anna, ivan)
        self._paid("2026-01-10", partner=ivan)
        self.assertEarned("2026-01", self.anna, "90")
        ivan.parent_id = self._partner("Ivan LLC")
        self.assertEarned("2026-02", self.anna, "0")

    def test_refund_after_the_client_got_a_parent_is_reversed(self):
        ivan = self._partner("Ivan", is_company=False)
        self._referral(self.anna, ivan)
        invoice = self._paid("2026-01-10", partner=ivan)
        self.assertEarned("2026-01", self.anna, "90")
        ivan.parent_id = self._partner("Ivan LLC")
        self.assertEarned("2026-02", self.anna, "0")
        self._credit_note(invoice, "2026-03-10", 400)
        late = self._paid("2026-03-11", 500, partner=ivan)
        self.assertEarned("2026-03", self.anna, "9")
        late.button_draft()
        self.program._mark_everything()
        self.assertEarned("2026-04", self.anna, "-45")

    def test_participant_does_not_become_contact_of_the_client(self):
        olga = self._partner("Olga", is_company=False)
        participant = self._participant(partner_id=olga.id)
        client = self._partner("Olgas Firm")
        self._referral(participant, client)
        with self.assertRefused(UserError, "takes part"):
            olga.parent_id = client
        self._paid("2026-01-10", partner=client)
        self.assertEarned("2026-01", participant, "90")

    def test_country_set_by_first_contact(self):
        self.anna.type_id = self.env.ref(
            "referral_program.participant_type_individual_nonresident"
        )
        self.client.country_id = False
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "0")
        self.env["res.partner"].create(
            {"name": "C", "parent_id": self.client.id, "country_id": self.russia.id}
        )
        self.assertEqual(self.client.country_id, self.russia)
        self.assertEarned("2026-02", self.anna, "90")

    def test_country_of_subsidiary_synced(self):
        self.anna.type_id = self.env.ref(
            "referral_program.participant_type_individual_nonresident"
        )
        holding = self._partner("Holding", country_id=self.env.ref("base.de").id)
        self.client.parent_id = holding
        self.assertEqual(self.client.commercial_partner_id, self.client)
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "0")
        holding.country_id = self.russia
        self.assertEqual(self.client.country_id, self.russia)
        self.assertEarned("2026-02", self.anna, "90")

    def test_merge_of_a_client_with_a_stranger(self):
        """What the stranger was invoiced before earns nothing; what follows does."""
        one = self._partner("One", is_company=False, country_id=False)
        two = self._partner("Two", is_company=False, country_id=False)
        self._referral(self.anna, one)
        self._paid("2026-01-10", partner=two)
        self.assertEarned("2026-01", self.anna, "0")
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((one | two).ids, one)
        self.env.invalidate_all()
        self._paid("2026-02-10", 500, one)
        self.assertEarned("2026-02", self.anna, "45")

    def test_merge_of_clients_with_overlapping_referrals(self):
        one = self._partner("One")
        two = self._partner("Two")
        self._referral(self.anna, one, date_end="2026-12-31")
        self._referral(self.boris, two, date_end="2026-12-30")
        self._paid("2026-01-10", partner=one)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((one | two).ids, one)
        self.env.invalidate_all()
        accrual = self._accrue("2026-01")
        self.assertEqual(sum(accrual.compensation_ids.mapped("amount")), 90)

    def test_bank_mode_outstanding_reconciled_with_reversal(self):
        self.program.paid_when = "bank"
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        payment = self._pay(invoice, "2026-01-12")
        with self.on("2026-01-20"):
            payment.move_id._reverse_moves(
                [{"date": fields.Date.to_date("2026-01-20")}], cancel=True
            )
        self.assertEarned("2026-01", self.anna, "0")

    def test_bank_mode_outstanding_written_off(self):
        self.program.paid_when = "bank"
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        payment = self._pay(invoice, "2026-01-12")
        line = payment.move_id.line_ids.filtered(
            lambda i: i.account_id == payment.outstanding_account_id
        )
        with self.on("2026-01-20"):
            entry = self.env["account.move"].create(
                {
                    "move_type": "entry",
                    "journal_id": self.misc_journal.id,
                    "date": "2026-01-20",
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": line.account_id.id,
                                "balance": -1000,
                                "partner_id": self.client.id,
                            }
                        ),
                        Command.create(
                            {
                                "account_id": self.company_data[
                                    "default_account_expense"
                                ].id,
                                "balance": 1000,
                            }
                        ),
                    ],
                }
            )
            entry.action_post()
            (entry.line_ids[0] | line).reconcile()
        self.assertEarned("2026-01", self.anna, "0")

    def test_bank_mode_statement_line_to_draft(self):
        _i, _p, line = self._bank_paid()
        self.assertEarned("2026-01", self.anna, "90")
        with self.on("2026-02-03"):
            line.move_id.button_draft()
        self.assertEarned("2026-02", self.anna, "-90")

    def test_bank_mode_statement_date_corrected(self):
        _i, _p, line = self._bank_paid()
        self.assertEarned("2026-01", self.anna, "90")
        with self.on("2026-02-03"):
            line.date = "2026-03-05"
        half = line.move_id.line_ids.matched_debit_ids
        self.assertEqual(str(half.max_date), "2026-03-05")
        self.assertEarned("2026-02", self.anna, "-90")
        self.assertEarned("2026-03", self.anna, "90")

    def test_write_off_in_a_payment_is_part_of_the_payment(self):
        """What reconciliation put on the receivable counts, by the rule's words."""
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(
            invoice,
            "2026-01-12",
            100,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.company_data["default_account_expense"].id,
        )
        self.assertEarned("2026-01", self.anna, "90")

    def test_contact_with_shared_bank_account_deleted(self):
        contact = self.env["res.partner"].create(
            {"name": "Owner", "parent_id": self.client.id}
        )
        banks = self.env["res.partner.bank"]
        banks.create({"acc_number": "40702810", "partner_id": self.anna.partner_id.id})
        banks.create({"acc_number": "40702810", "partner_id": contact.id})
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "0")
        contact.unlink()
        self.assertEarned("2026-02", self.anna, "90")

    def test_excluded_category_cannot_be_deleted(self):
        user = self._user("prod", "base.group_user,product.group_product_manager")
        child = self._category("domains/ru")
        excluded = self._category("domains")
        self.program.terms_ids.excluded_category_ids |= excluded
        for category in (excluded, child):
            with self.assertRefused(UserError, "begin to earn"):
                category.with_user(user).unlink()

    def test_accountant_unlocks_terms(self):
        self._paid("2026-01-10")
        accrual = self._accrue("2026-01")
        user = self._user("acc", "referral_program.group_accountant")
        with self.assertRaises(UserError):
            accrual.with_user(user).write({"terms_ids": [Command.clear()]})
        self.program.terms_ids.invalidate_recordset()
        self.assertTrue(self.program.terms_ids.is_locked)

    def test_accountant_links_entry(self):
        self._paid("2026-01-10")
        accrual = self._accrue("2026-01")
        user = self._user("acc", "referral_program.group_accountant")
        invoice = self._invoice(self.client, "2026-01-11", 10)
        with self.assertRaises(UserError):
            accrual.with_user(user).write({"move_ids": [Command.link(invoice.id)]})
            self.env.flush_all()

    def test_billing_user_forges_an_accrual_entry(self):
        self.program.posting_policy = "review"
        self._paid("2026-01-10")
        accrual = self._accrue("2026-01")
        values = {
            "move_type": "entry",
            "journal_id": self.misc_journal.id,
            "date": "2026-01-15",
        }
        own = {"referral_accrual_id": accrual.id}
        default = {"default_referral_accrual_id": accrual.id}
        for group, refusal in (
            ("account.group_account_invoice", "access the field|by the program itself"),
            ("referral_program.group_accountant", "by the program itself"),
        ):
            user = self._user(group, group)
            moves = self.env["account.move"].with_user(user)
            for forge in (
                lambda moves=moves: moves.create({**values, **own}),
                lambda moves=moves: moves.with_context(**default).create(values),
                lambda moves=moves: moves.create(values).write(own),
            ):
                with self.assertRefused(UserError, refusal):
                    forge()

    def test_suspended_or_closed_between_computing_and_posting(self):
        self.program.posting_policy = "review"
        self._paid("2026-01-10")
        accrual = self._accrue("2026-01")
        self.anna._update_state("closed", "Test")
        with self.on("2026-02-05"):
            with self.assertRefused(UserError, "Recompute it"):
                accrual.action_post()
            accrual.action_compute()
            accrual.action_post()
        self.assertEqual(self.anna._balance(), 0)

    def test_credit_note_to_another_partner(self):
        invoice = self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "90")
        other = self._partner("Payer of the client")
        self._invoice(
            other,
            "2026-02-10",
            400,
            move_type="out_refund",
            reversed_entry_id=invoice.id,
        )
        self.assertEarned("2026-02", self.anna, "-36")

    def test_invoice_deleted_under_its_credit_note(self):
        invoice = self._paid("2026-01-10")
        self._credit_note(invoice, "2026-01-15", 200)
        self.assertEarned("2026-01", self.anna, "72")
        with self.on("2026-02-03"):
            invoice.button_draft()
            invoice.with_context(force_delete=True).unlink()
        self.assertEarned("2026-02", self.anna, "-90")

    def test_delivery_date_recomputed(self):
        invoice = self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "90")
        field = self.env["account.move"]._fields["delivery_date"]

        def compute(moves):
            for move in moves:
                move.delivery_date = "2026-03-05"

        self.patch(AccountMove, "_compute_delivery_date", compute)
        self.env.add_to_compute(field, invoice)
        self.env.flush_all()
        self.assertEqual(str(invoice.delivery_date), "2026-03-05")
        self.assertEarned("2026-02", self.anna, "-90")

    def test_participant_moves_to_another_program(self):
        other = self.setup_other_company()
        program = self._program(other["company"])
        vera = self._participant("Vera", program)
        client = self._partner("V client")
        self._referral(vera, client)
        self._paid("2026-01-10", partner=client)
        self._accrue("2026-01")
        vera.program_id = self.program
        self.assertEqual(vera.referral_ids.program_id, self.program)
        self.assertEarned("2026-02", vera, "90")

    def test_contact_manager_sets_postpaid(self):
        user = self._user("cont", "base.group_user,base.group_partner_manager")
        with self.assertRaises(AccessError):
            self.client.with_user(user).referral_postpaid = True

    def test_items_added_to_the_posted_entry(self):
        self._paid("2026-01-10")
        accrual = self._accrue("2026-01")
        liability = self.program.liability_account_id
        with self.assertRaises(UserError):
            self.env["account.move.line"].create(
                [
                    {
                        "move_id": accrual.move_ids.id,
                        "account_id": liability.id,
                        "partner_id": self.anna.partner_id.id,
                        "balance": -500,
                    },
                    {
                        "move_id": accrual.move_ids.id,
                        "account_id": self.income.id,
                        "balance": 500,
                    },
                ]
            )
        self.assertEqual(self.anna._balance(), 90)

    def test_rejection_is_final(self):
        self.anna._update_state("rejected", "Test")
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "0")
        for again in (self.anna.action_submit, self.anna.action_activate):
            with self.assertRefused(UserError, "cannot become"):
                again()

    def test_a_second_program_does_not_pay_again(self):
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "90")
        self.program.active = False
        with self.assertRefused(UserError, "cannot be another program"):
            self.env["referral.program"].create(
                {"name": "Second", "company_id": self.company.id}
            )
        again = self.env["referral.program"]._get_or_create_for_company(self.company)
        self.assertEqual(again, self.program)
        self.assertTrue(self.program.active)

    def test_discounted_credit_note_line_without_product(self):
        invoice = self._paid("2026-01-10", [self._manual(1000)])
        self.assertEarned("2026-01", self.anna, "90")
        self._credit_note(invoice, "2026-02-10", [self._manual(800, discount=50)])
        self.assertEarned("2026-02", self.anna, "-36")

    def test_discounted_credit_note_in_the_invoices_first_month(self):
        product = self._product("vps")
        invoice = self._paid("2026-01-10", [self._line(1000, product=product)])
        self._credit_note(
            invoice, "2026-01-20", [self._line(800, product=product, discount=50)]
        )
        self.assertEarned("2026-01", self.anna, "54")

    def test_officer_writes_the_referrals_program(self):
        other = self.setup_other_company()
        program = self._program(other["company"], posting_policy="review")
        officer = self._user("off", "referral_program.group_officer")
        with self.assertRaises(UserError):
            self.referral.with_user(officer).write({"program_id": program.id})
        self.assertEqual(self.referral.program_id, self.anna.program_id)

    def test_bank_mode_partly_matched(self):
        self.program.paid_when = "bank"
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        payment = self._pay(invoice, "2026-01-12")
        self._bank_match(payment, "2026-01-20", 400)
        self.assertEarned("2026-01", self.anna, "0")
