from . import (
    test_joining,
    test_numbers,
    test_tax_ids,
    test_uploads,
)
