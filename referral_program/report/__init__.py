from . import referral_workbook  # before those that inherit it
from . import referral_rehearsal_xlsx  # before those that inherit it
from . import (
    referral_forecast_xlsx,
    referral_rollforward_xlsx,
    referral_simulation_xlsx,
    referral_statement_xlsx,
    referral_table_xlsx,
)
