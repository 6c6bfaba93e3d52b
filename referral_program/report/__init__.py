from . import referral_statement_xlsx, referral_table_xlsx
