"""Random books of a few clients, as small readable programs.

A step names what it is about, never how much is open there: it can be played, or left
out, whatever became of the steps before it.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

MONTHS = [date(2026, number, 1) for number in range(1, 5)]
DAYS = (2, 8, 14, 20, 26)
SLOTS = [month.replace(day=day) for month in MONTHS for day in DAYS]
#: Categories by product; None is a line without a product.
PRODUCTS = {
    "vps": "hosting/vps",
    "big vps": "hosting/vps",
    "storage": "hosting",
    "lab": "lab",
    "domain": "domains",
    "power": "colocation/power",
    "promo": "promo",
    "rebate": "promo",
    None: "",
}
EXCLUDED = ("domains", "colocation")
DISCOUNT_PRODUCT = "rebate"
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Client:
    """Whom a participant brought; ``number`` is the participant's."""

    name: str
    number: int
    start: date
    end: date | None = None
    is_postpaid: bool = False
    is_foreign: bool = False

    def __str__(self):
        traits = [
            f"until {self.end}" if self.end else "",
            "postpaid" if self.is_postpaid else "",
            "in euros" if self.is_foreign else "",
        ]
        words = [f"{self.name} brought by p{self.number} on {self.start}", *traits]
        return ", ".join(filter(None, words))


@dataclass(frozen=True)
class Item:
    """A line: its price, which may be negative, before a discount in percent."""

    product: str | None
    price: Decimal
    quantity: int = 1
    discount: int = 0
    tax: int = 0
    start: date | None = None
    end: date | None = None

    @property
    def net(self):
        exact = self.price * self.quantity * (100 - self.discount) / 100
        return exact.quantize(CENT, ROUND_HALF_UP)

    def __str__(self):
        words = [f"{self.product or 'no product'} {self.price}"]
        if self.quantity != 1:
            words.append(f"x {self.quantity}")
        if self.discount:
            words.append(f"less {self.discount} %")
        if self.tax:
            words.append(f"tax {self.tax} %")
        if self.start:
            words.append(f"for {self.start}..{self.end}")
        return " ".join(words)


@dataclass(frozen=True)
class Step:
    """What happens on a day.

    :param of: what it is about; ``to`` what it is matched with
    :param dated: its accounting date, if not the day itself
    :param share: of what is open; ``how``: by which kind of money
    """

    day: date
    kind: str
    name: str = ""
    of: str = ""
    to: str = ""
    items: tuple = ()
    dated: date | None = None
    delivery: date | None = None
    share: str = "1"
    how: str = ""
    auto: bool = True

    def __str__(self):
        words = [f"{self.day} {self.kind}", self.name, f"of {self.of}" * bool(self.of)]
        words.append(f"with {self.to}" * bool(self.to))
        words.append(f"share {self.share} by {self.how}" * bool(self.how))
        words.append(f"dated {self.dated}" if self.dated else "")
        words.append(f"delivered {self.delivery}" if self.delivery else "")
        words.append("" if self.auto else "left unmatched")
        words.append("; ".join(map(str, self.items)))
        return " ".join(filter(None, words))


@dataclass(frozen=True)
class Scenario:
    """Clients of one or two participants, and what happens, at most once a slot."""

    clients: tuple
    steps: tuple

    def __str__(self):
        return "\n".join(map(str, (*self.clients, *self.steps)))

    def without(self):
        """Return the scenarios that are smaller by a step, a line or a client."""
        for number, step in enumerate(self.steps):
            before, after = self.steps[:number], self.steps[number + 1 :]
            yield Scenario(self.clients, before + after)
            for index in range(len(step.items) if len(step.items) > 1 else 0):
                items = step.items[:index] + step.items[index + 1 :]
                if sum(item.net for item in items) > 0:
                    smaller = Step(**{**vars(step), "items": items})
                    yield Scenario(self.clients, (*before, smaller, *after))


@dataclass(frozen=True)
class Conditions:
    """What a program says, for all scenarios of a batch.

    :param terms: of (first day, rate, tiers)
    :param due: for each month, whether it is accrued at once or with the next one
    """

    terms: tuple
    terms_by: str
    paid_when: str
    base: str
    exclude_discounted: bool
    due: tuple
    #: the month from which a category is excluded
    changed: date | None

    def __str__(self):
        return "\n".join(f"{name}: {value}" for name, value in vars(self).items())
