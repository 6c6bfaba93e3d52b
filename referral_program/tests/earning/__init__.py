from . import (
    test_accrual_cases,
    test_accrual_edges,
    test_accrual_late,
    test_accrual_money,
    test_accrual_random,
    test_credit,
    test_earning_extension,
    test_estimates,
    test_explanation,
    test_forecast,
    test_simulation,
)
