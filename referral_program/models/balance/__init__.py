"""Money owed and money out: movements, withdrawals, redemptions, statements.

Reads the ledger; calls ``account`` to make entries and bills.
"""

from . import (
    referral_api_call,
    referral_api_money,
    referral_api_invoices,
    referral_api_statements,
    referral_former_contact,
    referral_payment_mixin,
    referral_liability_movement,
    referral_withdrawal,
    referral_withdrawal_bill,
    referral_withdrawal_billed,
    referral_withdrawal_check,
    referral_withdrawal_four_eyes,
    referral_withdrawal_history,
    referral_withdrawal_events,
    referral_withdrawal_portal,
    referral_redemption,
    referral_redemption_due,
    referral_redemption_events,
    referral_redemption_reversal,
    referral_redemption_mark,
    referral_payout,
    referral_statement,
    referral_statement_document,
    referral_statement_mark,
    referral_participant_guard,
    referral_participant_money,
    referral_participant_move,
    referral_participant_standing,
    referral_participant_why,
    referral_accrual_statements,
)
