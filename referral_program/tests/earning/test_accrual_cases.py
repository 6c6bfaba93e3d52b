"""The cases of the accrual rule, each on real invoices and payments, and on paper.

A case tells what was entered when, in order, and what the participant earned in
each accrued month. The cases are data (``accrual_cases.json``,
``accrual_cases_2.json``, and ``accrual_cases_3.json`` with combinations that were
thought up from the rule alone); these tests only play them. On paper they are played by
the model that random books are compared with: it has to know the rule as well.
"""

import json
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from odoo import fields
from odoo.tests import BaseCase, tagged

from ..common import ReferralCommon
from ..expected import Expected
from . import paper
from .case_playing import CasePlayer, make_terms


def _read(name):
    return json.loads((Path(__file__).parent / name).read_text())["cases"]


CASES = _read("accrual_cases.json") + _read("accrual_cases_2.json")
FURTHER = _read("accrual_cases_3.json")


def following(month):
    """Return the first day after a month such as ``2026-01``, as ISO text."""
    return str(fields.Date.add(fields.Date.to_date(f"{month}-01"), months=1))


@tagged("post_install", "-at_install")
class TestAccrualCasesOnPaper(BaseCase):
    def test_model_knows_all_cases(self):
        for case in CASES + FURTHER:
            with self.subTest(case=case["name"]):
                expected = {
                    month: Fraction(value) for month, value in case["expect"].items()
                }
                self.assertEqual(paper.play(case), expected)


class CaseBooks(Expected, ReferralCommon):
    """Books in which cases are played and accrued."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.till_journal = cls._journal("Till", "TILL", "cash")
        cls.card_journal = cls._journal("Cards", "CARDS", "credit")
        cls._use_outstanding_account(cls.card_journal)

    @classmethod
    def cash_basis_tax(cls, percent):
        """Return a tax that is due once it is paid."""
        cls.company.tax_exigibility = True
        transition = cls.company_data["default_account_tax_sale"].copy()
        transition.reconcile = True
        return cls.env["account.tax"].create(
            {
                "name": f"{percent} % when paid",
                "amount": float(percent),
                "type_tax_use": "sale",
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": transition.id,
                "company_id": cls.company.id,
            }
        )

    def _assert_month_again_changes_nothing(self):
        """Run each month again, then compute all of its history anew."""
        before = self.program.accrual_ids.line_ids.ids
        for accrual in self.program.accrual_ids:
            self.assertEqual(
                self._accrue(accrual.period_start.strftime("%Y-%m")), accrual
            )
        self.assertEqual(self.program.accrual_ids.line_ids.ids, before)
        last = self.program.accrual_ids[0].period_end
        self.assertFalse(self._not_credited(self.program, last))


@tagged("post_install", "-at_install")
class TestAccrualCases(CaseBooks):
    def play(self, case):
        """Play a case's events in the order in which they were entered."""
        make_terms(self, case)
        player, got = CasePlayer(self, case), {}
        for event in case["events"]:
            if month := event.get("accrue"):
                accrual = self._accrue(month, on=event["on"])
                got[month] = self._earned(accrual, player.participant)
            else:
                player.play_event(event)
        expected = {month: Decimal(value) for month, value in case["expect"].items()}
        self.assertEqual(got, expected)
        self.assertLedger(self.program)
        self._assert_month_again_changes_nothing()


@tagged("post_install", "-at_install")
class TestFurtherCases(CaseBooks):
    """Cases with the same terms, side by side in one program: accrued together.

    A case is one participant's; months that it does not tell of give nothing.
    """

    def play(self, cases):
        make_terms(self, cases[0])
        players = [CasePlayer(self, case) for case in cases]
        months = {month for case in cases for month in case["expect"]}
        got = defaultdict(dict)
        for month in sorted(months):
            days = [player.play_until(month, following(month)) for player in players]
            accrual = self._accrue(month, on=max(days))
            for player in players:
                got[player][month] = self._earned(accrual, player.participant)
        for player in players:
            with self.subTest(case=player.case["name"]):
                expected = dict.fromkeys(months, Decimal(0)) | {
                    month: Decimal(value)
                    for month, value in player.case["expect"].items()
                }
                self.assertEqual(got[player], expected)
        self.assertLedger(self.program)
        self._assert_month_again_changes_nothing()


def _together(cases):
    """Return cases in lists of those that can be played side by side.

    One whose months are not run when they are over is played by itself.
    """
    groups = defaultdict(list)
    for case in cases:
        on_time = all(
            event["on"] == following(event["accrue"])
            for event in case["events"]
            if "accrue" in event
        )
        terms = json.dumps([case["terms"], case.get("terms_by")])
        groups[terms if on_time else case["name"]].append(case)
    return list(groups.values())


def _test_of(case):
    def test(self):
        self.play(case)

    test.__doc__ = f"{case['name']}: {case['why']}"
    return test


def _test_of_all(cases):
    def test(self):
        self.play(cases)

    test.__doc__ = "; ".join(case["name"] for case in cases)
    return test


for number, one in enumerate(CASES, 1):
    slug = "".join(c if c.isalnum() else "_" for c in one["name"].lower())
    setattr(TestAccrualCases, f"test_{number:02d}_{slug}", _test_of(one))

for number, some in enumerate(_together(FURTHER), 1):
    setattr(TestFurtherCases, f"test_{number:02d}", _test_of_all(some))
