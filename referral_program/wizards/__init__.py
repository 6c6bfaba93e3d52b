from . import (
    base_partner_merge,
    referral_explain,
    referral_explanation,
    referral_explanation_payment,
    referral_explanation_text,
    referral_reason,
    referral_redeem,
    referral_withdraw,
)
