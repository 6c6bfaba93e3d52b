from . import referral_hash_chain, referral_statement_xlsx
