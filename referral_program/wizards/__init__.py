from . import (
    base_partner_merge,
    referral_reason,
    referral_redeem,
    referral_report,
    referral_report_tables,
    referral_rollforward_figures,
    referral_rollforward,
    referral_rollforward_document,
    referral_rollforward_line,
    referral_rollforward_total,
    referral_withdraw,
)
