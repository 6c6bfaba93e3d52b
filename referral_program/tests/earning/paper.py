"""Plays the cases of the accrual rule on paper: events become facts for the model.

What Odoo would reconcile is reckoned here: a payment with its invoice, a posted
reversal with what it reverses, as far as both are open.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import date
from fractions import Fraction

from .events import EventPlayer
from .facts import (
    Document,
    Facts,
    Line,
    Match,
    Participant,
    Referral,
    Settled,
    Terms,
)
from .model import Model

#: What the model calls a kind of money of the cases.
KINDS = {"cash": "bank", "till": "bank", "card": "bank"}


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


class Paper(EventPlayer):
    """The books of a case."""

    def __init__(self, case):
        self.case, self.model = case, Model()
        self.facts = Facts(
            terms=[self._terms(values) for values in case["terms"]],
            terms_by=case.get("terms_by", "invoice"),
            participants={"participant": self._participant()},
            referrals=[self._referral(values) for values in case["referrals"]],
        )
        self.rates, self.number = {}, 0
        #: by a payment's name: its day, its kind, its amount, what it settled
        self.payments = {}
        self.sent_back, self.moved = defaultdict(Fraction), {}

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
            result = self.play_event(event)
            if "accrue" in event:
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
                    self.moved.get(values["category"], values["category"]),
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
            key,
            sign,
            day(event.get("date", event["on"])),
            client,
            self._lines(event),
            reverses,
            self.rates.get(event.get("currency"), Fraction(1)),
            day(event.get("delivery")),
            posted=event.get("state") != "draft",
        )
        if event.get("auto") != "no":
            self._settle_reversal(key)

    def _settle_reversal(self, key):
        """Match a posted document with what it reverses, as Odoo does."""
        document = self.facts.documents[key]
        if document.reverses is not None and document.posted:
            pair = (key, document.reverses)
            credit, invoice = pair if document.sign < 0 else reversed(pair)
            self._settle_credit(invoice, credit, None)

    def _play_invoice(self, event):
        self._play_document(event, event["invoice"], 1)

    def _play_credit_note(self, event):
        self._play_document(event, event["credit_note"], -1)

    def _play_draft(self, event):
        self._leave(event["draft"])

    def _play_cancel(self, event):
        self._leave(event["cancel"])

    def _leave(self, key):
        self._change(self.facts.documents, key, posted=False)
        for match in list(self.facts.matches):
            if key in (match.invoice, match.credit):
                self.facts.matches.remove(match)

    def _play_post(self, event):
        key = event["post"]
        lines = [
            replace(line, untaxed=amount, total=amount)
            for line, amount in zip(
                self.facts.documents[key].lines,
                [Fraction(values["amount"]) for values in event.get("lines", ())],
                strict=False,
            )
        ]
        lines = tuple(lines) or self.facts.documents[key].lines
        self._change(self.facts.documents, key, posted=True, lines=lines)
        self._settle_reversal(key)

    # === Money === #

    def _play_pay(self, event):
        name, of = event["pay"], event.get("of")
        kind = event.get("kind", "cash")
        amount = Fraction(event["amount"])
        if of in self.facts.documents and "currency" not in event:
            amount /= self._rate(of)
        on = day(event.get("date", event["on"]))
        self.payments[name] = (on, KINDS.get(kind, kind), amount, [])
        if of in self.payments:
            self._settle_carried(of, on, amount)
        elif of:
            self._settle_payment(of, name, None)

    def _rate(self, key):
        """Return what a unit of a document's currency is worth today."""
        code = next(
            event.get("currency")
            for event in self.case["events"]
            if key in (event.get("invoice"), event.get("credit_note"))
        )
        return self.rates.get(code, Fraction(1))

    def _play_match(self, event):
        credit = event["credit"]
        settle = (
            self._settle_payment if credit in self.payments else self._settle_credit
        )
        settle(event["of"], credit, event["amount"])

    def _play_unmatch(self, event):
        for match in self.payments[event["unmatch"]][3]:
            if match in self.facts.matches:
                self.facts.matches.remove(match)

    def _play_refund(self, event):
        self.sent_back[event.get("of")] += Fraction(event["amount"])

    def _play_carry(self, event):
        name, amount = event["carry"], Fraction(event["amount"])
        self.payments[name] = (day(event["on"]), "carried", amount, [])
        self._settle_payment(event["of"], name, None)

    def _play_rate(self, event):
        self.rates[event["rate"]] = Fraction(event["per"])

    # === People and what they are === #

    def _change(self, where, key, **values):
        where[key] = replace(where[key], **values)

    def _change_referral(self, key, **values):
        self.facts.referrals = [
            replace(one, **values) if one.key == key else one
            for one in self.facts.referrals
        ]

    def _play_participant(self, event):
        self._change(self.facts.participants, "participant", state=event["participant"])

    def _play_correct(self, event):
        names = {"date_start": "start", "date_end": "end"}
        values = {names[key]: day(event[key]) for key in names if key in event}
        self._change_referral(event["correct"], **values)

    def _play_move(self, event):
        self.facts.participants["other"] = Participant("other")
        self._change_referral(event["move"], participant="other")

    def _play_parent(self, event):
        """Let a parent be the commercial partner of a client, and of its invoices."""
        self._change_referral(event["of"], client=event["parent"])
        for key, document in list(self.facts.documents.items()):
            if document.client == event["of"]:
                self._change(self.facts.documents, key, client=event["parent"])

    def _play_country(self, event):
        self._change_referral(event["country"], country=event["to"])

    def _play_postpaid(self, event):
        self._change_referral(event["postpaid"], is_postpaid=event["to"])

    def _play_recategorize(self, event):
        for key, document in list(self.facts.documents.items()):
            lines = tuple(
                replace(line, category=event["to"])
                if line.product == event["recategorize"]
                else line
                for line in document.lines
            )
            self._change(self.facts.documents, key, lines=lines)
        self.moved[event["recategorize"]] = event["to"]

    def _play_accrue(self, event):
        month = event["accrue"]
        return self.model.accrue(month, month_end(month), self.facts)

    # === Reconciliation === #

    def _settle_payment(self, invoice, name, amount):
        """Match what is open of an invoice and of a payment, up to an amount."""
        on, kind, whole, settled = self.payments[name]
        used = sum(match.amount for match in settled if match in self.facts.matches)
        match = self._match(invoice, whole - used, amount, kind=kind)
        if match:
            match = replace(match, date=max(on, self.facts.documents[invoice].date))
            if kind == "carried":
                match = replace(match, onward=whole)
            self.facts.matches.append(match)
            settled.append(match)

    def _settle_credit(self, invoice, credit, amount):
        """Match what is open of an invoice and of a credit note, up to an amount."""
        worth = self._rate(credit) / self._rate(invoice)
        available = self._open(credit) * worth
        match = self._match(invoice, available, amount, kind="credit")
        if match:
            # a match between two items happened on the later one's day
            days = [self.facts.documents[key].date for key in (invoice, credit)]
            given = match.amount / worth
            self.facts.matches.append(
                replace(match, date=max(days), credit=credit, given=given)
            )

    def _match(self, invoice, available, amount, kind):
        """Return the match of an invoice with what is there for it, if any."""
        amounts = [self._open(invoice), available]
        if amount is not None:
            amounts.append(Fraction(amount))
        if min(amounts) > 0:
            return Match(None, invoice, min(amounts), kind)
        return None

    def _settle_carried(self, name, on, amount):
        """Pay what carries an invoice's receivable on."""
        matches = self.facts.matches
        _on, _kind, _whole, (match,) = self.payments[name]
        paid = replace(match, settled=(*match.settled, Settled(on, amount)))
        matches[matches.index(match)] = paid
        self.payments[name][3][:] = [paid]

    def _open(self, key):
        used = sum(
            match.given if key == match.credit else match.amount
            for match in self.facts.matches
            if key in (match.invoice, match.credit)
        )
        return self.facts.documents[key].total - used - self.sent_back[key]
