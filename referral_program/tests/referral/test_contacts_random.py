"""Contacts that change in any order: credit stays, and the database never refuses."""

import random
from datetime import date

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import TwoParticipantsCase

#: About how long its classes take: such are begun first.
SECONDS = 60

SEQUENCES = 4
#: A participant stays itself; a contact is not its own parent.
MAY_BE_REFUSED = ("parent", "company", "merge")
STEPS = 16


@tagged("post_install", "-at_install")
class TestContactsRandom(TwoParticipantsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.terms_ids.date_from = "2026-01-01"
        cls._category("vps")  # to stay when a sequence is undone

    def _begin(self, seed):
        self.draw = random.Random(seed)
        self.still_open, self.credited = [], {}
        self.day = date(2026, 1, 10)
        self.contacts = [
            *(self._partner(f"Person {n}", is_company=False) for n in range(4)),
            *(self._partner(f"Company {n}") for n in range(3)),
            self.anna.partner_id,
        ]
        members = (self.anna, self.boris)
        for index, contact in enumerate(self.contacts[:6]):
            if index % 3 < 2:
                self._referral(members[index % 2], contact, f"2026-01-0{index + 1}")

    def _pick(self):
        self.contacts = [contact for contact in self.contacts if contact.exists()]
        return self.draw.choice(self.contacts)

    # === What may happen === #

    def _step_invoice(self):
        invoice = self._invoice(self._pick(), str(self.day), 100)
        if self.draw.random() < 0.6:
            self._pay(invoice, str(self.day))
        else:
            self.still_open.append(invoice)

    def _step_pay(self):
        if self.still_open:
            self._pay(self.still_open.pop(), str(self.day))

    def _step_parent(self):
        self._pick().parent_id = self._pick()

    def _step_no_parent(self):
        self._pick().parent_id = False

    def _step_company(self):
        contact = self._pick()
        contact.is_company = not contact.is_company

    def _step_merge(self):
        one, two = self._pick(), self._pick()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((one | two).ids, one)

    def _step_month(self):
        month = self.day.strftime("%Y-%m")
        year, number = divmod(self.day.year * 12 + self.day.month, 12)
        self.day = date(year, number + 1, 10)
        self._accrue(month)
        self._check_credit()

    # === What must hold === #

    def _check_credit(self):
        """Nothing that was credited moved, and nothing was credited twice."""
        lines = self.env["referral.accrual.line"]._read_group(
            [("accrual_id.program_id", "=", self.program.id)],
            ["line_key", "participant_id"],
            ["amount:sum"],
        )
        credited = {
            (key, participant): round(amount, 6)
            for key, participant, amount in lines
            if round(amount, 6)
        }
        self.assertEqual(len({key for key, _who in credited}), len(credited))
        self.assertLessEqual(set(credited.values()), {9.0})
        for key, amount in self.credited.items():
            self.assertEqual(credited.get(key), amount)
        self.credited = credited

    def _check_running(self):
        """A client has one referral that goes on."""
        running = self.env["referral.referral"].search(
            [("state", "=", "active"), ("program_id", "=", self.program.id)]
        )
        clients = running.partner_id.commercial_partner_id
        self.assertEqual(len(clients), len(running), running.mapped("display_name"))

    def _check_members(self):
        for member in self.anna | self.boris:
            partner = member.partner_id
            self.assertEqual(partner.commercial_partner_id, partner)

    def test_contacts_change_in_any_order(self):
        for seed in range(SEQUENCES):
            with self.subTest(seed=seed), self.cr.savepoint() as savepoint:
                self._begin(seed)
                names = ["parent", "no_parent", "company", "merge", "pay"]
                names += ["invoice"] * 3 + ["month"]
                for _step in range(STEPS):
                    self._do(self.draw.choice(names))
                self._step_month()
                last = self.program.accrual_ids.sorted("period_start")[-1:]
                self.assertFalse(self._not_credited(self.program, last.period_end))
                savepoint.rollback()
                self.env.invalidate_all()

    def _do(self, name):
        """Do one thing; it may be refused in words, and is undone then."""
        try:
            with self.cr.savepoint(), self.on(self.day):
                getattr(self, f"_step_{name}")()
                self.env.flush_all()
        except UserError:
            self.assertIn(name, MAY_BE_REFUSED)
        self.env.invalidate_all()
        self._check_running()
        self._check_members()
