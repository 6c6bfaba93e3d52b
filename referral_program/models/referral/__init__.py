"""Who brought whom: binding and refusals, claims, visits, materials, months, the API.

Calls ``participant``; whatever changes a referral marks it in ``earning``.
"""

from . import (
    referral_referral,
    referral_referral_bind,
    referral_referral_contacts,
    referral_link,
    referral_referral_link,
    referral_referral_news,
    referral_participant_link,
    referral_referral_move,
    referral_kept_invoice,
    referral_refusal,
    referral_claim,
    referral_visit,
    referral_referral_month,
    referral_material,
    referral_api,
    referral_api_referrals,
)
