# base first: others inherit its mixins
from . import base
from . import program, participant, referral, earning, accrual, balance, audit, account
