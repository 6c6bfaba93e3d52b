from . import (
    account_merge,
    base_partner_merge,
    referral_reason,
    referral_redeem,
    referral_withdraw,
)
