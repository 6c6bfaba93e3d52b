from . import (
    test_access_matrix,
    test_names,
    test_odoos_doors,
    test_ordinary_users,
    test_protection,
    test_remembering,
    test_roles,
    test_rooms,
    test_rules_table,
    test_shared,
    test_sight,
    test_translation,
)
