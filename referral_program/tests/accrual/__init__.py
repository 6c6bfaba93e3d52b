from . import (
    test_posting,
    test_processes,
    test_review,
)
