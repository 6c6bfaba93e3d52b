from . import test_advances
from . import test_delivered
from . import test_discounts
from . import test_orders
from . import test_periods
from . import test_shop
from . import test_translation
from . import test_vouchers
