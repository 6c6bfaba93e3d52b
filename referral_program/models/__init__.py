# before the models that inherit it
from . import referral_immutable_mixin

from . import (
    account_move,
    account_move_line,
    account_partial_reconcile,
    product_category,
    product_template,
    referral_accrual,
    referral_accrual_compute,
    referral_accrual_line,
    referral_accrual_post,
    referral_compensation,
    referral_mark,
    referral_participant,
    referral_participant_type,
    referral_program,
    referral_program_accrual,
    referral_program_cron,
    referral_program_setup,
    referral_program_terms,
    referral_program_tier,
    referral_referral,
    res_company,
    res_config_settings,
    res_partner,
    res_partner_bank,
)
