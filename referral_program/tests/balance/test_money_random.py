"""Whatever is done to money in whatever order: the balance is what it has to be.

Hypothesis draws sequences of what clients, participants and accountants do, on real
invoices, payments, bills and entries. A plain model beside them says what each
withdrawal and redemption holds or took, and which steps must be refused; after each
step the ledger, read by SQL, has to agree with it.
"""

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.balance import referral_redemption_due, referral_withdrawal_check
from ..clock import freeze_time
from .test_withdrawals import MoneyCase

#: About how long its classes take: such are begun first.
SECONDS = 150

RATE = Decimal("0.09")
MINIMUM = 10_000
CENT = Decimal("0.01")
#: How far the first withdrawals are when it all begins.
STAGES = ("requested", "draft", "posted", "posted")
#: Which one of several, counted round.
PICKS = st.integers(0, 5)


def exact(amount):
    return Decimal(str(round(amount, 2)))


# === What is expected === #


@dataclass
class Sale:
    """An invoice of the client: what it is over, and what came in."""

    record: object
    net: Decimal
    payments: dict = field(default_factory=dict)

    def earned(self):
        return RATE * max(min(self.net, sum(self.payments.values())), 0)


@dataclass
class Taken:
    """A withdrawal: what it holds, and what its bill and refunds do to the balance."""

    record: object
    amount: Decimal
    stage: str = "requested"
    billed: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    refunds: dict = field(default_factory=dict)
    bill: object = None

    def held(self):
        if self.stage == "requested":
            return self.amount
        return (self.billed or self.amount) if self.stage == "draft" else Decimal(0)

    def taken(self):
        return self.billed if self.stage == "posted" else Decimal(0)

    def given_back(self):
        return sum(
            amount for refund, amount in self.refunds.items() if refund.posted
        )  # fmt: skip

    def states(self):
        """Return the states that the withdrawal may be in."""
        if self.stage == "posted":
            if self.bill.amount_residual:
                return {"billed"}
            return {"paid"} if not self.given_back() else {"paid", "cancelled"}
        return {
            "requested": {"requested"},
            "refused": {"refused"},
            "draft": {"billed"},
        }.get(self.stage, {"cancelled"})


@dataclass(eq=False)
class Refund:
    record: object
    posted: bool = True


@dataclass
class Spent:
    """A redemption."""

    record: object
    amount: Decimal
    done: bool = True


# === What happens === #


class Money(RuleBasedStateMachine):
    """Steps in any order; each is either done as the model says, or refused."""

    case = None

    def __init__(self):
        super().__init__()
        case = self.case
        self.savepoint = case.cr.savepoint()
        self.month = date(2026, 2, 1)
        self.sales = [Sale(case.sold, Decimal(1_000_000), {None: Decimal(1_000_000)})]
        self.accrued = Decimal(90_000)
        self.own, self.payouts = [case.invoice], []
        self.taken = [
            self._taken(*args) for args in zip(STAGES, case.asked, strict=True)
        ]
        self.spent = [Spent(case.redemption, Decimal(5_000))]
        self.last = self.available()

    def _taken(self, stage, withdrawal):
        amount = exact(withdrawal.amount)
        billed = amount if stage == "posted" else Decimal(0)
        return Taken(withdrawal, amount, stage, billed, amount, {}, withdrawal.bill_id)

    def teardown(self):
        run = self.case.program._check_integrity()
        self.case.assertFalse(
            run.finding_ids.mapped(lambda f: (f.title, f.description))
        )
        self.savepoint.rollback()
        self.savepoint.close(rollback=False)
        self.case.env.invalidate_all()

    @property
    def day(self):
        return fields.Date.to_string(self.month.replace(day=10))

    # === The model === #

    def balance(self):
        return (
            self.accrued
            - sum(t.taken() - t.given_back() for t in self.taken)
            - sum(s.amount for s in self.spent if s.done)
        )

    def reserved(self):
        return sum((t.held() for t in self.taken), Decimal(0))

    def available(self):
        return self.balance() - self.reserved()

    def falls(self, change):
        """Return whether a change makes the available balance too low."""
        return change < 0 and self.available() + change < 0

    def attempt(self, step, *, refused=False):
        """Do something, and check that it is refused exactly when it has to be.

        :param refused: whether it must be; None if the bookkeeping decides
        :return bool: whether it was done
        """
        case = self.case
        try:
            with case.cr.savepoint(), case.on(self.day):
                self.result = step()
                case.env.flush_all()
        except UserError as error:
            case.env.invalidate_all()
            if refused is False:
                raise AssertionError(f"refused: {error}") from error
            return False
        case.assertFalse(refused, "was to be refused")
        return True

    def pick(self, number, *stages):
        those = [t for t in self.taken if not stages or t.stage in stages]
        return those[number % len(those)] if those else None

    # === Clients === #

    @rule(amount=st.integers(1, 12), share=st.sampled_from((0, 1, 2)), pick=PICKS)
    def client_is_invoiced_and_pays(self, amount, share, pick):
        case, amount = self.case, Decimal(amount * 50_000)
        invoice = case._invoice(case.client, self.day, float(amount))
        self.sales.append(Sale(invoice, amount))
        if share:
            self._client_pays(self.sales[-1], amount / share)

    def _client_pays(self, sale, amount):
        payment = self.case._pay(sale.record, self.day, amount)
        sale.payments[payment] = amount

    @rule(pick=PICKS)
    def client_pays_the_rest(self, pick):
        sale = self.sales[pick % len(self.sales)]
        if rest := exact(sale.record.amount_residual):
            self._client_pays(sale, rest)

    @rule(pick=PICKS)
    def payment_bounces(self, pick):
        paid = [(s, p) for s in self.sales for p in s.payments if p]
        if paid:
            sale, payment = paid[pick % len(paid)]
            self.case._unmatch(payment, self.day)
            del sale.payments[payment]

    @rule(pick=PICKS, share=st.sampled_from((1, 2, 4)))
    def client_is_refunded(self, pick, share):
        sale = self.sales[pick % len(self.sales)]
        amount = sale.net / share
        if amount > 1:
            line = self.case._line(amount)
            self.case._credit_note(sale.record, self.day, [line])
            sale.net -= amount

    @rule()
    def month_is_accrued(self):
        case = self.case
        accrual = case._accrue(self.month.strftime("%Y-%m"))
        case.assertFalse(case._not_credited(case.program, accrual.period_end))
        self.month = fields.Date.add(self.month, months=1)
        self.accrued = sum(sale.earned() for sale in self.sales)
        self.last = self.available()

    # === Withdrawals === #

    @rule(kind=st.sampled_from(("least", "some", "all", "above", "below")))
    def participant_asks(self, kind):
        amount = {
            "least": Decimal(MINIMUM),
            "some": Decimal("12345.67"),
            "all": self.available(),
            "above": self.available() + CENT,
            "below": MINIMUM - CENT,
        }[kind]
        case = self.case
        if self.attempt(
            lambda: case._request(float(amount), self.day),
            refused=amount < MINIMUM or amount > self.available(),
        ):
            self.taken.append(Taken(self.result, amount))

    @precondition(lambda self: self.pick(0, "requested", "posted"))
    @rule(pick=PICKS, by_staff=st.booleans())
    def given_up(self, pick, by_staff):
        taken = self.pick(pick, "requested", "posted")
        give_up = partial(taken.record._refuse, "No") if by_staff else (
            taken.record._cancel
        )  # fmt: skip
        if self.attempt(give_up, refused=taken.stage != "requested"):
            taken.stage = "refused" if by_staff else "cancelled"

    @precondition(lambda self: self.taken)
    @rule(pick=PICKS, policy=st.sampled_from(("posted", "draft")))
    def billed(self, pick, policy):
        taken = self.pick(pick, "requested") or self.pick(pick)
        self.case.program.bill_policy = policy
        may = taken.stage == "requested" and self.available() >= 0
        if self.attempt(taken.record.action_bill, refused=not may):
            taken.bill = taken.record.bill_id
            taken.stage, taken.price = policy, taken.amount
            if policy == "posted":
                taken.billed = taken.amount

    @precondition(lambda self: self.pick(0, "draft"))
    @rule(pick=PICKS, kind=st.sampled_from(("down", "up", "all", "above")))
    def bill_is_edited(self, pick, kind):
        taken = self.pick(pick, "draft")
        price = {
            "down": taken.price / 2,
            "up": taken.price + 7_000,
            "all": self.available() + taken.held(),
            "above": self.available() + taken.held() + CENT,
        }[kind]
        price = max(exact(float(price)), Decimal(1))
        if self.attempt(
            lambda: taken.bill.invoice_line_ids.write({"price_unit": float(price)})
        ):
            taken.price = price
        self._post(taken)

    @precondition(lambda self: self.pick(0, "draft"))
    @rule(pick=PICKS)
    def bill_is_posted(self, pick):
        self._post(self.pick(pick, "draft"))

    def _post(self, taken):
        if self.attempt(
            taken.bill.action_post, refused=self.falls(taken.held() - taken.price)
        ):
            taken.stage, taken.billed = "posted", taken.price

    @precondition(lambda self: self.pick(0, "posted", "bill cancelled"))
    @rule(pick=PICKS)
    def bill_is_reset_to_draft(self, pick):
        taken = self.pick(pick, "posted", "bill cancelled")
        anew = taken.stage != "posted"
        if self.attempt(
            taken.bill.button_draft,
            refused=anew and self.falls(-(taken.billed or taken.amount)),
        ):
            taken.stage = "draft"

    @precondition(lambda self: self.pick(0, "posted", "draft"))
    @rule(pick=PICKS)
    def bill_is_cancelled(self, pick):
        taken = self.pick(pick, "posted", "draft")
        if self.attempt(taken.bill.button_cancel):
            taken.stage = "bill cancelled"

    @precondition(lambda self: self.pick(0, "draft", "bill cancelled"))
    @rule(pick=PICKS)
    def bill_is_deleted(self, pick):
        taken = self.pick(pick, "draft", "bill cancelled")
        if self.attempt(taken.bill.unlink, refused=None):
            taken.stage = "deleted"

    @precondition(lambda self: self.pick(0, "posted"))
    @rule(pick=PICKS, share=st.sampled_from((1, 1, 3)))
    def bill_is_reversed(self, pick, share):
        taken = self.pick(pick, "posted")
        amount = exact(float(taken.billed / share))

        def reverse():
            refund = taken.bill._reverse_moves(
                [{"invoice_date": self.day}], cancel=share == 1
            )
            if share != 1:
                refund.invoice_line_ids.price_unit = float(amount)
                refund.action_post()
            return refund

        if self.attempt(reverse):
            taken.refunds[Refund(self.result)] = amount

    @precondition(lambda self: any(t.refunds for t in self.taken))
    @rule(pick=PICKS)
    def reversal_is_undone_or_redone(self, pick):
        refunds = [pair for t in self.taken for pair in t.refunds.items()]
        refund, amount = refunds[pick % len(refunds)]
        step = refund.record.button_draft if refund.posted else (
            refund.record.action_post
        )  # fmt: skip
        if self.attempt(step, refused=refund.posted and self.falls(-amount)):
            refund.posted = not refund.posted

    # === Paying them === #

    def _to_pay(self):
        return [t for t in self.taken if t.stage == "posted" and t.bill.amount_residual]

    @precondition(lambda self: self._to_pay())
    @rule(pick=PICKS, share=st.sampled_from((1, 2)))
    def bill_is_paid(self, pick, share):
        bills = self._to_pay()
        bill = bills[pick % len(bills)].bill
        amount = round(bill.amount_residual / share, 2)
        if self.attempt(lambda: self.case._pay(bill, self.day, amount)):
            self.payouts.append(self.result)

    @precondition(lambda self: self._to_pay())
    @rule()
    def all_are_paid(self):
        bills = self.case.env["account.move"].union(*(t.bill for t in self._to_pay()))
        pay = partial(self.case._pay, bills, self.day, group_payment=False)
        if self.attempt(pay):
            self.payouts.extend(self.result)

    @precondition(lambda self: self.payouts)
    @rule(pick=PICKS)
    def payout_bounces(self, pick):
        payment = self.payouts.pop(pick % len(self.payouts))
        self.attempt(lambda: payment.move_id.line_ids.remove_move_reconcile())

    # === Redemptions === #

    @rule(pick=PICKS, kind=st.sampled_from(("bit", "all", "above")))
    def participant_redeems(self, pick, kind):
        if pick == len(self.own):
            partner = self.case.participant.partner_id
            self.own.append(self.case._invoice(partner, self.day, 20_000))
        invoice = self.own[pick % len(self.own)]
        due = exact(invoice.amount_residual)
        amount = {
            "bit": Decimal("333.33"),
            "all": min(due, self.available()),
            "above": min(due, self.available()) + CENT,
        }[kind]
        redeem = self.case.env["referral.redemption"]._redeem
        participant = self.case.participant
        if self.attempt(
            lambda: redeem(participant, invoice, float(amount)),
            refused=invoice.state != "posted"
            or not 0 < amount <= min(self.available(), due),
        ):
            self.spent.append(Spent(self.result, amount))

    @precondition(lambda self: self.spent)
    @rule(
        pick=PICKS,
        way=st.sampled_from(("button", "unmatch", "entry", "draft", "cancel", "pay")),
    )
    def redemption_is_undone(self, pick, way):
        spent = self.spent[pick % len(self.spent)]
        entry, invoice = spent.record.move_id, spent.record.invoice_id
        step, undone, refused = {
            "button": (spent.record.action_undo, [spent], False),
            "unmatch": (
                lambda: self.case._receivable(invoice).remove_move_reconcile(),
                self._spent_on(invoice),
                False,
            ),
            "entry": (partial(self._reverse, entry), [spent], not spent.done),
            "draft": (
                lambda: entry._reverse_moves().action_post(),
                [spent],
                not spent.done,
            ),
            "cancel": (
                invoice.button_cancel,
                self._spent_on(invoice),
                invoice.state == "cancel",
            ),
            "pay": (
                lambda: invoice.amount_residual and self.case._pay(invoice, self.day),
                [],
                None,
            ),
        }[way]
        if self.attempt(step, refused=refused):
            for other in undone:
                other.done = False

    def _spent_on(self, invoice):
        return [s for s in self.spent if s.record.invoice_id == invoice]

    def _reverse(self, entry):
        wizard = self.case.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=entry.ids
        )
        journal = self.case.program.journal_id
        wizard.create({"journal_id": journal.id}).reverse_moves()

    @precondition(lambda self: any(not s.done for s in self.spent))
    @rule(pick=PICKS)
    def what_is_undone_stays(self, pick):
        undone = [s for s in self.spent if not s.done]
        entry = undone[pick % len(undone)].record.move_id
        for step in (
            entry.button_draft,
            entry.reversal_move_ids.button_draft,
            lambda: entry.reversal_move_ids._reverse_moves(cancel=True),
        ):
            self.attempt(step, refused=True)

    # === What has to hold === #

    @invariant()
    def the_ledger_agrees(self):
        case = self.case
        case.env.flush_all()
        case.env.invalidate_all()
        case.cr.execute(
            """
            SELECT -SUM(balance), -SUM(amount_residual)
              FROM account_move_line
             WHERE account_id = %s AND partner_id = %s AND parent_state = 'posted'
            """,
            (case.program.liability_account_id.id, case.participant.partner_id.id),
        )
        balance, still_open = (exact(value) for value in case.cr.fetchone())
        case.assertEqual(balance, self.balance())
        case.assertEqual(still_open, balance, "open items")
        case.assertEqual(exact(case.participant._balance()), balance)
        reserved = case.participant._reserved().get(case.participant, 0.0)
        case.assertEqual(exact(reserved), self.reserved())
        case.assertEqual(
            exact(case.participant._availables()[case.participant]), self.available()
        )

    @invariant()
    def nothing_is_taken_that_is_not_there(self):
        available = self.available()
        if available < 0:
            self.case.assertGreaterEqual(available, self.last)
        self.last = available

    @invariant()
    def entries_balance(self):
        case = self.case
        case.cr.execute(
            """
            SELECT move_id FROM account_move_line
             WHERE move_id IN (SELECT move_id FROM account_move_line
                                WHERE account_id = %s)
             GROUP BY move_id HAVING SUM(balance) <> 0
            """,
            (case.program.liability_account_id.id,),
        )
        case.assertFalse(case.cr.fetchall())
        case.assertLedger(case.program)

    @invariant()
    def states_follow(self):
        for taken in self.taken:
            self.case.assertIn(taken.record.state, taken.states())
        for spent in self.spent:
            expected = "done" if spent.done else "undone"
            self.case.assertEqual(spent.record.state, expected)
            # no half of a redemption is left open
            own = self.case._receivable(spent.record.move_id)
            self.case.assertTrue(all(own.mapped("reconciled")))


@tagged("post_install", "-at_install")
class TestMoneyRandom(MoneyCase):
    @classmethod
    def setUpClass(cls):
        # it stays the day of the last step
        freezer = freeze_time("2026-01-01 12:00:00")
        cls.clock = freezer.start()
        cls.addClassCleanup(freezer.stop)
        super().setUpClass()

    @classmethod
    @contextmanager
    def on(cls, day):
        cls.clock.move_to(f"{day} 12:00:00")
        yield

    def _begin(self):
        """Ask and redeem, so that there is something to do with it."""
        partner = self.participant.partner_id
        self.sold = self._client_invoice()
        self.invoice = self._invoice(partner, "2026-02-10", 40_000)
        self.asked = []
        for stage in STAGES:
            self.program.bill_policy = "draft" if stage == "draft" else "posted"
            asked = self._request if stage == "requested" else self._billed
            self.asked.append(asked(10_000, "2026-02-10"))
        redeem = self.env["referral.redemption"]._redeem
        self.redemption = redeem(self.participant, self.invoice, 5_000)
        self.env.flush_all()

    def test_any_sequence(self):
        # all of a month's steps are on one day
        for module in (referral_withdrawal_check, referral_redemption_due):
            self.patch(module, "MAX_A_DAY", 100)
        self._begin()
        Money.case = self
        run_state_machine_as_test(
            Money,
            settings=settings(
                max_examples=20,
                stateful_step_count=25,
                derandomize=True,
                database=None,
                deadline=None,
                phases=(Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
            ),
        )
