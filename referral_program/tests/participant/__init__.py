from . import (
    test_joining,
    test_numbers,
    test_uploads,
)
