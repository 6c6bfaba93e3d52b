from . import (
    test_dashboard,
    test_failures,
    test_program_cost,
    test_terms_drafts,
    test_uninstall,
)
