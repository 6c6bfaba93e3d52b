"""The rule of accrual: what a line has earned by a day, marks, estimate, dry run.

Reads the books by SQL and calls no other room.
"""

from . import (
    referral_mark,
    referral_estimate,
    referral_program_dry_run,
)
