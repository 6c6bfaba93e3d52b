"""Tax ids: Python and SQL agree on when two of them are the same."""

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ...tools.tax_ids import plain_tax_id, plain_tax_id_query

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
