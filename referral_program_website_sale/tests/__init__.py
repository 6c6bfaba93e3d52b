from . import test_checkout_code
