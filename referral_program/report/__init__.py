from . import referral_workbook  # before those that inherit it
from . import referral_audit_file_xlsx, referral_table_xlsx  # as above
from . import (
    referral_audit_file_proof,
    referral_audit_file_summary,
    referral_audit_file_terms,
    referral_explanation_pdf,
    referral_explanation_xlsx,
    referral_forecast_xlsx,
    referral_hash_chain,
    referral_simulation_xlsx,
    referral_statement_xlsx,
)
