"""What the lines of groups have earned by a day, from the facts of the moment."""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from .money import Money, rendered

ZERO = Fraction(0)


@dataclass
class Earned:
    """What a line has earned by a day for its owner, (referral, participant).

    :param leads: whether it leads, or follows lines of the root
    :param in_root: whether it is a line of the root
    """

    group: object
    owner: tuple
    leads: bool
    in_root: bool
    terms: object
    base: Fraction = ZERO


@dataclass
class Group:
    """A root and whatever reverses it, with its lines by what they do.

    Sizes are in the direction of the root: what leads is positive, what a follower
    takes off as well.
    """

    root: object
    documents: list = field(default_factory=list)

    @property
    def key(self):
        return self.root.key

    def lines(self):
        for document in self.documents:
            for line in document.lines:
                yield document, line

    def leaders(self):
        return [line for line in self.root.lines if line.untaxed > 0]

    def followers(self):
        """Return (document, line) of what lowers, or gives back what was lowered."""
        return [
            (document, line)
            for document, line in self.lines()
            if line.untaxed < 0 or (line.untaxed and document.key != self.key)
        ]


def size_of(line, terms):
    """Return what a line may earn on, in its document's currency."""
    return line.total if terms.base == "total" else line.untaxed


def spread(leaders, followers):
    """Spread what followers lower over leaders, in three steps.

    :param dict leaders: size by line
    :param dict followers: what it lowers (negative: gives back) by line
    :return dict: by follower, a dict of its part by leader
    """
    left, waiting = dict(leaders), dict(followers)
    parts = {line: defaultdict(Fraction) for line in followers}
    for likeness in (
        lambda line: (line.product, line.discount),
        # a tuple too: to have no product is to be alike, not to be anything
        lambda line: (line.product,),
        lambda line: None,
    ):
        for like in dict.fromkeys(map(likeness, followers)):
            few = [line for line in followers if likeness(line) == like]
            targets = {line: left[line] for line in left if likeness(line) == like}
            room, wanted = sum(targets.values()), sum(waiting[line] for line in few)
            if room <= 0 and wanted <= 0 and like is None:
                # what gives back where nothing is left gives back to all as they were
                targets = dict(leaders)
                room = sum(targets.values())
            if room <= 0:
                continue
            share = room / wanted if wanted > room else Fraction(1)
            for line in few:
                for target, size in targets.items():
                    part = waiting[line] * share * size / room
                    parts[line][target] += part
                    left[target] -= part
                waiting[line] -= waiting[line] * share
    return parts


class Reckoning:
    """What all lines have earned by a day, from the facts and what is fixed.

    :param dict fixed: terms by (line, owner) of leading lines that were credited
    """

    def __init__(self, facts, end, fixed):
        self.facts, self.end, self.fixed = facts, end, fixed
        self.groups = self._groups()
        self.money = Money(facts, end, self._taken_back)

    def _groups(self):
        """Return the groups whose root is there, by its key."""
        now = self.facts.until(self.end).documents
        groups = {}
        for document in now.values():
            root = self.facts.root(document)
            if root and root.key in now:
                group = groups.setdefault(root.key, Group(root))
                group.documents.append(document)
        return groups

    def earned(self):
        """Return what lines have earned: Earned by (line, owner)."""
        found = {}
        for group in self.groups.values():
            referral = self._referral(group.root)
            if referral:
                found.update(self._of_group(group, referral))
        return found

    # === Whose, and by which terms === #

    def _referral(self, root):
        """Return the referral that a root is credited to: the older one of two."""
        found = [
            referral
            for referral in self.facts.referrals
            if referral.in_force
            and referral.client == root.client
            and referral.covers(root.date)
        ]
        return min(found, key=lambda referral: referral.start, default=None)

    def _terms(self, root, referral):
        cohorts = self.facts.terms_by == "attribution"
        day = referral.start if cohorts else root.date
        fit = [terms for terms in self.facts.terms if terms.date_from <= day]
        return max(fit, key=lambda terms: terms.date_from, default=None)

    def _reason(self, line, root, referral, terms):
        """Return why a leading line earns nothing, or nothing."""
        participant = self.facts.participants[referral.participant]
        if any(
            line.category == path or line.category.startswith(f"{path}/")
            for path in terms.excluded
        ):
            return "excluded_category"
        is_discounted = line.discount or any(one.discount_product for one in root.lines)
        if root.sign > 0 and terms.exclude_discounted and is_discounted:
            return "discounted"
        if referral.is_self:
            return "self_referral"
        if participant.territory_restricted and referral.country != participant.country:
            return "territory"
        return None

    # === A group === #

    def _of_group(self, group, referral):
        terms = self._terms(group.root, referral)
        owner = (referral.key, referral.participant)
        if not terms:
            return {}
        shares = self._shares(group, referral, terms)
        return {
            (line.key, owner): Earned(
                group.key,
                owner,
                leads,
                document.key == group.key,
                self.fixed.get((line.key, owner), terms),
                share * size_of(line, terms) * document.sign * group.root.rate,
            )
            for document, line, leads, share in shares
        }

    def _shares(self, group, referral, terms):
        """Return (document, line, whether it leads, share of it that has earned)."""
        root, owner = group.root, (referral.key, referral.participant)
        paid = self.money.paid(group)
        leaders = group.leaders()
        eligible = [
            line
            for line in leaders
            if (line.key, owner) in self.fixed
            or not self._reason(line, root, referral, terms)
        ]
        moment = {
            line: min(paid, rendered(line, root, referral, self.end))
            for line in eligible
        }
        shares = [(root, line, True, moment.get(line, ZERO)) for line in leaders]
        parts = spread(
            {line: size_of(line, terms) for line in leaders},
            {
                line: -document.sign * root.sign * size_of(line, terms)
                for document, line in group.followers()
            },
        )
        lowered = []
        for document, line in group.followers():
            own = None
            if line.has_period:
                own = min(paid, rendered(line, document, referral, self.end))
            part = sum(
                part * (moment[target] if own is None else own)
                for target, part in parts[line].items()
                if target in moment
            )
            whole = paid * sum(
                part for target, part in parts[line].items() if target in moment
            )
            size = -document.sign * root.sign * size_of(line, terms)
            lowered.append((document, line, part / size, whole / size))
        most = paid * sum(size_of(line, terms) for line in eligible)
        lowered = self._ahead(shares, lowered, root, terms, most)
        return shares + self._scaled(shares, lowered, root, terms)

    def _ahead(self, shares, lowered, root, terms, most):
        """Let followers go ahead of their own service periods, together, so that the
        group earns on no more than what was paid of its net.

        :param lowered: (document, line, share lowered, share once all is rendered)
        :param most: what leads and earns, as far as it is paid
        """
        leading = sum(share * size_of(line, terms) for _d, line, _l, share in shares)
        sizes = [
            -document.sign * root.sign * size_of(line, terms)
            for document, line, _share, _whole in lowered
        ]
        now = sum(size * one[2] for size, one in zip(sizes, lowered, strict=True))
        then = sum(size * one[3] for size, one in zip(sizes, lowered, strict=True))
        needed = leading - (most - then)
        ahead = ZERO
        if now < then and now < needed:
            ahead = (needed - now) / (then - now)
        return [
            (document, line, False, share + (whole - share) * ahead)
            for document, line, share, whole in lowered
        ]

    def _scaled(self, shares, lowered, root, terms):
        """Scale followers down together where they exceed their leaders."""
        leading = sum(share * size_of(line, terms) for _d, line, _l, share in shares)
        lowering = sum(
            -document.sign * root.sign * share * size_of(line, terms)
            for document, line, _leads, share in lowered
        )
        if lowering <= leading:
            return lowered
        scale = leading / lowering
        return [
            (document, line, leads, share * scale)
            for document, line, leads, share in lowered
        ]

    def _taken_back(self, root):
        """Return the share of a credit note that reverses nothing that takes back."""
        group = self.groups.get(root.key)
        referral = self._referral(root)
        terms = referral and self._terms(root, referral)
        if not group or not terms:
            return ZERO
        back = sum(
            -document.sign * share * line.total
            for document, line, _leads, share in self._shares(group, referral, terms)
        )
        return min(max(back / root.total, ZERO), Fraction(1))
