"""Books in which everything has happened that may happen to money."""

from odoo.tests import tagged

from .balance.test_statements import StatementCase


@tagged("post_install", "-at_install")
class BooksCase(StatementCase):
    """Two posted months with everything that may happen to money."""

    def _give(self, paid, *args, **options):
        self.refunded = self._paid("2026-01-20", 5_000)
        return super()._give(paid, *args, **options)

    def setUp(self):
        super().setUp()
        self.accrual = self.program.accrual_ids
        self._credit_note(self.refunded, "2026-02-02", 5_000)
        self.manual = self._entry(700, "2026-02-03")
        self.billed = self._billed(20_000, "2026-02-05")
        self.redemption = self._redeem(3_000, "2026-02-06")
        self.withdrawal = self._request(15_000, "2026-02-07")
        self._paid("2026-02-10", 2_000)
        waiting = self._invoice(self.client, "2026-02-11", 1_000)
        self._pay(waiting, "2026-03-10", entered="2026-02-20")
        self.second_statement = self._month("2026-02")
        self.second = self.second_statement.accrual_id
        self._statement("2026-01")._read_file("xlsx")

    def _liability_item(self, entry):
        return entry.line_ids.filtered(
            lambda item: item.account_id == self.program.liability_account_id
        )
