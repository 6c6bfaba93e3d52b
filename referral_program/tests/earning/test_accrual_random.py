"""Whatever happens in whatever order: both reckonings agree, and the invariants hold.

Hypothesis draws scenarios of a few clients; many are played in one database at once, on
real records. Each month is reckoned a second time by the independent model, from the
facts alone: each line has to agree to six decimals, each participant's month to the
kopeck. If they differ, the scenario is made smaller as long as they do, and shown.
"""

import os
from collections import defaultdict
from fractions import Fraction

from psycopg2 import Error

from odoo.fields import Date
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import ReferralCommon
from .model import Model
from .playing import Batch
from .reading import EURO, Reader, exact
from .scenarios import MONTHS, PRODUCTS, SLOTS
from .stories import conditions, drawn, scenarios

#: About how long its classes take: such are begun first.
SECONDS = 60

#: How many scenarios, from which seed on, and how many of them are played together.
COUNT = int(os.environ.get("FUZZ_SCENARIOS", "75"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
SIZE = int(os.environ.get("FUZZ_SIZE", "75"))
#: How often a scenario that fails is made smaller before it is shown.
SMALLER = int(os.environ.get("FUZZ_SMALLER", "4"))


@tagged("post_install", "-at_install")
class TestAccrualRandom(ReferralCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.setup_other_currency(
            "EUR", rates=[(first, 1 / worth) for first, worth in EURO]
        )
        cls.factor = cls._partner("Factor")
        cls.products = {
            name: cls._product(path, name=name) if name else cls.env["product.product"]
            for name, path in PRODUCTS.items()
        }
        cls._category("colocation")
        cls.program.discount_product_ids = cls.products["rebate"]
        cls._tax(20)
        cls.paths = {category.id: path for path, category in cls.categories.items()}

    # === Playing === #

    def _play(self, scenarios, said):
        """Play scenarios; return what differs, as texts by their number."""
        batch, due = Batch(self, scenarios, said), []
        models = [Model() for _scenario in scenarios]
        self.differences = defaultdict(list)
        for month, at_once in zip(MONTHS, said.due, strict=True):
            due.append(month)
            if month == said.changed:
                self.products["lab"].categ_id = self.categories["domains"]
            for day in SLOTS:
                if day.replace(day=1) == month:
                    batch.play(day)
            if at_once:
                self._accrue_all(due, batch, models)
                due = []
        return self.differences

    def _accrue_all(self, due, batch, models):
        """Accrue the months that are due, really and on paper."""
        first = Date.add(due[-1], months=1)
        facts = Reader(batch).facts()
        for month in due:
            accrual = self._accrue(month.strftime("%Y-%m"), on=first)
            end, earned = Date.end_of(month, "month"), {}
            for number, model in enumerate(models):
                earned |= model.accrue(month, end, facts[number])
            self._compare_lines(accrual, batch, models, facts)
            self._compare_months(accrual, batch, earned)
        self.assertLedger(self.program)

    def _compare_lines(self, accrual, batch, models, facts):
        given = {
            (line.line_key, line.participant_id.id): (
                exact(line.base),
                exact(line.amount),
            )
            for line in accrual.line_ids
        }
        expected = {
            (one.line, one.participant): (one.base, one.amount)
            for model in models
            for one in model.evidence
            if one.month == accrual.period_start
        }
        homes = {
            line.key: document.key
            for one in facts.values()
            for document in one.documents.values()
            for line in document.lines
        }
        names = {move.id: key for key, move in batch.moves.items()}
        for key in given.keys() | expected.keys():
            if given.get(key) != expected.get(key):
                number, name = names[homes[key[0]]]
                line = self.env["account.move.line"].browse(key[0])
                self._differs(
                    number,
                    accrual,
                    f"{name}, {line.name} {line.price_subtotal}",
                    given.get(key, (0, 0)),
                    expected.get(key, (0, 0)),
                )

    def _compare_months(self, accrual, batch, earned):
        for (number, name), participant in batch.participants.items():
            given = self._earned(accrual, participant)
            expected = earned.get(participant.id, Fraction(0))
            if Fraction(given) != expected:
                self._differs(number, accrual, name, (given,), (expected,))

    def _differs(self, number, accrual, what, given, expected):
        given, expected = (
            " / ".join(f"{float(value):.6f}" for value in values)
            for values in (given, expected)
        )
        self.differences[number].append(
            f"{accrual.period_start:%B}, {what}: {given} instead of {expected}"
        )

    # === Showing === #

    @mute_logger("odoo.sql_db")
    def _rolled_back(self, scenarios, said):
        """Play scenarios and forget it; return what differs.

        If the database refuses something, half of them are played at a time.
        """
        savepoint = self.env.cr.savepoint()
        try:
            return self._play(scenarios, said)
        except Error as error:
            refused = str(error)
        finally:
            savepoint.rollback()
            self.env.invalidate_all(flush=False)
            self.env.registry.clear_all_caches()
        if len(scenarios) == 1:
            return {0: [refused]}
        half = len(scenarios) // 2
        found = self._rolled_back(scenarios[half:], said)
        return self._rolled_back(scenarios[:half], said) | {
            half + number: texts for number, texts in found.items()
        }

    def _smallest(self, scenario, said):
        """Make a scenario smaller as long as something differs."""
        found = self._rolled_back([scenario], said)[0]
        for _ in range(SMALLER):
            smaller = list(scenario.without())
            failing = self._rolled_back(smaller, said)
            if not failing:
                break
            number = min(failing, key=lambda one: len(str(smaller[one])))
            scenario, found = smaller[number], failing[number]
        return scenario, found

    def _check(self, number):
        """Play the batch of a number; fail with the smallest program that differs."""
        said = drawn(conditions(), number, 3)[-1]
        some = []
        while len(some) < SIZE:
            # Hypothesis begins with the simplest, and varies what it drew before
            some += drawn(scenarios(), number * 1000 + len(some), 6)[1:]
        differences = self._rolled_back(some[:SIZE], said)
        if differences:
            first = min(differences, key=lambda one: len(some[one].steps))
            scenario, found = self._smallest(some[first], said)
            self.fail(
                "\n".join(
                    [
                        f"seed {number}: {len(differences)} of {SIZE} scenarios differ",
                        str(said),
                        str(scenario),
                        *found,
                    ]
                )
            )


def _test_with(number):
    def test(self):
        self._check(number)

    test.__doc__ = f"Scenarios of seed {number}."
    return test


for number in range(SEED, SEED + -(-COUNT // SIZE)):
    setattr(TestAccrualRandom, f"test_seed_{number}", _test_with(number))
