from . import (
    base_partner_merge,
    referral_reason,
    referral_redeem,
    referral_report,
    referral_report_tables,
    referral_withdraw,
)
