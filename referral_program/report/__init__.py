from . import (
    referral_xlsx,
    referral_audit_file_xlsx,
    referral_audit_file_proof,
    referral_hash_chain,
    referral_statement_xlsx,
)
