from . import referral_table_report  # before the models that inherit it
from . import (
    account_merge,
    base_partner_merge,
    portal_wizard,
    referral_explain,
    referral_explanation,
    referral_explanation_payment,
    referral_explanation_reason,
    referral_explanation_text,
    referral_move,
    referral_move_membership,
    referral_reason,
    referral_redeem,
    referral_report,
    referral_report_tables,
    referral_withdraw,
)

from . import referral_rollforward_figures  # before the models that inherit it
from . import (
    referral_rollforward,
    referral_rollforward_line,
    referral_rollforward_tables,
    referral_rollforward_total,
)

from . import referral_simulation_figures  # before the models that inherit it
from . import (
    referral_forecast,
    referral_forecast_row,
    referral_forecast_cash,
    referral_forecast_line,
    referral_forecast_month,
    referral_simulation,
    referral_simulation_line,
    referral_simulation_month,
    referral_simulation_participant,
)
