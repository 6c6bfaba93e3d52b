"""Reads from real records what the model has to know of them."""

from collections import defaultdict
from fractions import Fraction

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
from .playing import outstanding
from .scenarios import DISCOUNT_PRODUCT, EXCLUDED

#: What a euro is worth in the company's currency, from a day on, the latest first.
EURO = (("2026-03-01", 80), ("2026-02-01", 100), ("2020-01-01", 90))


def exact(amount):
    """Return a stored amount as an exact fraction."""
    return Fraction(str(round(amount, 6)))


class Reader:
    """The facts of each scenario of a batch.

    :param Batch batch: what was played
    """

    def __init__(self, batch):
        self.batch, self.books, self.env = batch, batch.books, batch.env

    def facts(self):
        """Read from the books what the model has to know.

        :return dict: the facts of each scenario, which has nothing to do with the
            others, by its number
        """
        batch = self.batch
        matches = self._matches()
        facts = {
            number: self._conditions(matches[number])
            for number in range(len(batch.scenarios))
        }
        for (number, _name), participant in batch.participants.items():
            facts[number].participants[participant.id] = Participant(
                participant.id, participant.state
            )
        for number, referral, client in batch.referrals:
            facts[number].referrals.append(
                Referral(
                    referral.id,
                    referral.participant_id.id,
                    referral.partner_id.id,
                    referral.date_start,
                    referral.date_end or None,
                    is_postpaid=client.is_postpaid,
                )
            )
        for (number, _name), move in batch.moves.items():
            facts[number].documents[move.id] = self._document(move)
        return facts

    def _conditions(self, matches):
        """Return what the program says, with the matches of a scenario."""
        said = self.batch.conditions
        return Facts(
            terms=[
                Terms(
                    first,
                    Fraction(rate),
                    said.base,
                    said.exclude_discounted,
                    frozenset(EXCLUDED),
                    tuple((Fraction(above), Fraction(high)) for above, high in tiers),
                )
                for first, rate, tiers in said.terms
            ],
            terms_by=said.terms_by,
            paid_when=said.paid_when,
            matches=matches,
        )

    def _document(self, move):
        day = move.invoice_date
        is_foreign = move.currency_id == self.books.euro
        worth = next(rate for first, rate in EURO if first <= str(day))
        worth = Fraction(worth if is_foreign else 1)
        sign = -1 if move.move_type == "out_refund" else 1
        return Document(
            move.id,
            sign,
            day,
            move.commercial_partner_id.id,
            tuple(
                self._fact_of_line(line, -sign / worth)
                for line in move.invoice_line_ids
            ),
            move.reversed_entry_id.id or None,
            worth,
            move.delivery_date or None,
            move.state == "posted",
            exact(move.amount_total),
        )

    def _fact_of_line(self, line, worth):
        """Return a line with what is booked: Odoo rounds what it shows otherwise.

        :param worth: what a unit of the entry is in the document's currency, negative
            where the document is on the other side of the entry
        """
        product = line.product_id
        untaxed = exact(line.balance) * worth
        shown = exact(line.price_subtotal)
        return Line(
            line.id,
            product.id or None,
            self.books.paths.get(product.categ_id.id, ""),
            untaxed,
            untaxed * exact(line.price_total) / shown if shown else untaxed,
            exact(line.discount),
            line.start_date or None,
            line.end_date or None,
            product == self.books.products[DISCOUNT_PRODUCT],
        )

    def _matches(self):
        """Return the matches on invoices, by the number of the scenario."""
        numbers = {move.id: key[0] for key, move in self.batch.moves.items()}
        partials = self.env["account.partial.reconcile"].search(
            [("debit_move_id.move_id", "in", list(numbers))], order="id"
        )
        matches = defaultdict(list)
        for partial in partials:
            invoice = partial.debit_move_id.move_id
            matches[numbers[invoice.id]].append(
                self._fact_of_match(partial, invoice, numbers)
            )
        return matches

    def _fact_of_match(self, partial, invoice, documents):
        other = partial.credit_move_id.move_id
        is_credit = other.id in documents
        kind = "credit" if is_credit else self.batch.kinds.get(other.id, "exchange")
        onward, settled = self._onward(other, kind)
        return Match(
            partial.max_date,
            invoice.id,
            exact(partial.debit_amount_currency),
            kind,
            other.id if is_credit else None,
            exact(partial.credit_amount_currency),
            onward,
            settled,
        )

    def _onward(self, move, kind):
        """Return what carries an item on, or waits for the bank; what settled that."""
        if kind == "carried":
            waiting = move.line_ids.filtered("debit")
        elif kind == "bank" and move.origin_payment_id:
            waiting = outstanding(move)
        else:
            return Fraction(0), ()
        return exact(waiting.debit), tuple(
            self._settled(one, kind) for one in waiting.matched_credit_ids
        )

    def _settled(self, partial, kind):
        """Return what settled an item that was carried on, or waited for the bank."""
        item = partial.credit_move_id
        day, own = partial.max_date, self.batch.kinds.get(item.move_id.id, "bank")
        payment = item.move_id.origin_payment_id
        if kind == "carried" and payment and self.batch.conditions.paid_when == "bank":
            # registered: money once a statement has matched all of it
            waiting = outstanding(item.move_id)
            if not waiting.reconciled:
                own = "registered"
            for match in waiting.matched_credit_ids:
                day = max(day, match.max_date)
        return Settled(day, exact(partial.amount), own)
