"""By what a month is computed."""

from dataclasses import dataclass
from datetime import date

from odoo.tools import SQL

#: The accruals' own evidence, which also holds that of other programs.
ACCRUED = "referral_accrual_line"


@dataclass(frozen=True)
class Conditions:
    """What a program says about a computation, as plain data.

    :ivar end: the last day that counts, inclusive
    :ivar unit: of the company's currency: its ``rounding``
    :ivar company_ids: the companies whose invoices count
    :ivar bonus_journal_ids: journals whose payments are not money
    :ivar payment_journal_ids: miscellaneous journals whose entries are money
    :ivar redemptions: invoices paid with a referral balance are paid with money
    :ivar bank_only: a payment is money only when a bank statement matched it
    :ivar by_attribution: terms of the referral's first day, not of the root's date
    :ivar discount_product_ids: products that make an invoice discounted
    :ivar accrual_id: the accrual whose own lines do not count as credited
    :ivar has_tiers: whether any terms have tiers
    :ivar has_inactive: whether any participant is not active

    :ivar stage: the first word of the names of the temporary tables

    The rest is for estimates and dry runs (:mod:`.dry_run`):

    :ivar evidence: the relation that says what was credited; another one than the
        accruals' own counts as a whole
    :ivar terms: the relation of the terms
    :ivar excluded: the relation of the categories that terms exclude
    :ivar tiers: the relation of the terms' tiers
    :ivar active_ids: participants who count as active whatever their state
    :ivar posted_only: whether only posted accruals say what was credited
    :ivar expected_from: if given, what is open counts as paid when it is due, or on
        this day if it is overdue
    """

    program_id: int
    end: date
    company_ids: tuple
    bonus_journal_ids: tuple = ()
    payment_journal_ids: tuple = ()
    redemptions: bool = True
    bank_only: bool = False
    by_attribution: bool = False
    discount_product_ids: tuple = ()
    accrual_id: int = 0
    unit: float = 0.01
    has_tiers: bool = True
    has_inactive: bool = True
    stage: str = "referral"
    evidence: str = ACCRUED
    terms: str = "referral_program_terms"
    excluded: str = "referral_terms_excluded_category_rel"
    tiers: str = "referral_program_tier"
    active_ids: tuple = ()
    posted_only: bool = False
    expected_from: date | None = None

    def table(self, name):
        """Return the temporary table of this computation with that name."""
        return SQL.identifier(f"{self.stage}_{name}")
