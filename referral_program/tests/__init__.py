# Odoo runs the modules named test_* that it finds here
from .accrual import *
from .audit import *
from .balance import *
from .base import *
from .earning import *
from .participant import *
from .portal import *
from .program import *
from .referral import *
