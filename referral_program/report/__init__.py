from . import referral_statement_xlsx

from . import referral_rehearsal_xlsx  # after the one whose formats it has
from . import referral_forecast_xlsx, referral_simulation_xlsx
