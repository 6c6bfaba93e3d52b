from . import referral_statement_xlsx  # before the workbook that inherits it

from . import referral_explanation_pdf, referral_explanation_xlsx
