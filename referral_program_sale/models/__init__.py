from . import account_move_line
from . import referral_earning
from . import referral_earning_advances
from . import referral_mark
from . import referral_program
from . import referral_referral
from . import sale_order
