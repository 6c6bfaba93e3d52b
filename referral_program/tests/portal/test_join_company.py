"""Joining as a company: its name and tax id, on a contact that is the user's own."""

from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from .test_portal import PortalCase

VAT = "7707083893"


@tagged("post_install", "-at_install")
class TestJoinCompany(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person = cls._portal_user("pavel")
        cls.person.partner_id.write({"is_company": False, "country_id": cls.russia.id})

    def _send(self, user=None, action="save", **values):
        """Send the form as a legal entity; return the answer."""
        self._login(user or self.person)
        form = {"entity_type": "legal_entity", "residency": "resident"}
        answer = self._post("/my/referral/join", {**form, "action": action, **values})
        self.env.invalidate_all()
        return answer

    def _own(self, user=None):
        participants = self.env["referral.participant"].search([])
        return participants.filtered(lambda p: p._acts(user or self.person))

    def test_name_and_tax_id_are_asked_for(self):
        page = self._send(action="submit")
        for text in ("Enter the company&#39;s name.", "Enter the tax id."):
            self.assertIn(text, page.text)
        self.assertEqual(self._own().partner_id, self.person.partner_id)
        page = self._get("/my/referral/join?entity_type=individual").text
        self.assertIn('data-entity_type="legal_entity"', page)

    def test_a_name_that_is_left_out_is_looked_up_and_confirmed(self):
        def autocomplete_by_vat(_partners, vat, country_id, timeout):
            return [{"name": "Pavel Ltd"}] if (vat, country_id) == asked else []

        asked = (VAT, self.russia.id)
        # what Odoo's Partner Autocomplete has, which asks a service elsewhere
        partners = self.registry["res.partner"]
        name = "autocomplete_by_vat"
        with patch.object(partners, name, autocomplete_by_vat, create=True):
            unknown = self._send(vat="500100732259", country="RU")
            page = self._send(vat=VAT, country="RU")
        self.assertEqual(unknown.status_code, 303)
        self.assertIn("Is this your company?", page.text)
        self.assertIn('value="Pavel Ltd"', page.text)
        self.assertEqual(self._own().partner_id, self.person.partner_id, "not yet")

    def test_a_person_becomes_a_contact_of_their_new_company(self):
        answer = self._send(company_name=" Pavel  Ltd ", vat=VAT)
        self.assertEqual(answer.status_code, 303)
        company = self._own().partner_id
        self.assertEqual(
            (company.name, company.vat, company.is_company, company.country_id),
            ("Pavel Ltd", VAT, True, self.russia),
        )
        self.assertEqual(self.person.partner_id.parent_id, company)
        self.assertEqual(self.person.name, "pavel (base.group_portal)")
        # a mistake is corrected while it is a draft, in the same company
        self._send(company_name="Pavel LLC", vat="500100732259")
        self.assertEqual(self._own().partner_id, company)
        self.assertEqual((company.name, company.vat), ("Pavel LLC", "500100732259"))

    def test_a_draft_goes_along(self):
        self._send()
        draft = self._own()
        self.assertEqual(draft.partner_id, self.person.partner_id)
        self._send(company_name="Pavel Ltd", vat=VAT)
        self.assertEqual(self._own(), draft)
        self.assertEqual(draft.partner_id.name, "Pavel Ltd")

    def test_the_referral_that_brought_them_goes_along(self):
        boris = self._participant("Boris")
        referral = self._referral(boris, self.person.partner_id)
        self._send(company_name="Pavel Ltd", vat=VAT)
        company = self._own().partner_id
        with self.on("2026-01-10"):
            self._invoice(company, "2026-01-10", 1_000)
        self._pay(
            self.env["account.move"].search([("partner_id", "=", company.id)]),
            "2026-01-11",
        )
        with self.on("2026-02-02"):
            accrual = self.program._accrue("2026-01-01")
        self.assertEqual(accrual.line_ids.referral_id, referral)
        self.assertEqual(accrual.compensation_ids.amount, 90)

    # === Nobody takes over what is there === #

    def test_a_company_that_is_there_is_nobodys_by_its_tax_id(self):
        theirs = self._partner("Giant", vat=VAT, email="office@giant.example")
        self._send(company_name="Giant", vat=VAT)
        own = self._own().partner_id
        self.assertNotEqual(own, theirs)
        self.assertEqual(theirs.child_ids, theirs.browse())
        self.assertEqual(theirs.email, "office@giant.example")
        # the officer alone is told
        page = self._get("/my/referral/join").text
        self.assertNotIn("office@giant.example", page)
        participant = self._own()
        participant._tell_of_same_tax_id()
        [note] = participant.message_ids.filtered(lambda m: "same tax id" in m.body)
        self.assertIn("Giant", note.body)
        self.assertEqual(note.author_id, self.env.ref("base.partner_root"))

    def test_what_is_known_of_a_company_stays(self):
        giant = self._partner("Giant")
        self.person.partner_id.parent_id = giant
        self._send(company_name="Mine", vat=VAT)
        self.assertEqual((giant.name, giant.vat), ("Giant", False), "entered by staff")
        page = self._get("/my/referral/join").text
        self.assertIn("Giant", page)
        self.assertNotIn('name="company_name"', page)
        known = self._portal_user("known")
        known.partner_id.vat = "500100732259"
        self._send(known, company_name="Mine", vat=VAT)
        self.assertEqual(
            (known.partner_id.name, known.partner_id.vat),
            ("known (base.group_portal)", "500100732259"),
        )

    def test_with_invoices_neither_name_nor_tax_id_change(self):
        self._invoice(self.person.partner_id, "2026-01-10", 1_000)
        self._send(company_name="Pavel Ltd", vat=VAT)
        partner = self.person.partner_id
        self.assertFalse(partner.parent_id or partner.vat)
        self.assertEqual(self._own().partner_id, partner)

    def test_a_company_of_two_is_not_one_mans(self):
        self._send(company_name="Pavel Ltd", vat=VAT)
        company = self._own().partner_id
        company.child_ids = [Command.create({"name": "Colleague"})]
        self._send(company_name="Other", vat="500100732259")
        self.assertEqual((company.name, company.vat), ("Pavel Ltd", VAT))

    def test_who_takes_part_already_changes_nothing(self):
        self._send(company_name="Pavel Ltd", vat=VAT)
        participant = self._own()
        self._fill(participant)
        self._accept_all(participant)
        participant._submit()
        participant.document_ids.filtered(
            lambda d: d.state == "submitted"
        )._update_state("approved")
        participant._update_state("active")
        self.env["referral.document"].create(
            {"participant_id": participant.id, "name": "More"}
        )
        self._send(company_name="Other", vat="500100732259")
        self.assertEqual(participant.partner_id.name, "Pavel Ltd")

    def test_a_sole_trader_keeps_their_name(self):
        self._send(entity_type="sole_trader", company_name="Other", vat=VAT)
        partner = self.person.partner_id
        self.assertEqual((partner.vat, partner.is_company), (VAT, False))
        self.assertEqual(self._own().partner_id, partner)
