"""Tax ids: Python and SQL agree on when two of them are the same."""

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ...tools.tax_ids import (
    plain_tax_id,
    plain_tax_id_query,
    same_tax_id,
    same_tax_id_query,
)

#: What is typed, and what of it counts.
PLAIN = {
    "7707083893": "7707083893",
    "RU7707083893": "7707083893",
    "ru 7707 083 893": "7707083893",
    " RU-7707083893 ": "7707083893",
    "ИНН 7707083893": "7707083893",
    "7707083893/770701001": "7707083893770701001",
    "DE 136.695.976": "136695976",
    "ATU12345675": "U12345675",
    "ESB58378431": "B58378431",
    "B58378431": "B58378431",
    "12AB34": "12AB34",
    "straße 1": "RAE1",
    "ımza 1": "A1",
    "iı1": "I1",
    "RU\u00a07707083893": "7707083893",
    "RU\n7707083893": "7707083893",
    "٧٧٠٧": "",
    "²3": "3",
    # nobody's
    None: "",
    "": "",
    "/": "",
    "-": "",
    "N/A": "",
    "none": "",
    "RU": "",
    "0": "",
    "0000000000": "",
    "RU 000-000": "",
    "XEXX010101000": "",
    "XAXX010101000": "",
    "xexx-010101-000": "",
    "9999999999999": "",
    "222222222222": "",
    "55.555.555-5": "",
    "RU1111111111": "",
    "444444444001": "",
    "1234567890": "",
    "not applicable": "",
    # these are somebody's
    "11112": "11112",
    "1111": "1111",
    "12345678903": "12345678903",
}
#: Two tax ids with their owners' countries, and whether they are the same.
PAIRS = {
    ("7707083893", "RU", "RU 7707 083893", "RU"): True,
    ("7707083893", "RU", "RU7707083893", "KZ"): True,
    ("7707083893", "RU", "7707083893", "KZ"): False,
    ("RU7707083893", "KZ", "7707083893", "KZ"): False,
    ("7707083893", None, "7707083893", "KZ"): True,
    ("7707083893", None, "KZ7707083893", None): True,
    ("RU7707083893", None, "KZ7707083893", None): False,
    ("EL123456788", "GR", "GR123456788", "RU"): True,
    ("XI123456788", "GB", "123456788", "GB"): True,
    ("7707083893", "RU", "7707083894", "RU"): False,
    ("XEXX010101000", "MX", "XEXX010101000", "MX"): False,
    ("0", "RU", "0", "RU"): False,
    (None, "RU", None, "RU"): False,
}


@tagged("post_install", "-at_install")
class TestTaxIds(TransactionCase):
    def test_python_and_sql_agree(self):
        for text, plain in PLAIN.items():
            with self.subTest(text):
                [[found]] = self.env.execute_query(
                    SQL("SELECT %s", plain_tax_id_query(SQL("%s::varchar", text)))
                )
                self.assertEqual((plain_tax_id(text), found), (plain, plain))

    def test_the_same_of_two_contacts(self):
        codes = {code for _one, code, _two, other in PAIRS for code in (code, other)}
        countries = {
            code: self.env["res.country"].search([("code", "=", code)]).id or None
            for code in codes
        }
        for (text, code, other_text, other_code), expected in PAIRS.items():
            with self.subTest((text, code, other_text, other_code)):
                [[found]] = self.env.execute_query(
                    SQL(
                        """
                        SELECT %s
                          FROM (SELECT %s::varchar AS vat, %s::int AS country_id) own
                          CROSS JOIN
                               (SELECT %s::varchar AS vat, %s::int AS country_id) client
                        """,
                        same_tax_id_query("own", "client"),
                        text,
                        countries[code],
                        other_text,
                        countries[other_code],
                    )
                )
                answers = (
                    same_tax_id(text, code, other_text, other_code),
                    same_tax_id(other_text, other_code, text, code),
                    found,
                )
                self.assertEqual(answers, (expected,) * 3)
