"""Whatever happens in whatever order: the invariants hold.

Months of random events on real records, some months skipped and caught up late.
After each accrual the whole history is computed anew, without the marks that
events leave: nothing may differ from what the accruals gave.
"""

import random
from datetime import date, timedelta
from decimal import Decimal

from odoo.tests import tagged

from ..common import ReferralCommon
from ..expected import Expected

#: About how long its classes take: such are begun first.
SECONDS = 60

CATEGORIES = ("vps", "storage", "domains", "lab")


@tagged("post_install", "-at_install")
class TestAccrualSequences(Expected, ReferralCommon):
    def setUp(self):
        super().setUp()
        self.random = random.Random(self._testMethodName)
        self.excluded = self._category("domains")
        self.program.terms_ids.excluded_category_ids |= self.excluded
        self.program.terms_ids.tier_ids = [(0, 0, {"above": 3000, "rate": 12})]
        self.products = {name: self._product(name) for name in CATEGORIES}
        self.participants = [self._participant(f"P{n}") for n in range(3)]
        self.clients = [
            self._partner(f"C{n}", referral_postpaid=n == 0) for n in range(4)
        ]
        self.referrals = [
            self._referral(self.random.choice(self.participants), client, "2026-01-05")
            for client in self.clients
        ]
        self.invoices = []
        self.payments = []

    # === Things that happen at random === #

    def _random_lines(self):
        lines = []
        for _i in range(self.random.randint(1, 3)):
            values = {"product": self.products[self.random.choice(CATEGORIES)]}
            if self.random.random() < 0.4:
                start = self.day + timedelta(days=self.random.randint(-20, 40))
                values["start_date"] = start
                values["end_date"] = start + timedelta(
                    days=self.random.choice((0, 30, 90))
                )
            if self.random.random() < 0.15:
                values["discount"] = 10
            amount = self.random.choice((100, "333.33", 1000, 2500))
            lines.append(self._line(amount, **values))
        return lines

    def invoice(self):
        client = self.random.choice(self.clients)
        self.invoices.append(self._invoice(client, self.day, self._random_lines()))

    def pay(self):
        open_ones = [
            i for i in self.invoices if i.state == "posted" and i.amount_residual
        ]
        if open_ones:
            invoice = self.random.choice(open_ones)
            share = self.random.choice((1, 1, "0.5", "0.3"))
            amount = round(Decimal(str(invoice.amount_residual)) * Decimal(share), 2)
            journal = self.random.choice(
                (self.bank_journal, self.bank_journal, self.bonus_journal)
            )
            late = self.day - timedelta(days=self.random.choice((0, 0, 20)))
            self.payments.append(
                self._pay(
                    invoice,
                    max(late, invoice.invoice_date),
                    max(amount, Decimal("0.01")),
                    journal,
                    entered=self.day,
                )
            )

    def refund(self):
        posted = [i for i in self.invoices if i.state == "posted"]
        if posted:
            invoice = self.random.choice(posted)
            line = self.random.choice(invoice.invoice_line_ids)
            share = self.random.choice((1, "0.4"))
            amount = round(Decimal(str(line.price_unit)) * Decimal(share), 2)
            day = max(self.day, invoice.invoice_date)
            credit = self._credit_note(
                invoice,
                day,
                [
                    self._line(
                        amount,
                        product=line.product_id,
                        discount=line.discount,
                        start_date=line.start_date,
                        end_date=line.end_date,
                    )
                ],
            )
            if self.random.random() < 0.5 and invoice.amount_residual:
                self._match(credit, invoice, day)

    def bounce(self):
        if self.payments:
            payment = self.payments.pop(self.random.randrange(len(self.payments)))
            self._unmatch(payment, self.day)

    def draft(self):
        posted = [i for i in self.invoices if i.state == "posted"]
        if posted:
            invoice = self.random.choice(posted)
            with self.on(self.day):
                invoice.button_draft()

    def post(self):
        for invoice in self.invoices:
            if invoice.state == "draft":
                with self.on(self.day):
                    invoice.action_post()

    def prolong(self):
        lines = [
            line
            for invoice in self.invoices
            for line in invoice.invoice_line_ids
            if line.end_date
        ]
        if lines:
            line = self.random.choice(lines)
            line.end_date += timedelta(days=self.random.choice((5, 40)))

    def suspend(self):
        participant = self.random.choice(self.participants)
        if participant.state == "active":
            participant._update_state("suspended", "Test")
        elif participant.state == "suspended":
            participant.action_resume()

    def correct_referral(self):
        referral = self.random.choice(self.referrals).sudo()
        referral.participant_id = self.random.choice(self.participants)

    def shift_referral(self):
        self.random.choice(self.referrals).date_start = self.random.choice(
            ("2026-01-01", "2026-01-20", "2026-02-10")
        )

    def recategorize(self):
        self.products["lab"].categ_id = self.random.choice(
            (self.excluded, self._category("lab"))
        )

    EVENTS = (
        *(invoice,) * 6,
        *(pay,) * 8,
        *(refund,) * 2,
        bounce,
        draft,
        post,
        prolong,
        suspend,
        correct_referral,
        shift_referral,
        recategorize,
    )

    # === What has to hold === #

    def _assert_invariants(self, accrual):
        self.assertLedger(self.program)
        left = self._not_credited(self.program, accrual.period_end)
        # a referral moved by correction is given to the next one in the next month
        left = [row for row in left if row[0] not in self._moved_lines(accrual)]
        self.assertFalse(left)
        given = {}
        for line in self.program.accrual_ids.line_ids:
            base, amount = given.get(line.line_key, (Decimal(0), Decimal(0)))
            given[line.line_key] = (
                base + Decimal(str(line.base)),
                amount + Decimal(str(line.amount)),
            )
        for base, amount in given.values():
            self.assertLessEqual(abs(amount), abs(base) * Decimal("0.12") + 1)
            if not base:
                self.assertAlmostEqual(amount, 0, 5)
        for scope in (None, accrual):
            run = self.program._check_integrity(scope)
            self.assertFalse(run.finding_ids.mapped(lambda f: (f.title, f.description)))

    def _moved_lines(self, accrual):
        self.env.cr.execute(
            "SELECT line_key FROM referral_accrual_line WHERE accrual_id = %s"
            " AND group_key IN (SELECT group_id FROM referral_mark"
            " WHERE source_id = %s AND date_from = %s)",
            [accrual.id, accrual.id, accrual.period_end + timedelta(days=1)],
        )
        return {row[0] for row in self.env.cr.fetchall()}

    def _play(self, months=4, events=14):
        due = []
        for month in range(1, months + 1):
            first = date(2026, month, 1)
            due.append(first.strftime("%Y-%m"))
            self.day = first
            for event in (self.invoice, self.invoice, self.pay, self.pay):
                event()
            for number in range(events):
                self.day = first + timedelta(days=number * 28 // events)
                self.random.choice(self.EVENTS)(self)
            if self.random.random() < 0.7:
                for late in due:
                    accrual = self._accrue(late, on=date(2026, month + 1, 1))
                due = []
                self._assert_invariants(accrual)
        for late in due:
            accrual = self._accrue(late, on=date(2026, months + 1, 1))
        if due:
            self._assert_invariants(accrual)
        self.assertTrue(self.program.accrual_ids.line_ids)


def _test_with(seed):
    def test(self):
        self._play()

    test.__doc__ = f"Random events of seed {seed}."
    return test


for number in range(1, 7):
    setattr(TestAccrualSequences, f"test_seed_{number}", _test_with(number))
