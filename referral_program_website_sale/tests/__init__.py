from . import test_checkout_code, test_shop_translation
