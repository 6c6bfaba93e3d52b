from . import test_advances
from . import test_discounts
from . import test_orders
