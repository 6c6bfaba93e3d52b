from . import (
    test_accrual_referrals,
    test_api,
    test_binding,
    test_contacts,
    test_contacts_random,
    test_materials,
    test_moves,
    test_openapi,
    test_news,
    test_referral_states,
)
