from . import (
    test_accrual_bonds,
    test_accrual_cases,
    test_accrual_edges,
    test_accrual_late,
    test_accrual_money,
    test_accrual_random,
    test_posting,
    test_processes,
    test_protection,
    test_translation,
    test_web,
)
