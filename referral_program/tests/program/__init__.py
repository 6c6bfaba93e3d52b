from . import (
    test_account_codes,
    test_branches,
    test_colleagues,
    test_dashboard,
    test_days,
    test_events,
    test_failures,
    test_health,
    test_program_cost,
    test_steps,
    test_terms_drafts,
    test_uninstall,
)
