from . import (
    referral_explanation_pdf,
    referral_explanation_xlsx,
    referral_statement_xlsx,
)
