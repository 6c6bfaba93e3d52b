"""Proof: integrity checks, the chain of hashes, the audit file.

Reads everything and changes nothing of it.
"""

from . import (
    referral_integrity_finding,
    referral_integrity_run,
    referral_program_integrity,
    referral_program_chain,
    referral_accrual_audit,
    referral_audit_file,
)
