"""The 55 cases of the accrual rule, each on real invoices and payments, and on paper.

A case tells what was entered when, in order, and what the participant earned in
each accrued month. The cases are data (``accrual_cases.json`` and
``accrual_cases_2.json``); this file only plays them. On paper they are played by the
model that random books are compared with: it has to know the rule as well.
"""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from odoo import Command
from odoo.tests import BaseCase, tagged

from ..common import ReferralCommon
from ..expected import Expected
from . import paper

CASES = [
    case
    for name in ("accrual_cases.json", "accrual_cases_2.json")
    for case in json.loads((Path(__file__).parent / name).read_text())["cases"]
]


@tagged("post_install", "-at_install")
class TestAccrualCasesOnPaper(BaseCase):
    def test_model_knows_all_cases(self):
        for case in CASES:
            with self.subTest(case=case["name"]):
                expected = {
                    month: Fraction(value) for month, value in case["expect"].items()
                }
                self.assertEqual(paper.play(case), expected)


@tagged("post_install", "-at_install")
class TestAccrualCases(Expected, ReferralCommon):
    def play(self, case):
        """Play a case's events in the order in which they were entered."""
        self.case = case
        self.documents, self.products = {}, {}
        self._make_terms()
        self.participant = self._make_participant()
        self.clients = {
            referral["id"]: self._make_client(referral)
            for referral in case["referrals"]
        }
        got = {}
        for event in case["events"]:
            kind = next(key for key in event if key in self.PLAYERS)
            result = self.PLAYERS[kind](self, event)
            if kind == "accrue":
                got[event["accrue"]] = self._earned(result, self.participant)
        expected = {month: Decimal(value) for month, value in case["expect"].items()}
        self.assertEqual(got, expected)
        self.assertLedger(self.program)
        self._assert_month_again_changes_nothing()

    # === The case's world === #

    def _make_terms(self):
        self.program.terms_ids.unlink()
        self.program.terms_by = self.case.get("terms_by", "invoice")
        for terms in self.case["terms"]:
            self.env["referral.program.terms"].create(
                {
                    "program_id": self.program.id,
                    "date_from": terms["date_from"],
                    "rate": float(terms["rate"]),
                    "base": terms.get("base", "untaxed"),
                    "exclude_discounted": terms["exclude_discounted"],
                    "excluded_category_ids": [
                        Command.set(
                            [self._category(path).id for path in terms["excluded"]]
                        )
                    ],
                    "tier_ids": [
                        Command.create(
                            {
                                "above": float(tier["above"]),
                                "rate": float(tier["rate"]),
                            }
                        )
                        for tier in terms.get("tiers", [])
                    ],
                }
            )

    def _make_participant(self):
        values = self.case.get("participant", {})
        participant = self._participant()
        participant.type_id = self.env["referral.participant.type"].create(
            {
                "name": "Of this case",
                "entity_type": "individual",
                "territory_restricted": values.get("territory_restricted", False),
            }
        )
        participant.partner_id.country_id = self._country(values.get("country", "RU"))
        return participant

    def _make_client(self, referral):
        client = self._partner(
            referral["id"],
            country_id=self._country(referral["country"]).id,
            referral_postpaid=referral.get("postpaid", False),
        )
        self._referral(
            self.participant,
            client,
            referral["date_start"],
            date_end=referral.get("date_end"),
        )
        return client

    def _country(self, code):
        return self.env["res.country"].search([("code", "=", code)])

    # === The case's events === #

    def _lines(self, event):
        lines = []
        for line in event["lines"]:
            product = self._case_product(line)
            price = Decimal(line["amount"])
            discount = Decimal(line.get("discount", "0"))
            # the amount is after the discount
            unit = price / (1 - discount / 100)
            tax = [self._tax(line["tax"]).id] if line.get("tax") else []
            lines.append(
                self._line(
                    unit,
                    product=product,
                    discount=float(discount),
                    start_date=line.get("start"),
                    end_date=line.get("end"),
                    tax_ids=[Command.set(tax)],
                )
            )
        return lines

    def _case_product(self, line):
        """Return a line's product, the same one for the same name."""
        is_discount = bool(line.get("discount_product"))
        key = (line.get("product", line["category"]), is_discount)
        if key not in self.products:
            self.products[key] = self._product(line["category"], name=key[0])
            if is_discount:
                self.program.discount_product_ids |= self.products[key]
        return self.products[key]

    def _play_document(self, event, key, move_type):
        """Post an invoice or a credit note, which may reverse an earlier document."""
        values = {}
        client = self.clients.get(event.get("customer"))
        if reversed_move := self.documents.get(event.get("of")):
            client = client or reversed_move.partner_id
            values["reversed_entry_id"] = reversed_move.id
        self.documents[key] = document = self._invoice(
            client, event["on"], self._lines(event), move_type, **values
        )
        if event.get("auto") == "no":
            with self.on(event["on"]):
                self._receivable(document).remove_move_reconcile()

    def _play_invoice(self, event):
        self._play_document(event, event["invoice"], "out_invoice")

    def _play_credit_note(self, event):
        self._play_document(event, event["credit_note"], "out_refund")

    def _play_pay(self, event):
        invoice = self.documents[event["of"]]
        day = event.get("date", event["on"])
        kind = event.get("kind", "cash")
        if kind == "misc":
            self._misc(invoice, day, event["amount"])
            return
        journal = self.bonus_journal if kind == "bonus" else self.bank_journal
        self.documents[event["pay"]] = self._pay(
            invoice, day, event["amount"], journal, entered=event["on"]
        )

    def _play_match(self, event):
        credit, invoice = self.documents[event["credit"]], self.documents[event["of"]]
        self._match(credit, invoice, event["on"])
        partials = self._receivable(credit).matched_debit_ids
        matched = partials.filtered(
            lambda partial: partial.debit_move_id.move_id == invoice
        )
        self.assertEqual(
            Decimal(str(sum(matched.mapped("amount")))), Decimal(event["amount"])
        )

    def _play_unmatch(self, event):
        self._unmatch(self.documents[event["unmatch"]], event["on"])

    def _play_accrue(self, event):
        return self._accrue(event["accrue"], on=event["on"])

    PLAYERS = {
        "credit_note": _play_credit_note,
        "invoice": _play_invoice,
        "pay": _play_pay,
        "match": _play_match,
        "unmatch": _play_unmatch,
        "accrue": _play_accrue,
    }

    # === Afterwards === #

    def _assert_month_again_changes_nothing(self):
        """Run each month again, then compute all of its history anew."""
        before = self.program.accrual_ids.line_ids.ids
        for accrual in self.program.accrual_ids:
            self.assertEqual(
                self._accrue(accrual.period_start.strftime("%Y-%m")), accrual
            )
        self.assertEqual(self.program.accrual_ids.line_ids.ids, before)
        last = self.program.accrual_ids[0].period_end
        self.assertFalse(self._not_given(self.program, last))


def _test_of(case):
    def test(self):
        self.play(case)

    test.__doc__ = f"{case['name']}: {case['why']}"
    return test


for number, one in enumerate(CASES, 1):
    slug = "".join(c if c.isalnum() else "_" for c in one["name"].lower())
    setattr(TestAccrualCases, f"test_{number:02d}_{slug}", _test_of(one))
