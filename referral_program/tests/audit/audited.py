"""A month's audit file and what it holds, for tests."""

import io

import openpyxl

from odoo.tests import tagged

from ..common import OneReferralCase

#: How many columns of stored data a sheet has.
STORED = {"Lines": 19, "Compensations": 6, "Journal Items": 11}


@tagged("post_install", "-at_install")
class AuditCase(OneReferralCase):
    """A February with two participants, two rates, a take-back and odd labels."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boris = cls._participant("=1+1 Boris")
        cls.second = cls._partner("@Second")
        cls._referral(cls.boris, cls.second)

    @classmethod
    def _february(cls):
        old = cls._paid("2026-01-10", 1000)
        cls._accrue("2026-01")
        cls._credit_note(old, "2026-02-03", "33.37")
        cls._paid("2026-02-10", [cls._line("1234.56", name='="evil"&A1')])
        cls._paid(
            "2026-02-11",
            [
                cls._line("0.5", name="+49 123", start_date="2026-02-01",
                           end_date="2026-03-31"),
                cls._line("99999.99", name="-\r\n\x07dash, \"quoted\" "),
            ],
            partner=cls.second,
        )  # fmt: skip
        return cls._accrue("2026-02")

    def _make(self, accrual, user=None):
        accrual = accrual.with_user(user) if user else accrual
        with self.on("2026-03-02"):
            accrual.action_make_audit_file()
        return accrual.sudo().audit_file_ids[:1]

    def _content(self, accrual):
        return self._make(accrual)._read_file()

    def _cached(self, content):
        """Return the sheets with the values that the addon wrote."""
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        return {sheet.title: sheet for sheet in book.worksheets}

    def _column(self, sheet, letter):
        return [cell.value for cell in sheet[letter][1:]]

    def _stored(self, sheet):
        """Return the rows of data without the formulas."""
        columns = STORED[sheet.title.removesuffix(" 2")]
        return [row[:columns] for row in sheet.iter_rows(2, values_only=True)]

    def _totals(self, summary):
        """Return label → stored value, computed one, whether they agree."""
        return {
            row[0]: row[1:4]
            for row in summary.iter_rows(values_only=True)
            if isinstance(row[3], bool) and row[0] != "Audit file"
        }
