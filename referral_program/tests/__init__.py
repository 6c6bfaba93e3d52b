from . import test_accrual_bonds, test_accrual_cases, test_accrual_money
