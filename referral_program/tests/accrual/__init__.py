from . import (
    test_posting,
    test_processes,
)
