"""New accounts stand beside the company's own, in any chart of accounts."""

import csv
from collections import defaultdict
from pathlib import Path

from odoo.tests import TransactionCase, tagged

from odoo.addons import account

from ...tools.account_codes import code_beside, usual_code
from ..common import ReferralCommon


def charts():
    """Yield the names of all charts at hand, with their codes by type of account."""
    folders = Path(account.__file__).parent.parent
    for file in sorted(folders.glob("l10n_*/data/template/account.account-*.csv")):
        codes = defaultdict(list)
        with open(file, encoding="utf-8") as rows:
            for row in csv.DictReader(rows):
                if row.get("code") and row.get("account_type"):
                    codes[row["account_type"]].append(row["code"].strip())
        yield file.stem.removeprefix("account.account-"), codes


@tagged("post_install", "-at_install")
class TestCodes(TransactionCase):
    def test_the_next_free_code(self):
        for start, taken, expected in (
            ("4000", {"4000"}, "4001"),
            ("4000", {"4000", "4001", "4002"}, "4003"),
            # the end of a class, and of the digits
            ("2999", {"2999"}, "2998"),
            ("9999", {"9999", "9998"}, "9997"),
            ("10.01.08", {"10.01.08"}, "10.01.09"),
            ("10.01.99", {"10.01.99"}, "10.01.98"),
            ("1021A", {"1021A"}, "1022A"),
            ("hello", {"hello"}, None),
            ("9", set(map(str, range(1, 10))), None),
        ):
            with self.subTest(start=start, taken=taken):
                self.assertEqual(code_beside(start, taken), expected)

    def test_the_usual_code(self):
        for codes, expected in (
            (["2610", "2999", "9"], "2999"),
            (["2610", "2620", "999001"], "2620"),
            ([False, "17"], "17"),
            ([], None),
        ):
            with self.subTest(codes=codes):
                self.assertEqual(usual_code(codes), expected)

    def test_all_charts(self):
        seen = 0
        for name, codes in charts():
            taken = {code for some in codes.values() for code in some}
            for kind in ("expense", "liability_current"):
                if not codes[kind]:
                    continue
                with self.subTest(chart=name, kind=kind):
                    usual = usual_code(codes[kind])
                    code = code_beside(usual, taken)
                    self.assertNotIn(code, taken)
                    self.assertEqual(len(code), len(usual))
                    self.assertEqual(code[0], usual[0])
                    self.assertNotIn("copy", code)
                    seen += 1
        self.assertGreater(seen, 100)


@tagged("post_install", "-at_install")
class TestAccounts(ReferralCommon):
    def test_the_expense_stands_beside_the_company_s_default(self):
        company = self.setup_other_company()["company"]
        default = company.expense_account_id.with_company(company)
        self.assertEqual(default.code, "600000")
        default.copy({"code": "999001"})
        program = self._program(company)
        expense = program.expense_account_id.with_company(company)
        self.assertEqual(expense.code, "600001")
        self.assertEqual(expense.account_type, "expense")

    def test_the_liability_stands_beside_the_last_current_one(self):
        company = self.setup_other_company()["company"]
        accounts = self.env["account.account"].with_company(company)
        liabilities = [
            ("account_type", "=", "liability_current"),
            ("company_ids", "=", company.id),
        ]
        last = usual_code(accounts.search(liabilities).mapped("code"))
        program = self._program(company)
        liability = program.liability_account_id.with_company(company)
        self.assertEqual(liability.code, code_beside(last, {last}))
