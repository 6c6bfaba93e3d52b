"""Plays the cases of the accrual rule on paper: events become facts for the model.

What Odoo would reconcile is reckoned here: a payment with its invoice, a posted
reversal with what it reverses, as far as both are open.
"""

from dataclasses import replace
from datetime import date
from fractions import Fraction

from .facts import Document, Facts, Line, Match, Participant, Referral, Terms
from .model import Model


def month_end(month):
    """Return the last day of a month such as ``2026-01``."""
    year, number = map(int, month.split("-"))
    following = date(year + number // 12, number % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)


def day(text):
    return date.fromisoformat(text) if text else None


def play(case):
    """Play a case; return what its participant earned by accrued month."""
    return Paper(case).play()


class Paper:
    """The books of a case."""

    def __init__(self, case):
        self.case, self.model = case, Model()
        self.facts = Facts(
            terms=[self._terms(values) for values in case["terms"]],
            terms_by=case.get("terms_by", "invoice"),
            participants={"participant": self._participant()},
            referrals=[self._referral(values) for values in case["referrals"]],
        )
        self.sources, self.number = {}, 0

    def _terms(self, values):
        return Terms(
            date_from=day(values["date_from"]),
            rate=Fraction(values["rate"]),
            base=values.get("base", "untaxed"),
            exclude_discounted=values["exclude_discounted"],
            excluded=frozenset(values["excluded"]),
            tiers=tuple(
                (Fraction(tier["above"]), Fraction(tier["rate"]))
                for tier in values.get("tiers", ())
            ),
        )

    def _participant(self):
        values = self.case.get("participant", {})
        return Participant(
            "participant",
            country=values.get("country", "RU"),
            territory_restricted=values.get("territory_restricted", False),
        )

    def _referral(self, values):
        return Referral(
            values["id"],
            "participant",
            values["id"],
            day(values["date_start"]),
            day(values.get("date_end")),
            country=values["country"],
            is_postpaid=values.get("postpaid", False),
        )

    # === Events === #

    def play(self):
        earned = {}
        for event in self.case["events"]:
            kind = next(key for key in event if key in self.PLAYERS)
            result = self.PLAYERS[kind](self, event)
            if kind == "accrue":
                earned[event["accrue"]] = result.get("participant", Fraction(0))
        return earned

    def _lines(self, event):
        lines = []
        for values in event["lines"]:
            self.number += 1
            untaxed = Fraction(values["amount"])
            lines.append(
                Line(
                    self.number,
                    values.get("product", values["category"]),
                    values["category"],
                    untaxed,
                    untaxed * (1 + Fraction(values.get("tax", 0)) / 100),
                    Fraction(values.get("discount", 0)),
                    day(values.get("start")),
                    day(values.get("end")),
                    values.get("discount_product", False),
                )
            )
        return tuple(lines)

    def _play_document(self, event, key, sign):
        reverses = event.get("of")
        client = event.get("customer") or self.facts.documents[reverses].client
        self.facts.documents[key] = Document(
            key, sign, day(event["on"]), client, self._lines(event), reverses
        )
        if reverses and event.get("auto") != "no":
            credit, invoice = (key, reverses) if sign < 0 else (reverses, key)
            self._settle(invoice, day(event["on"]), None, "credit", credit)

    def _play_invoice(self, event):
        self._play_document(event, event["invoice"], 1)

    def _play_credit_note(self, event):
        self._play_document(event, event["credit_note"], -1)

    def _play_pay(self, event):
        kind = {"cash": "bank"}.get(event.get("kind", "cash"), event.get("kind"))
        match = self._settle(
            event["of"], day(event.get("date", event["on"])), event["amount"], kind
        )
        self.sources[event["pay"]] = match

    def _play_match(self, event):
        self._settle(
            event["of"], day(event["on"]), event["amount"], "credit", event["credit"]
        )

    def _play_unmatch(self, event):
        self.facts.matches.remove(self.sources[event["unmatch"]])

    def _play_accrue(self, event):
        month = event["accrue"]
        return self.model.accrue(month, month_end(month), self.facts)

    PLAYERS = {
        "credit_note": _play_credit_note,
        "invoice": _play_invoice,
        "pay": _play_pay,
        "match": _play_match,
        "unmatch": _play_unmatch,
        "accrue": _play_accrue,
    }

    # === Reconciliation === #

    def _settle(self, invoice, on, amount, kind, credit=None):
        """Match what is open of both, up to an amount; return the match, if any."""
        open_amount = self._open(invoice)
        if amount is not None:
            open_amount = min(open_amount, Fraction(amount))
        days = [on, self.facts.documents[invoice].date]
        if credit:
            open_amount = min(open_amount, self._open(credit))
            # a match between two items happened on the later one's day
            days = [self.facts.documents[key].date for key in (invoice, credit)]
        if open_amount <= 0:
            return None
        match = Match(max(days), invoice, open_amount, kind or "bank", credit)
        match = replace(match, given=open_amount if credit else Fraction(0))
        self.facts.matches.append(match)
        return match

    def _open(self, key):
        used = sum(
            match.amount
            for match in self.facts.matches
            if key in (match.invoice, match.credit)
        )
        return self.facts.documents[key].total - used
