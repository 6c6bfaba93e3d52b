"""The rule of accrual: what a line has earned by a day, marks, estimate, dry run.

Reads the books by SQL and calls no other room.
"""

from . import (
    referral_earning,
    referral_earning_groups,
    referral_earning_money,
    referral_earning_carried,
    referral_earning_credit,
    referral_earning_lines,
    referral_earning_followers,
    referral_earning_amounts,
    referral_earning_further,
    referral_mark,
    referral_estimate,
    referral_program_dry_run,
)
