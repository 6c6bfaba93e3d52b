"""Numbers that participants type: right ones are brought into one form."""

from odoo.tests import BaseCase, tagged

from ...tools import numbers


@tagged("post_install", "-at_install")
class TestNumbers(BaseCase):
    def _check(self, validator, right, wrong):
        for text, plain in right.items():
            with self.subTest(text=text):
                self.assertEqual(validator(text), plain)
        for text in wrong:
            with self.subTest(text=text), self.assertRaises(ValueError):
                validator(text)

    def test_snils(self):
        self._check(
            numbers.snils,
            {
                "112-233-445 95": "112-233-445 95",
                "11223344595": "112-233-445 95",
                # a sum of 101, and one that is 100 modulo 101, both give 00
                "087-654-303 00": "087-654-303 00",
                # too early a number to have check digits
                "001-001-998 12": "001-001-998 12",
            },
            ["112-233-445 96", "112-233-445", "1122334459", "a12-233-445 95", ""],
        )

    def test_russian_passport(self):
        self._check(
            numbers.ru_passport,
            {"4510 123456": "4510 123456", "45 10 № 123456": "4510 123456"},
            ["4510 12345", "4510 1234567", "0000 000000", "AB 123456", ""],
        )

    def test_any_passport(self):
        self._check(
            numbers.passport,
            {"ab1234567": "AB1234567", "AN-1234567": "AN 1234567"},
            ["AB", "ABCDEFG", "12", "1" * 21, ""],
        )

    def test_russian_tax_number(self):
        self._check(
            numbers.ru_inn,
            {"7707083893": "7707083893", "500100732259": "500100732259"},
            ["7707083894", "500100732258", "770708389", "abc", ""],
        )
