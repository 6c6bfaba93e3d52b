from . import (
    test_accessibility,
    test_billing,
    test_billing_pages,
    test_files,
    test_hostile_requests,
    test_link,
    test_people,
    test_portal,
    test_portal_money,
    test_tours,
    test_strangers_at_once,
    test_web,
)
