"""Contacts change: a client gets a parent, loses it, is made a company, is merged."""

from datetime import date

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import TwoParticipantsCase


@tagged("post_install", "-at_install")
class TestContacts(TwoParticipantsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.terms_ids.date_from = "2026-01-01"
        cls.person = cls._partner("Ivan", is_company=False)
        cls.referral = cls._referral(cls.anna, cls.person, "2026-01-01")
        cls.kind = cls.env.ref("referral_program.mail_activity_contacts")

    def _merge(self, contacts, into, day="2026-02-10"):
        """Merge contacts as Odoo's wizard does."""
        with self.on(day):
            wizard = self.env["base.partner.merge.automatic.wizard"].create({})
            wizard._merge(contacts.ids, into)
            self.env.flush_all()
            self.env.invalidate_all()

    def _put_under(self, contact, parent, day="2026-02-10"):
        with self.on(day):
            contact.parent_id = parent
            self.env.flush_all()

    def _marks(self, change):
        """Return the groups that a change leaves to the next accrual."""
        marks = self.env["referral.mark"].sudo()
        self.env.flush_all()
        self.cr.precommit.run()
        marks.search([]).unlink()
        change()
        self.env.flush_all()
        self.cr.precommit.run()
        return set(marks.search([]).mapped("group_id"))

    def _kept(self):
        kept = self.env["referral.kept.invoice"].search([])
        return {row.move_id: row.referral_id for row in kept}

    def assertTold(self, referral, text):
        activity = referral.activity_ids
        self.assertEqual(activity.activity_type_id, self.kind)
        self.assertIn(text, activity.note)

    def assertOlderHolds(self, older, later, last_day):
        self.assertEqual((older.state, older.date_end), ("active", False))
        self.assertFalse(older.activity_ids)
        self.assertEqual(
            (later.state, later.date_end), ("ended", date.fromisoformat(last_day))
        )
        self.assertEqual(later.superseded_by_id, older)
        self.assertTold(later, "the older referral applies")

    # === Parents === #

    def test_a_client_gets_a_parent(self):
        """Odoo moves the posted invoices to the company; the credit stays."""
        invoice = self._paid("2026-01-10", partner=self.person)
        self.assertEarned("2026-01", self.anna, "90")
        company = self._partner("Ivan LLC")
        self._put_under(self.person, company)
        self.assertEqual(invoice.commercial_partner_id, company)
        self.assertEqual(self.referral.state, "active")
        self.assertFalse(self.referral.activity_ids)
        self._paid("2026-02-11", 500, company)
        self._paid("2026-02-12", 100, self.person)
        self.assertEarned("2026-02", self.anna, "54")

    def test_old_invoices_keep_their_referral_whatever_happens(self):
        self.referral.date_end = "2026-01-20"
        inside = self._paid("2026-01-20", partner=self.person)
        self._paid("2026-01-21", partner=self.person)
        self._credit_note(inside, "2026-02-01", 100)
        company = self._partner("Ivan LLC")
        self._put_under(self.person, company)
        self.assertEqual(self._kept(), {inside: self.referral})
        self._put_under(self.person, self.env["res.partner"])
        self._merge(company | self._partner("Twin"), company)
        inside.button_draft()
        self.assertEqual(self._kept(), {inside: self.referral})

    def test_a_client_is_corrected_before_anything_was_credited(self):
        self.referral.partner_id = self.client
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "90")
        with self.assertRefused(UserError, "make one of the right client"):
            self.referral.partner_id = self.person
        self.referral.partner_id = self.client  # is what it was

    def test_a_referral_that_is_corrected_keeps_no_invoice(self):
        self._paid("2026-01-10", partner=self.person)
        self._put_under(self.person, self._partner("Ivan LLC"))
        self.referral.partner_id = self.referral.partner_id.parent_id
        self.assertFalse(self._kept())

    def test_a_parent_whom_another_brought_before(self):
        company = self._partner("Ivan LLC")
        older = self._referral(self.boris, company, "2025-12-01")
        self._put_under(self.person, company)
        self.assertOlderHolds(older, self.referral, "2026-02-09")

    def test_a_parent_whom_another_brought_later(self):
        company = self._partner("Ivan LLC")
        later = self._referral(self.boris, company, "2026-01-05")
        self._put_under(self.person, company)
        self.assertOlderHolds(self.referral, later, "2026-02-09")
        # nobody else gets the client
        _none, reason = self.env["referral.referral"]._bind(self.boris, company, "link")
        self.assertEqual(reason, "bound_already")

    def test_a_company_that_becomes_a_contact(self):
        company = self._partner("Holding")
        self.client.parent_id = company
        other = self._referral(self.boris, self.client, "2026-01-01")
        older = self._referral(self.anna, company, "2025-12-01")
        self.assertEqual(other.state, "active")
        with self.on("2026-02-10"):
            self.client.is_company = False
            self.env.flush_all()
        self.assertOlderHolds(older, other, "2026-02-09")
        with self.on("2026-02-11"):
            self.client.is_company = True
            self.env.flush_all()
        self.assertEqual(other.state, "ended")

    def test_a_referral_that_begins_today_ends_today(self):
        company = self._partner("Ivan LLC")
        later = self._referral(self.boris, company, "2026-02-10")
        self._put_under(self.person, company)
        self.assertOlderHolds(self.referral, later, "2026-02-10")

    def test_the_later_can_be_let_hold(self):
        second = self._partner("Second", is_company=False)
        later = self._referral(self.boris, second, "2026-01-05")
        self._merge(self.person | second, self.person)
        self.assertOlderHolds(self.referral, later, "2026-02-09")
        # both overlap, and yet each can be edited
        self.referral.date_end = "2026-12-31"
        self.referral.date_end = False
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            later.action_reopen()
        self.referral.action_cancel()
        later.action_reopen()
        self.assertEqual((later.state, later.superseded_by_id.id), ("active", False))

    def test_officers_do_not_say_which_is_older(self):
        officer = self._user("contacts_officer", "referral_program.group_officer")
        with self.assertRefused(UserError, "cancel the older"):
            self.referral.with_user(officer).superseded_by_id = self.referral

    # === Merges === #

    def test_merge_with_an_existing_customer(self):
        old = self._partner("Old Customer")
        for day in ("2025-11-10", "2025-12-10", "2026-01-10"):
            self._paid(day, 1000, old)
        newcomer = self._partner("Newcomer", is_company=False)
        with self.on("2026-01-05"):
            referral, reason = self.env["referral.referral"]._bind(
                self.anna, newcomer, "link"
            )
        self.assertFalse(reason)
        self.assertEarned("2026-01", self.anna, "0")
        self._paid("2026-02-05", 1000, old)
        self._merge(old | newcomer, old)
        self._paid("2026-02-20", 1000, old)
        self.assertEarned("2026-02", self.anna, "0")
        self.assertEqual((referral.state, referral.partner_id), ("pending", old))
        self.assertTold(referral, "a customer before")
        self.assertEqual(referral.objection, "existing_customer")
        # one that was decided is not asked about again
        referral.action_approve()
        referral.activity_ids.action_done()
        self._merge(old | self._partner("Twin"), old, "2026-02-25")
        self.assertEqual(referral.state, "active")

    def test_own_invoices_make_nobody_an_existing_customer(self):
        self._paid("2026-01-10", partner=self.person)
        self._put_under(self.person, self._partner("Ivan LLC"), "2026-06-01")
        self.assertEqual(self.referral.state, "active")

    def test_merge_of_clients_whom_two_brought(self):
        second = self._partner("Second Client", is_company=False)
        later = self._referral(self.boris, second, "2026-01-05")
        first_invoice = self._paid("2026-01-10", 1000, self.person)
        second_invoice = self._paid("2026-01-11", 500, second)
        january = self._accrue("2026-01")
        self.assertEqual(self._earned(january, self.anna), 90)
        self.assertEqual(self._earned(january, self.boris), 45)
        self._merge(self.person | second, self.person)
        self.assertOlderHolds(self.referral, later, "2026-02-09")
        self.assertEqual(later.partner_id, self.person)
        self.assertEqual(
            self._kept(), {first_invoice: self.referral, second_invoice: later}
        )
        self._paid("2026-02-20", 1000, self.person)
        self.assertEarned("2026-02", self.anna, "90")

    def test_merge_into_the_one_who_was_brought_later(self):
        second = self._partner("Second Client", is_company=False)
        later = self._referral(self.boris, second, "2026-01-05")
        self._merge(self.person | second, second)
        self.assertOlderHolds(self.referral, later, "2026-02-09")
        self.assertEqual(self.referral.partner_id, second)

    def test_merge_of_clients_of_one_after_another(self):
        """Referrals that never covered the same day stay as they are."""
        self.referral.date_end = "2026-01-04"
        second = self._partner("Second Client", is_company=False)
        later = self._referral(self.boris, second, "2026-01-05")
        self._merge(self.person | second, second)
        self.assertEqual((later.state, later.date_end), ("active", False))
        self.assertFalse(later.superseded_by_id | self.referral.superseded_by_id)

    def test_a_late_invoice_of_the_older_referrals_last_day(self):
        self.referral.date_end = "2026-01-31"
        second = self._partner("Second", is_company=False)
        self._referral(self.boris, second, "2026-01-15")
        self._merge(self.person | second, self.person)
        self._paid("2026-01-31", partner=self.person)
        self._paid("2026-02-01", 500, partner=self.person)
        for month, earner, amount in (("01", self.anna, 90), ("02", self.boris, 45)):
            accrual = self._accrue(f"2026-{month}")
            [credited] = accrual.compensation_ids
            self.assertEqual(
                (credited.participant_id, credited.amount), (earner, amount)
            )

    def test_merge_of_a_client_with_its_participant(self):
        self._merge(self.client | self.anna.partner_id, self.anna.partner_id)
        self.assertEqual(self.referral.state, "active")
        self._merge(self.person | self.anna.partner_id, self.anna.partner_id)
        self.assertEqual(self.referral.state, "pending")
        self.assertTold(self.referral, "same company")

    def test_merge_that_closes_a_circle(self):
        other = self._referral(self.boris, self.anna.partner_id, "2026-01-01")
        self._merge(self.person | self.boris.partner_id, self.boris.partner_id)
        # one of the two is enough to open it
        self.assertEqual((self.referral.state, other.state), ("pending", "active"))
        self.assertTold(self.referral, "through others")

    def test_merging_strangers_marks_nobodys_invoices(self):
        one, two = self._partner("One"), self._partner("Two")
        self._paid("2026-01-10", partner=one)
        self._paid("2026-01-10", partner=self.person)
        self.assertFalse(self._marks(lambda: self._merge(one | two, one)))
        self.assertFalse(self._kept())

    def test_a_merged_strangers_invoices_do_not_begin_to_earn(self):
        stranger = self._partner("Stranger", is_company=False)
        before = self._paid("2026-01-10", 1000, stranger)
        still_open = self._invoice(stranger, "2026-01-11", 500)
        own = self._paid("2026-01-12", 100, self.person)
        # its client is who it is posted for
        self._invoice(stranger, "2026-01-13", 300, posted=False)
        self.assertEarned("2026-01", self.anna, "9")
        self._merge(self.person | stranger, self.person)
        self._pay(still_open, "2026-02-15")
        self._credit_note(before, "2026-02-15", 100)
        self._paid("2026-02-20", 200, self.person)
        self.assertEarned("2026-02", self.anna, "18")
        none = self.env["referral.referral"]
        self.assertEqual(
            self._kept(), {own: self.referral, before: none, still_open: none}
        )
        self.program._mark_everything()
        self.assertEarned("2026-03", self.anna, "0")
        self.assertFalse(self._not_credited(self.program, date(2026, 3, 31)))

    def test_nor_do_those_of_who_is_put_under_a_client_or_over_it(self):
        stranger = self._partner("Stranger", is_company=False)
        company = self._partner("Ivan LLC")
        self._paid("2026-01-10", 1000, stranger)
        self._paid("2026-01-11", 500, company)
        self._put_under(self.person, company)
        self._put_under(stranger, company, "2026-02-11")
        self._paid("2026-02-20", 10, stranger)
        self._paid("2026-02-21", 100, company)
        self.assertEarned("2026-02", self.anna, "9.9")
        self.assertFalse(self._not_credited(self.program, date(2026, 2, 28)))

    def test_invoices_of_another_companys_program_are_its_own(self):
        """Nobody whom that program counts has brought the stranger."""
        other = self.setup_other_company(name="Other")["company"]
        program = self._program(other)
        self._referral(
            self._participant("Vera", program), self._partner("V client"), "2026-01-01"
        )
        stranger = self._partner("Stranger", is_company=False)
        invoices = self.env["account.move"].with_company(other)
        invoice = invoices.create(
            {
                "move_type": "out_invoice",
                "partner_id": stranger.id,
                "invoice_date": "2026-01-10",
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Hosting", "price_unit": 1000, "tax_ids": []}
                    )
                ],
            }
        )
        invoice.action_post()
        own = self._paid("2026-01-10", 100, stranger)
        self._merge(self.person | stranger, self.person)
        self.assertEqual(self._kept().keys(), {own})

    def test_an_invoice_that_is_kept_apart_says_so(self):
        stranger = self._partner("Stranger", is_company=False)
        invoice = self._paid("2026-01-10", 1000, stranger)
        self._merge(self.person | stranger, self.person)
        action = invoice.action_referral_why()
        lines = self.env["referral.explanation"].search([("move_id", "=", invoice.id)])
        self.assertTrue(action)
        self.assertEqual(lines.mapped("reason"), ["no_referral"])

    def test_an_invoice_addressed_anew_is_decided_anew(self):
        stranger = self._partner("Stranger", is_company=False)
        invoice = self._paid("2026-01-10", 1000, stranger)
        self._merge(self.person | stranger, self.person)
        other = self._partner("Other")
        self._referral(self.boris, other, "2026-01-01")
        invoice.button_draft()
        invoice.partner_id = other
        self.assertFalse(self._kept())

    def test_what_waits_for_approval_is_not_kept_apart(self):
        """Own invoices earn once staff approve the referral."""
        claimed = self._partner("Claimed", is_company=False)
        claim, _reason = self.env["referral.referral"]._bind(
            self.boris, claimed, "manual", state="pending", date_start="2026-01-01"
        )
        self._paid("2026-01-10", 1000, claimed)
        self._merge(claimed | self._partner("Twin", is_company=False), claimed)
        self.assertFalse(self._kept())
        claim.action_approve()
        self.assertEarned("2026-02", self.boris, "90")

    def test_a_category_that_moves_marks_its_products_alone(self):
        own = self._paid("2026-01-10", partner=self.person)
        self._invoice(self.person, "2026-01-11", [self._line(10, "domains/ru")])
        domains = self._category("domains")
        ru = self._invoice(self.person, "2026-01-12", [self._line(10, "domains/ru")])
        unused = self._category("unused")
        other = self._category("other")
        self.assertFalse(self._marks(lambda: unused.write({"parent_id": other.id})))
        self.assertFalse(self._marks(lambda: domains.write({"parent_id": False})))
        marked = self._marks(lambda: domains.write({"parent_id": other.id}))
        self.assertIn(ru.id, marked)
        self.assertNotIn(own.id, marked)
        self.assertEqual(len(marked), 2)

    def test_a_category_that_moves_below_an_excluded_one_stops_earning(self):
        self.program.terms_ids.excluded_category_ids = self._category("hosting")
        mail = self._category("mail")
        line = self._line(1000, "mail/boxes")
        later = self._invoice(self.person, "2026-02-10", [line])
        self._accrue("2026-01")
        mail.parent_id = self._category("hosting")
        self._pay(later, "2026-02-10")
        self.assertEarned("2026-02", self.anna, "0")
        # what is not sold any more was sold all the same
        later.invoice_line_ids.product_id.product_tmpl_id.action_archive()
        mail.parent_id = False
        self.assertEarned("2026-03", self.anna, "90")

    def test_merging_a_client_marks_its_invoices_alone(self):
        one = self._partner("One", is_company=False)
        others = self._paid("2026-01-09", partner=one)
        own = self._paid("2026-01-10", partner=self.person)
        self._referral(self.boris, self.client, "2026-01-01")
        self._paid("2026-01-10")
        self.assertEqual(
            self._marks(lambda: self._merge(one | self.person, one)),
            {own.id, others.id},
        )

    # === What was earned before === #

    def test_open_invoices_stay_when_a_parent_comes_and_goes(self):
        credited = self._paid("2026-01-10", partner=self.person)
        still_open = self._invoice(self.person, "2026-01-11", 500)
        self.assertEarned("2026-01", self.anna, "90")
        company = self._partner("Ivan LLC")
        self._put_under(self.person, company)
        self.assertEarned("2026-02", self.anna, "0")
        between = self._paid("2026-03-01", 100, company)
        self.assertEarned("2026-03", self.anna, "9")
        self._put_under(self.person, self.env["res.partner"], "2026-04-01")
        self.assertEqual(still_open.commercial_partner_id, company)
        self._pay(still_open, "2026-04-10")
        self._paid("2026-04-11", 1000, company)
        self._paid("2026-04-12", 200, self.person)
        self.assertEarned("2026-04", self.anna, "63")
        for invoice in (credited, still_open, between):
            self._credit_note(invoice, "2026-05-01", invoice.amount_total)
        self.assertEarned("2026-05", self.anna, "-144")
        self.assertFalse(self._not_credited(self.program, date(2026, 5, 31)))

    def test_open_invoices_of_merged_clients_stay_with_who_brought_them(self):
        second = self._partner("Second Client", is_company=False)
        self._referral(self.boris, second, "2026-01-05")
        credited = self._paid("2026-01-10", 1000, second)
        still_open = self._invoice(second, "2026-01-11", 500)
        january = self._accrue("2026-01")
        self.assertEqual(self._earned(january, self.boris), 90)
        self._merge(self.person | second, self.person)
        self._pay(still_open, "2026-02-12")
        self._paid("2026-02-20", 200, self.person)
        february = self._accrue("2026-02")
        self.assertEqual(self._earned(february, self.boris), 45)
        self.assertEqual(self._earned(february, self.anna), 18)
        self._credit_note(credited, "2026-03-01", 1000)
        march = self._accrue("2026-03")
        self.assertEqual(self._earned(march, self.boris), -90)
        self.assertEqual(self._earned(march, self.anna), 0)
        self.assertFalse(self._not_credited(self.program, date(2026, 3, 31)))

    def test_what_waits_for_staff_keeps_what_was_credited(self):
        old = self._partner("Old Customer")
        self._paid("2025-11-10", partner=old)
        invoice = self._paid("2026-01-10", partner=self.person)
        still_open = self._invoice(self.person, "2026-01-11", 500)
        self.assertEarned("2026-01", self.anna, "90")
        self._merge(old | self.person, old)
        self.assertEqual(self.referral.state, "pending")
        self._pay(still_open, "2026-02-12")
        self._paid("2026-02-20", 200, old)
        self.assertEarned("2026-02", self.anna, "0")
        self._credit_note(invoice, "2026-03-01", 400)
        self.assertEarned("2026-03", self.anna, "-36")
        self.referral.action_approve()
        self.assertEarned("2026-04", self.anna, "63")
        self.referral.action_cancel()
        self.assertEarned("2026-05", self.anna, "-117")
        self.assertFalse(self._not_credited(self.program, date(2026, 5, 31)))
