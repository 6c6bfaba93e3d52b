from . import referral_workbook  # before those that inherit it
from . import (
    referral_rollforward_xlsx,
    referral_statement_xlsx,
    referral_table_xlsx,
)
