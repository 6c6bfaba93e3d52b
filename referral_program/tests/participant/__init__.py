from . import (
    test_identities,
    test_joining,
    test_membership,
    test_membership_portal,
    test_numbers,
    test_tax_ids,
    test_uploads,
)
