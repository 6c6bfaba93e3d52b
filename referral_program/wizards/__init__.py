from . import base_partner_merge, referral_reason
