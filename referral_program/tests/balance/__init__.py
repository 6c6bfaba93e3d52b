from . import (
    test_bills,
    test_money_edges,
    test_money_random,
    test_redemptions,
    test_registers,
    test_rollforward,
    test_rollforward_beside,
    test_rollforward_book,
    test_rollforward_rights,
    test_statements,
    test_withdrawal_checks,
    test_withdrawals,
)
