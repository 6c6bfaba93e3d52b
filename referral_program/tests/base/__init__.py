from . import (
    test_ordinary_users,
    test_protection,
    test_translation,
)
