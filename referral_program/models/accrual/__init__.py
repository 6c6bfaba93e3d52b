"""A month: computing it by ``earning``, posting it, its evidence.

Calls ``earning`` for what is earned; ``balance`` and ``audit`` follow its posting.
"""

from . import (
    referral_accrual,
    referral_accrual_compute,
    referral_accrual_post,
    referral_accrual_review,
    referral_accrual_line,
    referral_compensation,
    referral_program_accrual,
)
