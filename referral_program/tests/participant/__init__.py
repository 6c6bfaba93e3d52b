from . import (
    test_agreements,
    test_identities,
    test_joining,
    test_joining_guards,
    test_membership,
    test_membership_portal,
    test_numbers,
    test_pace,
    test_personal_data,
    test_tax_ids,
    test_upload_limits,
    test_uploads,
)
