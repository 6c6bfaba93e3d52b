from . import (
    test_accrual_bonds,
    test_api,
    test_bonding,
    test_contacts,
    test_materials,
    test_referral_states,
)
