from . import referral_earning
