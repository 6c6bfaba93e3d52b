"""A second, independent reckoning of the rule of accrual, in exact fractions.

It knows plain data only (see ``facts``): no records, no SQL. ``Model.accrue`` is told
the facts of the moment and remembers, as the evidence does, what it credited.
"""

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from .reckoning import Earned, Reckoning

ZERO = Fraction(0)
MICRO = Fraction(1, 10**6)
UNIT = Fraction(1, 100)


def rounded(amount, unit):
    """Round to a unit, half of it away from zero."""
    count, rest = divmod(abs(amount), unit)
    size = (count + (2 * rest >= unit)) * unit
    return size if amount >= 0 else -size


@dataclass(frozen=True)
class Evidence:
    """What a line gave a participant in a month."""

    month: object
    participant: object
    referral: object
    line: object
    base: Fraction
    amount: Fraction


@dataclass
class Credited:
    """What a line was credited so far, and what became of it when it last earned."""

    about: Earned
    base: Fraction = ZERO
    amount: Fraction = ZERO


class Model:
    """The months of a program, one after another."""

    def __init__(self):
        self.credited = {}
        self.fixed = {}
        self.peaks = defaultdict(Fraction)
        self.evidence = []

    def accrue(self, month, end, facts):
        """Accrue a month; return what each participant earned, rounded.

        :param month: whatever tells months apart
        :param date end: the month's last day
        """
        earned = Reckoning(facts, end, self.fixed).earned()
        deltas = self._allowed(self._deltas(earned), facts)
        given = self._amounts(deltas, self._rates(deltas))
        months = defaultdict(Fraction)
        for (line, owner), amount in given.items():
            delta = deltas[line, owner]
            self._credit(line, owner, delta, amount)
            referral, participant = owner
            self.evidence.append(
                Evidence(month, participant, referral, line, delta, amount)
            )
            months[participant] += amount
        self._remember_peaks()
        return {who: rounded(amount, UNIT) for who, amount in months.items()}

    # === How much of what is new === #

    def _deltas(self, earned):
        """Return what is new in each line's base, by (line, owner).

        What goes to another owner is reversed first, and comes the month after.
        """
        deltas = {}
        held = {
            line: owner
            for (line, owner), credited in self.credited.items()
            if credited.base or credited.amount
        }
        for key in {**self.credited, **earned}:
            line, owner = key
            if held.get(line, owner) != owner:
                continue
            credited = self.credited.setdefault(key, Credited(earned.get(key)))
            credited.about = earned.get(key, credited.about)
            target = earned[key].base if key in earned else ZERO
            delta = rounded(target, MICRO) - credited.base
            if delta:
                deltas[key] = delta
        return deltas

    def _together(self, keys):
        """Return keys by the group and owner that they belong to."""
        groups = defaultdict(list)
        for key in keys:
            groups[self._of(key)].append(key)
        return groups

    def _of(self, key):
        about = self.credited[key].about
        return about.group, about.owner

    def _sum(self, of):
        """Return the base that a group was credited."""
        return sum(
            one.base for key, one in self.credited.items() if self._of(key) == of
        )

    def _allowed(self, deltas, facts):
        """Return the deltas that a participant's state allows."""
        allowed = {}
        for of, keys in self._together(deltas).items():
            state = facts.participants[of[1][1]].state
            total = sum(deltas[key] for key in keys)
            part = Fraction(1)
            if total > 0 and state == "suspended":
                part = ZERO
            elif total > 0 and state in ("closed", "rejected"):
                part = min(max(self.peaks[of] - self._sum(of), ZERO) / total, part)
            for key in keys:
                if part:
                    allowed[key] = rounded(deltas[key] * part, MICRO)
        return allowed

    def _remember_peaks(self):
        sums = defaultdict(Fraction)
        for key, credited in self.credited.items():
            sums[self._of(key)] += credited.base
        for of, total in sums.items():
            self.peaks[of] = max(self.peaks[of], total)

    # === At which rate === #

    def _back_and_away(self, key, delta):
        """Split a delta into what goes back toward zero and what goes away from it."""
        base = self.credited[key].base
        if base * delta >= 0:
            return ZERO, delta
        back = max(delta, -base) if delta < 0 else min(delta, -base)
        return back, delta - back

    def _rates(self, deltas):
        """Return each leading line's rate in this month: that of its client's tier."""
        new = defaultdict(Fraction)
        for key, delta in deltas.items():
            about = self.credited[key].about
            if about.in_root:
                new[about.owner] += self._back_and_away(key, delta)[1]
        rates = {}
        for key in deltas:
            about = self.credited[key].about
            reached = [tier for tier in about.terms.tiers if new[about.owner] > tier[0]]
            rate = max(reached)[1] if reached else about.terms.rate
            rates[key] = rate / 100
        return rates

    def _amounts(self, deltas, rates):
        """Return each line's amount, exact to six decimals."""
        amounts = {}
        for of, keys in self._together(deltas).items():
            following = {}
            for key in keys:
                credited = self.credited[key]
                back, away = self._back_and_away(key, deltas[key])
                amount = back * credited.amount / credited.base if back else ZERO
                amount = rounded(amount, MICRO)
                if credited.about.leads:
                    amount += rounded(away * rates[key], MICRO)
                elif away:
                    following[key] = away
                amounts[key] = amount
            for key, away in following.items():
                rate = self._average(of, deltas, following, amounts, rates[key])
                amounts[key] += away * rate
        return {key: rounded(amount, MICRO) for key, amount in amounts.items()}

    def _average(self, of, deltas, following, amounts, otherwise):
        """Return a group's average rate so far, before what follows in this month.

        If all of it was taken back, that of its leading lines. Never more than the best
        of these: a line's amount is at most its rate times its base.
        """
        base = amount = leading = led = ZERO
        best = []
        for key, credited in self.credited.items():
            if self._of(key) != of:
                continue
            new = deltas.get(key, ZERO) - following.get(key, ZERO)
            gained = ZERO if key in following else amounts.get(key, ZERO)
            base += credited.base + new
            amount += credited.amount + gained
            if credited.about.leads:
                leading += credited.base + new
                led += credited.amount + gained
                if credited.base + new:
                    best.append((credited.amount + gained) / (credited.base + new))
        if base:
            return min(amount / base, max(best, default=amount / base))
        return led / leading if leading else otherwise

    def _credit(self, line, owner, delta, amount):
        credited = self.credited[line, owner]
        credited.base += delta
        credited.amount += amount
        if credited.about.leads:
            self.fixed.setdefault((line, owner), credited.about.terms)
