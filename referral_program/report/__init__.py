from . import (
    referral_xlsx,
    referral_audit_file_xlsx,
    referral_audit_file_proof,
    referral_statement_xlsx,
)
