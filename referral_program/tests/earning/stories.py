"""Draws random books of a few clients with Hypothesis, step by step."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from .scenarios import (
    CENT,
    MONTHS,
    PRODUCTS,
    SLOTS,
    Client,
    Conditions,
    Item,
    Scenario,
    Step,
)

PRICES = ("1000", "100", "333.33", "2500.50", "0.07", "1199.99")
RATES = st.sampled_from((9, 5, 12))
TIERS = st.sampled_from(((), (), ((1000, 15),), ((500, 11), (3000, 20))))
TRUE_ONCE_IN = {
    count: st.sampled_from((False,) * (count - 1) + (True,)) for count in range(2, 13)
}
SHARES = st.sampled_from(("1", "1", "0.5", "0.3", "1.3"))
KINDS = (
    ("invoice",) * 5
    + ("pay",) * 8
    + ("credit",) * 4
    + ("match",) * 3
    + ("bounce", "goodwill", "undo", "draft", "post", "prolong", "assign", "pause")
    + ("move",)
    + ("nothing",) * 10
)


@st.composite
def conditions(draw):
    first = (date(2020, 1, 1), *MONTHS[1:])
    days = first[: draw(st.integers(1, 3))]
    return Conditions(
        tuple((day, draw(RATES), draw(TIERS)) for day in days),
        draw(st.sampled_from(("invoice", "invoice", "attribution"))),
        draw(st.sampled_from(("registered", "registered", "bank"))),
        draw(st.sampled_from(("untaxed", "untaxed", "total"))),
        draw(st.sampled_from((True, True, False))),
        tuple(draw(st.sampled_from((True, True, False))) for _ in MONTHS[1:]) + (True,),
        draw(st.sampled_from((None, MONTHS[1], MONTHS[2]))),
    )


class Story:
    """A scenario in the making: what there is to refer to."""

    def __init__(self, draw):
        self.draw = draw
        self.clients, self.steps, self.documents, self.payments = [], [], {}, []

    def one_in(self, count):
        return self.draw(TRUE_ONCE_IN[count])

    def pick(self, values):
        return self.draw(st.sampled_from(values))

    def some(self, *kinds):
        """Return the name of an earlier document of these kinds, if there is one."""
        names = [
            name for name, (step, _c) in self.documents.items() if step.kind in kinds
        ]
        return self.pick(names) if names else None

    # === Parts === #

    def client(self, number):
        start = self.pick((date(2026, 1, 1), date(2026, 1, 1), date(2026, 2, 5)))
        end = self.pick((None, None, None, date(2026, 3, 1), SLOTS[6]))
        return Client(
            f"c{number}",
            self.pick((0, 1)),
            start,
            end,
            self.one_in(6),
            self.one_in(4),
        )

    def period(self, day):
        if not self.one_in(3):
            return {}
        start = day + timedelta(days=self.pick((0, -20, 15, 40)))
        return {
            "start": start,
            "end": start + timedelta(days=self.pick((29, 0, 89, 364))),
        }

    def items(self, day, most=3):
        tax = self.pick((0, 0, 20))
        items = [
            Item(
                self.pick(tuple(PRODUCTS)[:-3] + (None,)),
                Decimal(self.pick(PRICES)),
                self.pick((1, 1, 3)),
                self.pick((0, 0, 0, 10, 50)),
                tax,
                **self.period(day),
            )
            for _ in range(self.draw(st.integers(1, most)))
        ]
        if self.one_in(4):
            items.append(self.lowering(items, tax, day))
        return tuple(items)

    def lowering(self, items, tax, day):
        """Return a negative line that leaves something, or nothing, to be paid."""
        room = sum(item.net for item in items)
        share = Decimal(self.pick(("0.1", "0.4", "1")))
        price = (room * share).quantize(CENT)
        product = self.pick((items[0].product, "promo", "domain", None, "rebate"))
        period = self.period(day) if self.one_in(3) else {}
        by_quantity = self.one_in(2)
        return Item(
            product,
            price if by_quantity else -price,
            -1 if by_quantity else 1,
            tax=tax,
            **period,
        )

    def part(self, items, day):
        """Return lines that take something of a document back."""
        way = self.pick(("all", "line", "line", "words"))
        positive = [item for item in items if item.net > 0]
        if way == "all" or not positive:
            return items
        item = self.pick(positive)
        share = Decimal(self.pick(("1", "0.4", "0.5")))
        price = max((abs(item.price) * share).quantize(CENT), CENT)
        values = {**vars(item), "price": price, "quantity": abs(item.quantity)}
        if way == "words":
            product = self.pick(("promo", None, "vps", "domain"))
            values |= {"product": product, "discount": 0}
        if self.one_in(2):
            values |= {"start": None, "end": None}
            values |= self.period(day) if self.one_in(3) else {}
        return (Item(**values),)

    # === Steps === #

    def document(self, day, kind, prefix, client, items, **values):
        name = f"{prefix}{len(self.documents) + 1}"
        dated = day - timedelta(days=self.pick((0, 0, 0, 0, 12, 40)))
        step = Step(day, kind, name, items=items, dated=dated, **values)
        self.documents[name] = step, client
        return step

    def invoice(self, day):
        client = self.pick(self.clients).name
        late = day + timedelta(days=20) if self.one_in(10) else None
        return self.document(
            day, "invoice", "i", client, self.items(day), to=client, delivery=late
        )

    def goodwill(self, day):
        client = self.pick(self.clients).name
        return self.document(
            day, "goodwill", "g", client, self.items(day, most=2), to=client
        )

    def _reversal(self, day, of, kind, prefix):
        if not of:
            return None
        step, client = self.documents[of]
        items = self.part(step.items, day)
        auto = not self.one_in(3)
        return self.document(day, kind, prefix, client, items, of=of, auto=auto)

    def credit(self, day):
        return self._reversal(
            day, self.some("invoice", "invoice", "undo"), "credit", "r"
        )

    def undo(self, day):
        return self._reversal(day, self.some("credit"), "undo", "u")

    def pay(self, day):
        of = self.some("invoice", "undo")
        if not of:
            return None
        how = self.pick(
            ("payment", "payment", "payment", "bonus", "statement", "misc", "by hand")
        )
        dated = day + timedelta(days=self.pick((0, 0, 0, -20, 10, 40)))
        name = f"m{len(self.payments) + 1}"
        self.payments.append(name)
        return Step(
            day, "pay", name, of=of, dated=dated, share=self.draw(SHARES), how=how
        )

    def assign(self, day):
        """Carry a receivable on to somebody else, or have that one pay."""
        earlier = [step.name for step in self.steps if step.kind == "assign"]
        if earlier and self.one_in(2):
            return Step(
                day,
                "settle",
                of=self.pick(earlier),
                share=self.draw(SHARES),
                how="payment",
            )
        of = self.some("invoice")
        return of and Step(
            day,
            "assign",
            f"a{len(self.steps)}",
            of=of,
            share=self.draw(SHARES),
            how="misc",
        )

    def match(self, day):
        credit = self.some("credit", "goodwill")
        if not credit:
            return None
        client = self.documents[credit][1]
        invoices = [
            name
            for name, (step, whose) in self.documents.items()
            if step.kind in ("invoice", "undo") and whose == client
        ]
        if not invoices:
            return None
        return Step(day, "match", of=credit, to=self.pick(invoices))

    def bounce(self, day):
        if not self.payments:
            return None
        kind = self.pick(("bounce", "clear", "clear"))
        return Step(day, kind, of=self.pick(self.payments))

    def draft(self, day):
        of = self.some("invoice", "credit", "goodwill", "undo")
        return of and Step(day, "draft", of=of)

    def post(self, day):
        return Step(day, "post")

    def prolong(self, day):
        of = self.some("invoice", "credit")
        return of and Step(day, "prolong", of=of)

    def pause(self, day):
        return Step(day, self.pick(("suspend", "resume")), of=f"p{self.pick((0, 1))}")

    def move(self, day):
        """Correct who brought a client, from the beginning or some day on."""
        client = self.pick(self.clients)
        dated = self.pick((client.start, day, day - timedelta(days=12)))
        return Step(day, "move", of=client.name, dated=dated)

    def nothing(self, day):
        return None

    def scenario(self):
        self.clients = [self.client(n) for n in range(self.draw(st.integers(1, 2)))]
        for number, day in enumerate(SLOTS):
            kind = self.pick(KINDS) if number else "invoice"
            step = getattr(self, kind)(day)
            if step:
                self.steps.append(step)
        return Scenario(tuple(self.clients), tuple(self.steps))


@st.composite
def scenarios(draw):
    return Story(draw).scenario()


def drawn(strategy, number, count):
    """Draw from a strategy with a seed, the same each time; return a list."""
    found = []

    @seed(number)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value):
        found.append(value)

    collect()
    return found
