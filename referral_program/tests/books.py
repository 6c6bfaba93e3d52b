"""Books in which everything has happened that may happen to money."""

from odoo.tests import tagged

from .balance.test_statements import StatementCase


@tagged("post_install", "-at_install")
class BooksCase(StatementCase):
    """Two posted months with everything that may happen to money."""

    @classmethod
    def _give(cls, paid, *args, **options):
        cls.refunded = cls._paid("2026-01-20", 5_000)
        return super()._give(paid, *args, **options)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accrual = cls.program.accrual_ids
        cls._credit_note(cls.refunded, "2026-02-02", 5_000)
        cls.manual = cls._entry(700, "2026-02-03")
        cls.billed = cls._billed(20_000, "2026-02-05")
        cls.redemption = cls._redeem(3_000, "2026-02-06")
        cls.withdrawal = cls._request(15_000, "2026-02-07")
        cls._paid("2026-02-10", 2_000)
        waiting = cls._invoice(cls.client, "2026-02-11", 1_000)
        cls._pay(waiting, "2026-03-10", entered="2026-02-20")
        cls.second_statement = cls._month("2026-02")
        cls.second = cls.second_statement.accrual_id
        cls._statement("2026-01")._read_file("xlsx")

    def _liability_item(self, entry):
        return entry.line_ids.filtered(
            lambda item: item.account_id == self.program.liability_account_id
        )
