"""Whose invoice it is: referrals, self-referral, territory, states, companies."""

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..common import TwoParticipantsCase
from ..expected import Expected


@tagged("post_install", "-at_install")
class TestAccrualReferrals(Expected, TwoParticipantsCase):
    # === Referrals === #

    def test_client_changes_hands_between_two_dates(self):
        """Each invoice stays with the referral in force on its date, whenever paid."""
        self._referral(self.anna, self.client, "2026-01-01", date_end="2026-01-15")
        self._referral(self.boris, self.client, "2026-01-16")
        old = self._invoice(self.client, "2026-01-15", 1000)
        self._paid("2026-01-16", 500)
        january = self._accrue("2026-01")
        self.assertEqual(self._earned(january, self.anna), 0)
        self.assertEqual(self._earned(january, self.boris), 45)
        self._pay(old, "2026-02-10")
        february = self._accrue("2026-02")
        self.assertEqual(self._earned(february, self.anna), 90)
        self.assertEqual(self._earned(february, self.boris), 0)
        self.assertLedger(self.program)

    def test_referral_moved_by_correction_takes_back_and_gives_anew(self):
        referral = self._referral(self.anna, self.client)
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "90")
        referral.sudo().participant_id = self.boris
        february = self._accrue("2026-02")
        self.assertEqual(self._earned(february, self.anna), -90)
        self.assertEqual(self._earned(february, self.boris), 0)
        march = self._accrue("2026-03")
        self.assertEqual(self._earned(march, self.anna), 0)
        self.assertEqual(self._earned(march, self.boris), 90)
        april = self._accrue("2026-04")
        self.assertFalse(april.line_ids)
        self.assertLedger(self.program)

    def test_a_credit_note_that_reverses_nothing_moves_with_its_referral(self):
        referral = self._referral(self.anna, self.client)
        self._paid("2026-01-10")
        self._invoice(self.client, "2026-01-20", 400, move_type="out_refund")
        self.assertEarned("2026-01", self.anna, "54")
        referral.sudo().participant_id = self.boris
        self.assertEarned("2026-02", self.anna, "-54")
        self.assertEarned("2026-03", self.boris, "54")

    def _accrue_new_line_under_moved_referral(self, suspended):
        """Accrue a line that is another's where one was that is taken back."""
        referral = self._referral(self.anna, self.client)
        invoice = self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "90")
        payment = invoice.matched_payment_ids
        with self.on("2026-02-05"):
            invoice.button_draft()
            invoice.invoice_line_ids = [
                Command.delete(invoice.invoice_line_ids.id),
                self._line(1000),
            ]
            referral.sudo().participant_id = self.boris
            invoice.action_post()
            # Odoo matches what had been matched
            if invoice.amount_residual:
                (
                    self._receivable(invoice) | self._receivable(payment.move_id)
                ).reconcile()
        suspended._update_state("suspended", "Test")
        accrual = self._accrue("2026-02")
        return {c.participant_id: c.amount for c in accrual.compensation_ids}

    def test_a_new_line_under_a_moved_referral(self):
        got = self._accrue_new_line_under_moved_referral(self.anna)
        self.assertEqual(got, {self.anna: -90, self.boris: 90})

    def test_a_new_line_under_a_referral_moved_to_a_suspended_one(self):
        """What is taken back from another makes it no take-back of theirs."""
        got = self._accrue_new_line_under_moved_referral(self.boris)
        self.assertEqual(got, {self.anna: -90})
        self.boris._update_state("active")
        self.assertEarned("2026-03", self.boris, "90")

    def test_cancelled_referral_takes_back(self):
        referral = self._referral(self.anna, self.client)
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "90")
        referral.action_cancel()
        self.assertEarned("2026-02", self.anna, "-90")
        self.assertEarned("2026-03", self.anna, "0")

    def test_referral_entered_after_the_invoice_counts_from_its_first_day(self):
        self._paid("2026-01-10")
        self._accrue("2026-01")
        self._referral(self.anna, self.client, "2026-01-10")
        self.assertEarned("2026-02", self.anna, "90")

    def test_referral_that_waits_for_approval_does_not_count(self):
        referral = self._referral(self.anna, self.client, state="pending")
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "0")
        referral.action_approve()
        self.assertEarned("2026-02", self.anna, "90")

    def test_one_referral_at_a_time(self):
        self._referral(self.anna, self.client, "2026-01-01", date_end="2026-03-31")
        with self.assertRefused(ValidationError, "one referral at a time"):
            self._referral(self.boris, self.client, "2026-03-31")
        self._referral(self.boris, self.client, "2026-04-01")

    def test_referral_of_a_contact_is_its_companys(self):
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.client.id}
        )
        referral = self._referral(self.anna, contact)
        self.assertEqual(referral.partner_id, self.client)

    def test_referral_that_gave_cannot_be_deleted(self):
        referral = self._referral(self.anna, self.client)
        self._paid("2026-01-10")
        self._accrue("2026-01")
        with self.assertRefused(UserError, "cancel it"):
            referral.unlink()

    # === Addresses, archived records === #

    def test_invoice_to_a_child_contact_belongs_to_the_company(self):
        self._referral(self.anna, self.client)
        address = self.env["res.partner"].create(
            {"name": "Invoices", "parent_id": self.client.id, "type": "invoice"}
        )
        self._paid("2026-01-10", partner=address)
        self.assertEarned("2026-01", self.anna, "90")

    def test_archived_partner_and_product_still_count(self):
        self._referral(self.anna, self.client)
        product = self._product("vps")
        invoice = self._invoice(
            self.client, "2026-01-10", [self._line(1000, product=product)]
        )
        self._pay(invoice, "2026-01-12")
        product.active = False
        self.client.active = False
        self.anna.partner_id.active = False
        self.assertEarned("2026-01", self.anna, "90")

    # === Self-referral === #

    def test_own_company_earns_nothing(self):
        self._referral(self.anna, self.anna.partner_id)
        self._paid("2026-01-10", partner=self.anna.partner_id)
        self.assertEarned("2026-01", self.anna, "0")

    def test_same_tax_number_earns_nothing_however_it_is_written(self):
        self.anna.partner_id.vat = "RU 7707 083893"
        self.client.vat = "7707083893"
        self._referral(self.anna, self.client)
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "0")

    def _correct_tax_number(self, partner):
        """Have two equal tax numbers, and correct one after the accrual."""
        self._referral(self.anna, self.client)
        self.anna.partner_id.vat = self.client.vat = "RU7707083893"
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "0")
        partner.vat = "RU7736050003"
        self.assertEarned("2026-02", self.anna, "90")

    def test_the_clients_tax_number_corrected_later(self):
        self._correct_tax_number(self.client)

    def test_an_archived_clients_tax_number_corrected_later(self):
        self.client.active = False
        self._correct_tax_number(self.client)

    def test_the_participants_tax_number_corrected_later(self):
        self._correct_tax_number(self.anna.partner_id)

    def test_missing_tax_numbers_are_not_the_same(self):
        self.anna.partner_id.vat = "/"
        self.client.vat = "/"
        self._referral(self.anna, self.client)
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "90")

    def test_same_bank_account_of_any_contact_earns_nothing(self):
        contact = self.env["res.partner"].create(
            {"name": "Owner", "parent_id": self.client.id}
        )
        self._referral(self.anna, self.client)
        self._paid("2026-01-10")
        banks = self.env["res.partner.bank"]
        banks.create({"acc_number": "4070 2810", "partner_id": self.anna.partner_id.id})
        same = banks.create({"acc_number": "40702810", "partner_id": contact.id})
        self.assertEarned("2026-01", self.anna, "0")
        same.acc_number = "40702819"
        self.assertEarned("2026-02", self.anna, "90")
        same.acc_number = "40702810"
        self._paid("2026-03-10")
        self.assertEarned("2026-03", self.anna, "0")
        same.partner_id = self._partner("Stranger")
        self.assertEarned("2026-04", self.anna, "90")
        same.partner_id = contact
        self._paid("2026-05-10")
        self.assertEarned("2026-05", self.anna, "0")
        same.unlink()
        self.assertEarned("2026-06", self.anna, "90")

    def test_who_shared_a_bank_account_leaves_the_client(self):
        self._referral(self.anna, self.client)
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.client.id}
        )
        for partner in (contact, self.anna.partner_id):
            self.env["res.partner.bank"].create(
                {"acc_number": "40702810938000000077", "partner_id": partner.id}
            )
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "0")
        contact.write({"parent_id": False, "is_company": True})
        self.assertEarned("2026-02", self.anna, "90")

    def test_a_bank_account_shared_later_does_not_touch_what_was_given(self):
        self._referral(self.anna, self.client)
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "90")
        for partner in (self.anna.partner_id, self.client):
            self.env["res.partner.bank"].create(
                {"acc_number": "40702810", "partner_id": partner.id}
            )
        self._paid("2026-02-10", 500)
        self.assertEarned("2026-02", self.anna, "0")

    # === Territory === #

    def test_client_without_a_country_is_not_of_the_participants_own(self):
        self.anna.type_id = self.env.ref(
            "referral_program.participant_type_individual_nonresident"
        )
        self.client.country_id = False
        self._referral(self.anna, self.client)
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "0")
        self.client.country_id = self.russia
        self.assertEarned("2026-02", self.anna, "90")

    def test_a_type_that_stops_to_ask_for_the_own_country(self):
        kind = self.anna.type_id
        kind.territory_restricted = True
        self.client.country_id = self.env.ref("base.kz")
        self._referral(self.anna, self.client)
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "0")
        with self.on("2026-02-05"):
            kind.territory_restricted = False
        self.assertEarned("2026-02", self.anna, "90")

    # === States of the participant === #

    def test_two_without_a_country_are_not_of_the_same(self):
        self.anna.type_id = self.env["referral.participant.type"].create(
            {
                "name": "Own country only",
                "entity_type": "individual",
                "territory_restricted": True,
            }
        )
        self.anna.partner_id.country_id = False
        self.client.country_id = False
        self._referral(self.anna, self.client)
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "0")

    def test_what_a_suspended_participant_missed_comes_after_resumption(self):
        self._referral(self.anna, self.client)
        self.anna._update_state("suspended", "Test")
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "0")
        self.assertEarned("2026-02", self.anna, "0")
        self.anna.action_resume()
        self.assertEarned("2026-03", self.anna, "90")

    def test_take_backs_reach_the_suspended(self):
        self._referral(self.anna, self.client)
        invoice = self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "90")
        self.anna._update_state("suspended", "Test")
        self._credit_note(invoice, "2026-02-10", 400)
        self.assertEarned("2026-02", self.anna, "-36")

    def test_refund_of_what_was_never_given_takes_nothing_from_the_closed(self):
        self._referral(self.anna, self.client)
        self.anna._update_state("closed", "Test")
        invoice = self._paid("2026-01-10")
        self._credit_note(invoice, "2026-01-20", 400)
        self.assertEarned("2026-01", self.anna, "0")

    def test_suspended_with_a_partial_refund_and_more_money_to_come(self):
        """Half was given; the other half and a refund of 40 % come together."""
        self._referral(self.anna, self.client)
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12", 500)
        self.assertEarned("2026-01", self.anna, "45")
        self.anna._update_state("suspended", "Test")
        self._credit_note(invoice, "2026-02-10", 400)
        self._pay(invoice, "2026-02-12", 100)
        # 600 of 600 paid: 54 in all, 9 more than was given, so it waits
        self.assertEarned("2026-02", self.anna, "0")
        self.anna.action_resume()
        self.assertEarned("2026-03", self.anna, "9")

    def test_what_waits_for_the_suspended_reaches_no_tier(self):
        self.program.terms_ids.tier_ids = [Command.create({"above": 3000, "rate": 12})]
        self._referral(self.anna, self.client, date_end="2026-01-15")
        self._referral(self.boris, self.client, "2026-01-16")
        self._paid("2026-01-10", 2500)
        self._paid("2026-01-20", 1000)
        self.anna._update_state("suspended", "Test")
        self.assertEarned("2026-01", self.boris, "90")

    def test_the_closed_get_nothing_more(self):
        self._referral(self.anna, self.client)
        self.anna._update_state("closed", "Test")
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "0")
        with self.assertRefused(UserError, "cannot become"):
            self.anna.action_activate()

    # === Companies === #

    def test_programs_of_two_companies_do_not_mix(self):
        other = self.setup_other_company()
        company = other["company"]
        program = self._program(company)
        vera = self._participant("Vera", program)
        self._referral(vera, self.client)
        self._referral(self.anna, self.client)
        self._paid("2026-01-10")
        abroad = self._invoice(
            self.client,
            "2026-01-10",
            [
                Command.create(
                    {
                        "name": "Service",
                        "price_unit": 500,
                        "tax_ids": [Command.clear()],
                        "account_id": other["default_account_revenue"].id,
                    }
                )
            ],
            company_id=company.id,
            journal_id=other["default_journal_sale"].id,
        )
        self._use_outstanding_account(other["default_journal_bank"])
        self._pay(abroad, "2026-01-12", journal=other["default_journal_bank"])
        self.assertEarned("2026-01", self.anna, "90")
        self.assertEarned("2026-01", vera, "45", program=program)
        self.assertEqual(program.accrual_ids.move_ids.company_id, company)

    def test_invoices_of_a_branch_count_for_its_company(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.cr.precommit.run()  # loads the branch's chart of accounts
        self.env.user.company_ids |= branch
        self._referral(self.anna, self.client)
        invoice = self._invoice(self.client, "2026-01-10", 1000, company_id=branch.id)
        self.assertEqual(invoice.company_id, branch)
        self._pay(invoice, "2026-01-12")
        accrual = self.assertEarned("2026-01", self.anna, "90")
        self.assertEqual(accrual.move_ids.company_id, self.company)

    def test_a_branch_cannot_have_a_program_beside_its_companys(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        with self.assertRefused(ValidationError, "branches"):
            self.env["referral.program"].create(
                {"name": "Twice", "company_id": branch.id}
            )
