"""Plays many random scenarios at once on real records,

Each scenario has participants and clients of its own; what they do on a day is created
and posted together, so that a hundred documents cost little more than one.
"""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import Command

from .scenarios import EXCLUDED

CENT = Decimal("0.01")


def outstanding(move):
    """Return a payment's item that waits for the bank statement."""
    account = move.origin_payment_id.outstanding_account_id
    return move.line_ids.filtered(lambda item: item.account_id == account)


class Batch:
    """Scenarios in one program, as far as they were played.

    :param books: the test, with its journals, products and helpers
    """

    def __init__(self, books, scenarios, conditions):
        self.books, self.env = books, books.env
        self.scenarios, self.conditions = scenarios, conditions
        self.moves, self.kinds, self.payments = {}, {}, {}
        self.assigned = {}
        self.clients, self.referrals = {}, []
        self._make_terms()
        self._make_people()

    # === Who takes part === #

    def _make_terms(self):
        program, said = self.books.program, self.conditions
        program.terms_ids.unlink()
        program.write({"terms_by": said.terms_by, "paid_when": said.paid_when})
        excluded = [self.books.categories[name].id for name in EXCLUDED]
        self.env["referral.program.terms"].create(
            [
                {
                    "program_id": program.id,
                    "date_from": first,
                    "rate": rate,
                    "base": said.base,
                    "exclude_discounted": said.exclude_discounted,
                    "excluded_category_ids": [Command.set(excluded)],
                    "tier_ids": [
                        Command.create({"above": above, "rate": reached})
                        for above, reached in tiers
                    ],
                }
                for first, rate, tiers in said.terms
            ]
        )

    def _make_people(self):
        """Make all participants and clients, each kind at once."""
        books = self.books
        keys = [
            (number, which)
            for number in range(len(self.scenarios))
            for which in ("p0", "p1")
        ]
        clients = [
            (number, client)
            for number, scenario in enumerate(self.scenarios)
            for client in scenario.clients
        ]
        own = self._make_partners(
            [(f"s{number} {which}", {}) for number, which in keys]
        )
        kind = self.env.ref("referral_program.participant_type_legal_entity_resident")
        participants = self.env["referral.participant"].create(
            [
                {
                    "program_id": books.program.id,
                    "partner_id": partner.id,
                    "type_id": kind.id,
                    "state": "active",
                }
                for partner in own
            ]
        )
        self.participants = dict(zip(keys, participants, strict=True))
        partners = self._make_partners(
            [
                (f"s{number} {one.name}", {"referral_postpaid": one.is_postpaid})
                for number, one in clients
            ]
        )
        referrals = self.env["referral.referral"].create(
            [
                {
                    "participant_id": self.participants[number, f"p{one.number}"].id,
                    "partner_id": partner.id,
                    "date_start": one.start,
                    "date_end": one.end,
                }
                for (number, one), partner in zip(clients, partners, strict=True)
            ]
        )
        for (number, one), partner, referral in zip(
            clients, partners, referrals, strict=True
        ):
            self.clients[number, one.name] = partner, one
            self.referrals.append((number, referral, one))

    def _make_partners(self, rows):
        """Return a company for each (name, values)."""
        return self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "is_company": True,
                    "country_id": self.books.russia.id,
                    **values,
                }
                for name, values in rows
            ]
        )

    # === What happens === #

    def play(self, day):
        """Play what happens in all scenarios on a day."""
        steps = defaultdict(list)
        for number, scenario in enumerate(self.scenarios):
            for step in scenario.steps:
                if step.day == day:
                    kind = self.TOGETHER.get(step.kind, step.kind)
                    steps[kind].append((number, step))
        with self.books.on(day):
            for kind, some in steps.items():
                getattr(self, f"_play_{kind}")(some)
            self.env.flush_all()

    #: Kinds of steps that are played together with another kind.
    TOGETHER = {
        "goodwill": "invoice",
        "credit": "invoice",
        "undo": "invoice",
        "resume": "suspend",
    }

    def _posted(self, number, name):
        """Return a document that is there and posted, or nothing."""
        move = self.moves.get((number, name))
        return move if move and move.state == "posted" else None

    def _is_foreign(self, number, move):
        return move.currency_id != self.books.currency

    def _play_invoice(self, steps):
        """Create and post documents: one for each scenario at most."""
        values, names = [], []
        for number, step in steps:
            of = self._posted(number, step.of) if step.of else None
            if step.of and not of:
                continue
            partner, client = (
                (of.partner_id, None) if of else self.clients[number, step.to]
            )
            currency = of.currency_id if of else self.books.currency
            if client and client.is_foreign:
                currency = self.books.euro
            is_refund = step.kind in ("credit", "goodwill")
            values.append(
                {
                    "move_type": "out_refund" if is_refund else "out_invoice",
                    "partner_id": partner.id,
                    "invoice_date": step.dated,
                    "delivery_date": step.delivery,
                    "currency_id": currency.id,
                    "invoice_payment_term_id": False,
                    "reversed_entry_id": of.id if of else False,
                    "invoice_line_ids": [
                        self._line(item, whole=currency != self.books.currency)
                        for item in step.items
                    ],
                }
            )
            names.append((number, step))
        moves = self.env["account.move"].create(values)
        # rounded taxes may leave less than nothing, which Odoo does not post
        wrong = moves.filtered(lambda move: move.amount_total < 0)
        (moves - wrong).action_post()
        apart = self.env["account.move"]
        for (number, step), move in zip(names, moves, strict=True):
            if move in wrong:
                continue
            self.moves[number, step.name] = move
            if not step.auto:
                apart |= move
        self.books._receivable(apart).remove_move_reconcile()
        wrong.unlink()

    def _line(self, item, whole):
        """Return a document's line.

        :param bool whole: have a discount leave whole cents: in another currency Odoo
            books what is left of a cent, which the line itself does not show
        """
        price = item.price
        if whole and item.discount:
            price = max(abs(price).to_integral_value(), 1) * (-1 if price < 0 else 1)
        taxes = [self.books._tax(item.tax).id] if item.tax else []
        return Command.create(
            {
                "name": item.product or "By hand",
                "product_id": self.books.products[item.product].id,
                "quantity": item.quantity,
                "price_unit": float(price),
                "discount": item.discount,
                "tax_ids": [Command.set(taxes)],
                "start_date": item.start,
                "end_date": item.end,
            }
        )

    def _open_item(self, move):
        """Return a document's receivable item, if something is open."""
        return self.books._receivable(move).filtered(lambda item: not item.reconciled)

    def _share(self, step, residual):
        amount = (Decimal(str(round(residual, 2))) * Decimal(step.share)).quantize(CENT)
        return max(abs(amount), CENT)

    def _play_pay(self, steps):
        """Pay documents, each by its kind of money, as far as something is open."""
        by_way = defaultdict(list)
        for number, step in steps:
            move = self._posted(number, step.of)
            item = self._open_item(move) if move else None
            if item:
                how = step.how
                if how != "bonus" and self._is_foreign(number, move):
                    how = "payment"
                amount = self._share(step, item.amount_residual_currency)
                by_way[how].append((number, step, item, amount))
        plan = []
        for how, some in by_way.items():
            plan += getattr(self, f"_{self.WAYS[how]}")(how, some)
        self.env["account.move.line"]._reconcile_plan(plan)

    #: How money comes in, and what makes it.
    WAYS = {
        "payment": "payments",
        "bonus": "payments",
        "statement": "statements",
        "misc": "entries",
        "by hand": "entries",
    }

    def _payments(self, how, some):
        is_bonus = how == "bonus"
        journal = self.books.bonus_journal if is_bonus else self.books.bank_journal
        payments = self.env["account.payment"].create(
            [
                {
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": item.partner_id.id,
                    "amount": float(amount),
                    "date": step.dated or step.day,
                    "journal_id": journal.id,
                    "currency_id": item.currency_id.id,
                }
                for _number, step, item, amount in some
            ]
        )
        payments.action_post()
        pairs = []
        for (number, step, item, _amount), payment in zip(some, payments, strict=True):
            self.kinds[payment.move_id.id] = "bonus" if is_bonus else "bank"
            if step.name:
                self.payments[number, step.name] = payment.move_id
            pairs.append(self.books._receivable(payment.move_id) | item)
        return pairs

    def _statements(self, _how, some):
        lines = self.env["account.bank.statement.line"].create(
            [
                {
                    "journal_id": self.books.bank_journal.id,
                    "date": step.dated,
                    "payment_ref": "Transfer",
                    "partner_id": item.partner_id.id,
                    "amount": float(amount),
                }
                for _number, step, item, amount in some
            ]
        )
        pairs = []
        for (number, step, item, _amount), line in zip(some, lines, strict=True):
            _liquidity, suspense, _other = line._seek_for_lines()
            suspense.account_id = item.account_id
            self._remember(number, step, line.move_id, "bank")
            pairs.append(suspense | item)
        return pairs

    def _remember(self, number, step, move, kind):
        self.kinds[move.id] = kind
        self.payments[number, step.name] = move

    def _entries(self, how, some):
        """Settle by entries: bad debts, or money that was booked by hand."""
        is_money = how == "by hand"
        books = self.books
        moves = self._make_entries(
            books.bank_journal if is_money else books.misc_journal,
            [
                (item, amount, step, books.bank_journal.default_account_id)
                if is_money
                else (item, amount, step, books.company_data["default_account_expense"])
                for _number, step, item, amount in some
            ],
        )
        pairs = []
        for (number, step, item, _amount), move in zip(some, moves, strict=True):
            self._remember(number, step, move, "bank" if is_money else "misc")
            pairs.append(books._receivable(move) | item)
        return pairs

    def _make_entries(self, journal, rows, partner=None):
        """Post an entry for each (receivable item, amount, step, other account)."""
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "entry",
                    "journal_id": journal.id,
                    "date": step.dated or step.day,
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": item.account_id.id,
                                "partner_id": item.partner_id.id,
                                "balance": -float(amount),
                            }
                        ),
                        Command.create(
                            {
                                "account_id": account.id,
                                "partner_id": partner and partner.id,
                                "balance": float(amount),
                            }
                        ),
                    ],
                }
                for item, amount, step, account in rows
            ]
        )
        moves.action_post()
        return moves

    def _play_assign(self, steps):
        """Assign what is open of an invoice to somebody else, who owes it then."""
        rows, names = [], []
        for number, step in steps:
            move = self._posted(number, step.of)
            item = self._open_item(move) if move else None
            if item and not self._is_foreign(number, move):
                amount = min(
                    self._share(step, item.amount_residual),
                    Decimal(str(round(item.amount_residual, 2))),
                )
                rows.append((item, amount, step, item.account_id))
                names.append((number, step.name))
        moves = self._make_entries(self.books.misc_journal, rows, self.books.factor)
        plan = []
        for name, move, (item, *_row) in zip(names, moves, rows, strict=True):
            self.kinds[move.id] = "carried"
            self.assigned[name] = move
            plan.append(move.line_ids.filtered("credit") | item)
        self.env["account.move.line"]._reconcile_plan(plan)

    def _play_settle(self, steps):
        some = []
        for number, step in steps:
            move = self.assigned.get((number, step.of))
            item = move and move.line_ids.filtered(
                lambda item: item.debit and not item.reconciled
            )
            if item:
                amount = self._share(step, item.amount_residual)
                some.append((number, step, item, amount))
        self.env["account.move.line"]._reconcile_plan(self._payments("payment", some))

    def _play_match(self, steps):
        plan = []
        for number, step in steps:
            credit, invoice = (
                self._posted(number, step.of),
                self._posted(number, step.to),
            )
            if credit and invoice:
                items = self._open_item(credit), self._open_item(invoice)
                if all(items):
                    plan.append(items[0] | items[1])
        self.env["account.move.line"]._reconcile_plan(plan)

    def _play_bounce(self, steps):
        found = [self.payments.get((number, step.of)) for number, step in steps]
        payments = self.env["account.move"].union(*filter(None, found))
        self.books._receivable(payments).remove_move_reconcile()

    def _play_clear(self, steps):
        """Match payments with a bank statement line of the day."""
        for number, step in steps:
            move = self.payments.get((number, step.of))
            payment = move and move.origin_payment_id
            if payment and payment.journal_id == self.books.bank_journal:
                waiting = outstanding(move)
                if not waiting.reconciled and not self._is_foreign(number, payment):
                    line = self.books._statement_line(
                        payment.partner_id, step.day, payment.amount
                    )
                    self.books._match_statement_line(line, waiting)

    def _play_draft(self, steps):
        moves = [self._posted(number, step.of) for number, step in steps]
        self.env["account.move"].union(*filter(None, moves)).button_draft()

    def _play_post(self, steps):
        numbers = {number for number, _step in steps}
        drafts = [
            move
            for (number, _name), move in self.moves.items()
            if number in numbers and move.state == "draft"
        ]
        # one after another: Odoo pairs reversals that are posted together wrongly
        for move in drafts:
            move.action_post()

    def _play_prolong(self, steps):
        for number, step in steps:
            move = self.moves.get((number, step.of))
            for line in move.invoice_line_ids if move else ():
                if line.end_date:
                    line.end_date += timedelta(days=40)

    def _play_suspend(self, steps):
        for number, step in steps:
            state = "suspended" if step.kind == "suspend" else "active"
            participant = self.participants[number, step.of]
            if participant.state != state:
                participant._update_state(state, "Test")

    def _play_move(self, steps):
        """Give a client's last referral, from a day on, to the other participant."""
        for number, step in steps:
            partner, client = self.clients[number, step.of]
            own = [one for _n, one, _c in self.referrals if one.partner_id == partner]
            referral = own[-1]
            mine, other = (self.participants[number, which] for which in ("p0", "p1"))
            if referral.participant_id == other:
                other = mine
            last = referral.date_end or step.dated
            if not referral.date_start <= step.dated <= last:
                continue
            moved = referral._move(other, step.dated, "Test")
            if moved != referral:
                self.referrals.append((number, moved, client))
