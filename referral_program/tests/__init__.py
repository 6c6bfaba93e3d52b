from . import test_accrual_cases
