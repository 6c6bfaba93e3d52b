"""Participants: joining, documents and who read them, agreements, personal data.

Calls ``referral`` to end what a participant brought, and ``balance`` for money.
"""

from . import (
    referral_participant,
    referral_participant_state,
    referral_participant_contact,
    referral_representative,
    referral_participant_people,
    referral_participant_company,
    referral_participant_join,
    referral_participant_agreements,
    referral_participant_mail,
    referral_participant_payee,
    referral_participant_type,
    referral_participant_personal_data,
    referral_document,
    referral_document_secret,
    referral_document_upload,
    referral_document_destruction,
    referral_document_page,
    referral_document_reading,
    referral_document_requirement,
    referral_pace,
    referral_question,
    referral_acceptance,
    referral_agreement,
)
