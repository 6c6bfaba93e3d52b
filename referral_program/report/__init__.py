from . import referral_statement_xlsx
