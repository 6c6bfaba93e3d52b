"""How much of a group is paid with real money, and how much of a line is rendered."""

from collections import defaultdict
from fractions import Fraction

ZERO = Fraction(0)
ONE = Fraction(1)


def rendered(line, document, referral, end):
    """Return the share of a line's service that was rendered by a day.

    :param document: whose day counts where the line has no period
    """
    if referral.is_postpaid:
        return ONE
    if line.has_period:
        days = (line.end - line.start).days + 1
        until = (min(line.end, end) - line.start).days + 1
        return Fraction(max(until, 0), days)
    return ONE if (document.delivery or document.date) <= end else ZERO


class Money:
    """Real money by a day, through credit notes to any depth.

    :param taken_back: a function of a credit note that reverses nothing: the share of
        it that takes something back
    """

    def __init__(self, facts, end, taken_back):
        self.facts, self.end, self.taken_back = facts, end, taken_back
        self.now = facts.until(end)
        self.on, self.pays = defaultdict(list), defaultdict(set)
        for match in self.now.matches:
            to = self._group_key(match.invoice)
            if match.credit is not None:
                payer = self._group_key(match.credit)
                if payer == to:
                    continue
                self.pays[payer].add(to)
            self.on[to].append(match)
        self._money = {}

    def _group_key(self, key):
        return self._root(key).key

    def _root(self, key):
        return self.facts.root(self.facts.documents[key])

    def _documents(self, root_key):
        return [
            document
            for document in self.now.documents.values()
            if self._group_key(document.key) == root_key
        ]

    def paid(self, group):
        """Return the share of a group's net that real money has paid."""
        if group.root.sign < 0:
            return ONE
        net = self.net(group.key)
        return min(ONE, self.money(group.key) / net) if net > 0 else ZERO

    def net(self, root_key):
        documents = self._documents(root_key)
        return sum((one.sign * one.total for one in documents), ZERO)

    def money(self, root_key):
        """Return the real money on a group's invoices, in the root's currency."""
        if root_key not in self._money:
            self._money[root_key] = sum(
                (match.amount * self._real(match) for match in self.on[root_key]),
                ZERO,
            )
        return self._money[root_key]

    def _real(self, match):
        """Return the share of a match that is real money."""
        if match.kind == "bank":
            waits = match.onward and self.facts.paid_when == "bank"
            return self._onward(match) if waits else ONE
        if match.kind == "carried":
            return self._onward(match)
        if match.kind == "credit":
            return self._of_credit(match)
        if match.kind == "redemption":
            return ONE if self.facts.redemption_counts else ZERO
        return ONE if match.kind == "payment" else ZERO

    def _onward(self, match):
        """Return the share of what carries an item on that real money has settled."""
        real = sum(
            one.amount
            for one in match.settled
            if one.date <= self.end and one.kind in ("bank", "payment")
        )
        return min(ONE, Fraction(real) / match.onward)

    # === Credit notes === #

    def _of_credit(self, match):
        credit = self.facts.documents[match.credit]
        root = self._root(match.credit)
        if credit.key == root.key:
            return self.taken_back(root)
        if root.key not in self.now.documents:
            # reset to draft: what it is to become, the books do not say yet
            return ZERO
        if self._reaches(self._group_key(match.invoice), root.key):
            return ZERO
        return self._surplus(root.key)

    def _reaches(self, start, goal):
        """Return whether a group pays another, through any number of others."""
        seen, waiting = set(), [start]
        while waiting:
            key = waiting.pop()
            if key == goal:
                return True
            if key not in seen:
                seen.add(key)
                waiting.extend(self.pays[key])
        return False

    def _surplus(self, root_key):
        """Return the share of what credit notes gave outside that was money."""
        gave = self._gave_outside(root_key)
        surplus = self.money(root_key) - max(ZERO, self.net(root_key))
        return min(ONE, max(ZERO, surplus) / gave) if gave else ZERO

    def _gave_outside(self, root_key):
        """Return what a group's credit notes gave outside of it, or still may give."""
        notes = [
            document
            for document in self._documents(root_key)
            if document.sign < 0 and document.key != root_key
        ]
        keys = {note.key for note in notes}
        inside = sum(
            match.given
            for match in self.now.matches
            if match.credit in keys and self._group_key(match.invoice) == root_key
        )
        return sum(note.total for note in notes) - inside
