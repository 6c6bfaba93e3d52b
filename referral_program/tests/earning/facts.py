"""What the books say, as plain data: all that the model of the accrual looks at.

Amounts are exact fractions in the document's own currency, unless said otherwise.
Dates are ``datetime.date``; keys are whatever tells things apart.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction


@dataclass(frozen=True)
class Terms:
    """Conditions from a day on; rates in percent, tiers as (above, rate)."""

    date_from: date
    rate: Fraction
    base: str = "untaxed"
    exclude_discounted: bool = True
    excluded: frozenset = frozenset()
    tiers: tuple = ()


@dataclass(frozen=True)
class Line:
    """A line of a document, before the document's sign.

    :param category: a path such as ``colocation/power``
    """

    key: object
    product: object
    category: str
    untaxed: Fraction
    total: Fraction
    discount: Fraction = Fraction(0)
    start: date | None = None
    end: date | None = None
    discount_product: bool = False

    @property
    def has_period(self):
        return bool(self.start and self.end)


@dataclass(frozen=True)
class Document:
    """An invoice (sign 1) or a credit note (sign -1), posted or not.

    :param rate: what a unit of its currency is worth in the company's
    :param reverses: the key of the document that it reverses
    :param due: what is to be paid, with tax; that of its lines, if left out
    """

    key: object
    sign: int
    date: date
    client: object
    lines: tuple
    reverses: object = None
    rate: Fraction = Fraction(1)
    delivery: date | None = None
    posted: bool = True
    due: Fraction | None = None

    @property
    def total(self):
        """Return what is to be paid, with tax and without the sign."""
        if self.due is not None:
            return self.due
        return sum((line.total for line in self.lines), Fraction(0))


@dataclass(frozen=True)
class Settled:
    """How much of a thing one step further was settled, on which day, and by what."""

    date: date
    amount: Fraction
    kind: str = "bank"


@dataclass(frozen=True)
class Match:
    """A partial reconciliation on an invoice's receivable.

    :param date: the later one of both items' dates
    :param amount: what it settles, in the invoice's currency
    :param kind: what stands opposite: ``bank`` (a payment, a statement line or an
        entry in a bank, cash or card journal), ``bonus``, ``misc``, ``payment``
        (an entry in a journal that the program lists), ``exchange``, ``redemption``,
        ``credit`` or ``carried``
    :param credit: the credit note's key
    :param given: the amount in the credit note's currency
    :param onward: the whole of what carries the item on, or of what waits for the
        bank statement
    :param settled: what became of that
    """

    date: date
    invoice: object
    amount: Fraction
    kind: str = "bank"
    credit: object = None
    given: Fraction = Fraction(0)
    onward: Fraction = Fraction(0)
    settled: tuple = ()


@dataclass(frozen=True)
class Participant:
    """Whoever brought clients, as things stand when a month is accrued."""

    key: object
    state: str = "active"
    country: str = "RU"
    territory_restricted: bool = False


@dataclass(frozen=True)
class Referral:
    """The referral of a client with a participant; the last day counts."""

    key: object
    participant: object
    client: object
    start: date
    end: date | None = None
    country: str = "RU"
    is_postpaid: bool = False
    is_self: bool = False
    in_force: bool = True

    def covers(self, day):
        return self.start <= day and not (self.end and self.end < day)


@dataclass
class Facts:
    """The books at the moment in which a month is accrued."""

    terms: list = field(default_factory=list)
    terms_by: str = "invoice"
    paid_when: str = "registered"
    redemption_counts: bool = False
    participants: dict = field(default_factory=dict)
    referrals: list = field(default_factory=list)
    documents: dict = field(default_factory=dict)
    matches: list = field(default_factory=list)

    def until(self, end):
        """Return what had happened by a day: posted, dated and matched by then."""
        documents = {
            key: document
            for key, document in self.documents.items()
            if document.posted and document.date <= end
        }
        matches = [match for match in self.matches if match.date <= end]
        return replace(self, documents=documents, matches=matches)

    def root(self, document):
        """Return the document at the beginning of a chain of reversals, if known."""
        while document and document.reverses is not None:
            document = self.documents.get(document.reverses)
        return document
