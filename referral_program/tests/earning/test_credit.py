"""Credit: what turns debt, bonuses and goodwill into payment earns nothing.

And what lowers follows what it lowers: credit notes, their reversals, negative lines.
"""

from decimal import Decimal

from odoo import Command
from odoo.tests import tagged

from ..common import OneReferralCase
from ..expected import Expected


class CreditCase(Expected, OneReferralCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.terms_ids.write(
            {
                "exclude_discounted": True,
                "excluded_category_ids": [Command.set(cls._category("domains").ids)],
            }
        )

    def _reverse(self, move, day):
        """Reverse a document with Odoo's wizard; return the draft."""
        with self.on(day):
            wizard = (
                self.env["account.move.reversal"]
                .with_context(active_model="account.move", active_ids=move.ids)
                .create({"journal_id": move.journal_id.id, "date": day})
            )
            return self.env["account.move"].browse(wizard.refund_moves()["res_id"])

    def _post_reversal(self, move, day):
        reversal = self._reverse(move, day)
        with self.on(day):
            reversal.action_post()
        return reversal

    def _unmatched_credit(self, invoice, day, amount):
        """Return a credit note of an invoice that settles nothing of it."""
        credit = self._credit_note(invoice, day, amount)
        with self.on(day):
            self._receivable(credit).remove_move_reconcile()
        return credit

    def _entry(self, day, *items):
        """Post an entry of (account, partner, balance)."""
        with self.on(day):
            entry = self.env["account.move"].create(
                {
                    "move_type": "entry",
                    "date": day,
                    "journal_id": self.misc_journal.id,
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": account.id,
                                "partner_id": partner.id,
                                "balance": balance,
                            }
                        )
                        for account, partner, balance in items
                    ],
                }
            )
            entry.action_post()
        return entry

    def assertMonths(self, **expected):
        """Accrue months, ``m01="90"`` for January, and check what each gave."""
        for month, amount in expected.items():
            self.assertEarned(f"2026-{month[1:]}", self.participant, amount)
        self.assertLedger(self.program)


@tagged("post_install", "-at_install")
class TestCreditNotes(CreditCase):
    def test_the_discounted_one_of_two_lines_is_credited(self):
        product = self._product("vps")
        lines = [
            self._line(1000, product=product),
            self._line(1000, product=product, discount=50),
        ]
        invoice = self._invoice(self.client, "2026-01-10", lines)
        self._pay(invoice, "2026-01-12")
        self.assertMonths(m01="90")
        credit = self._reverse(invoice, "2026-02-10")
        with self.on("2026-02-10"):
            credit.invoice_line_ids.filtered(lambda line: not line.discount).unlink()
            credit.action_post()
        self.assertMonths(m02="0")

    def test_a_credit_note_is_reversed_after_the_referral_ended(self):
        self.participant.referral_ids.date_end = "2026-01-31"
        invoice = self._paid("2026-01-10", 1000, self.client)
        self.assertMonths(m01="90")
        credit = self._post_reversal(invoice, "2026-02-05")
        again = self._post_reversal(credit, "2026-02-06")
        self.assertEqual(again.referral_root_id, invoice)
        self.assertMonths(m02="0")
        self._post_reversal(again, "2026-03-06")
        self.assertMonths(m03="-90")

    def test_a_posted_credit_note_is_deleted(self):
        invoice = self._paid("2026-01-10", 1000, self.client)
        credit = self._credit_note(invoice, "2026-01-20", 400)
        self.assertMonths(m01="54")
        with self.on("2026-02-10"):
            credit.with_context(force_delete=True).unlink()
        self.assertMonths(m02="36")

    def test_a_credit_note_takes_at_most_the_best_rate(self):
        self.program.terms_ids.tier_ids = [Command.create({"above": 500, "rate": 20})]
        february = {"start_date": "2026-02-01", "end_date": "2026-02-28"}
        lines = [self._line(1000), self._line(400, **february)]
        invoice = self._invoice(self.client, "2026-01-10", lines)
        self._pay(invoice, "2026-01-12")
        # 1,000 at 20 %, then 400 at 9 %, of which 700 go back at the average
        self.assertMonths(m01="200", m02="36")
        self._credit_note(invoice, "2026-03-10", 700)
        self.assertMonths(m03="-118")
        # a tenth of the second service is rendered by April's end
        with self.on("2026-04-05"):
            invoice.invoice_line_ids[1].write(
                {"start_date": "2026-04-21", "end_date": "2026-07-29"}
            )
        self._credit_note(invoice, "2026-04-10", 100)
        # 360 back at 9 %, 180 again at 118/700; then 500/7 and 20/7 at 20 %, although
        # the group's average is above 22 %
        self.assertMonths(m04="-16.91")

    def test_what_is_below_a_deleted_document_becomes_a_group_of_its_own(self):
        invoice = self._paid("2026-01-10", 1000, self.client)
        credit = self._post_reversal(invoice, "2026-02-05")
        again = self._reverse(credit, "2026-02-06")
        self.assertEqual((credit | again).referral_root_id, invoice)
        with self.on("2026-02-07"):
            credit.button_draft()
            credit.with_context(force_delete=True).unlink()
        self.assertFalse(again.referral_root_id)

    def test_an_invoice_paid_by_bonus_becomes_no_money_as_credit(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12", journal=self.bonus_journal)
        self.assertMonths(m01="0")
        credit = self._credit_note(invoice, "2026-02-05", 1000)
        other = self._invoice(self.client, "2026-02-10", 1000)
        self._match(credit, other, "2026-02-10")
        self.assertEqual(other.amount_residual, 0)
        self.assertMonths(m02="0")

    def test_money_earns_again_where_its_credit_note_is_spent(self):
        invoice = self._paid("2026-01-10", 1000, self.client)
        self.assertMonths(m01="90")
        credit = self._credit_note(invoice, "2026-02-05", 1000)
        other = self._invoice(self.client, "2026-02-10", 1000)
        self._match(credit, other, "2026-02-10")
        self.assertMonths(m02="0")
        self.assertEqual(
            self.participant.compensation_ids.accrual_id.line_ids.filtered(
                lambda line: line.move_id == other
            ).amount,
            90,
        )

    def test_credit_is_worth_nothing_once_its_money_bounced(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        payment = self._pay(invoice, "2026-01-12")
        self.assertMonths(m01="90")
        credit = self._credit_note(invoice, "2026-02-05", 1000)
        other = self._invoice(self.client, "2026-02-10", 1000)
        self._match(credit, other, "2026-02-10")
        self.assertMonths(m02="0")
        self._unmatch(payment, "2026-03-05")
        self.assertMonths(m03="-90")

    def test_credit_of_a_debt_counts_once_the_debt_is_paid(self):
        unpaid = self._invoice(self.client, "2026-01-10", 1000)
        credit = self._unmatched_credit(unpaid, "2026-01-20", 400)
        other = self._invoice(self.client, "2026-01-22", 400)
        self._match(credit, other, "2026-01-22")
        self.assertMonths(m01="0")
        # written off: still no money
        self._misc(unpaid, "2026-02-10", 1000)
        self.assertMonths(m02="0")

    def test_a_credit_note_to_come_gives_nothing_out_yet(self):
        invoice = self._paid("2026-01-10", 1000, self.client)
        credit = self._unmatched_credit(invoice, "2026-01-20", 500)
        other = self._invoice(self.client, "2026-01-22", 500)
        self._match(credit, other, "2026-01-22")
        self._unmatched_credit(invoice, "2026-02-05", 300)
        # January runs late: 500 of surplus stood behind the 500 that were spent
        self.assertEarned("2026-01", self.participant, "90", on="2026-02-20")
        # of 800 in February, of which 300 are still open, all are the client's money
        self.assertMonths(m02="-27")

    def test_credit_that_is_open_is_given_out_until_it_is_charged_again(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12", 600)
        credit = self._unmatched_credit(invoice, "2026-01-20", 500)
        other = self._invoice(self.client, "2026-01-22", 100)
        self._match(credit, other, "2026-01-22")
        again = self._invoice(
            self.client, "2026-02-05", 400, reversed_entry_id=credit.id
        )
        self._match(credit, again, "2026-02-05")
        self.assertEqual(credit.amount_residual, 0)
        # January runs late: 100 of surplus stood behind 500 of credit, not behind 100
        self.assertEarned("2026-01", self.participant, "46.80", on="2026-02-20")
        self.assertMonths(m02="7.20")

    def test_credit_that_comes_after_the_month_is_given_out_after_it(self):
        paid = self._paid("2026-01-10", 1000, self.client)
        money = self._unmatched_credit(paid, "2026-01-15", 1000)
        debt = self._invoice(self.client, "2026-01-10", 1000)
        credit = self._unmatched_credit(debt, "2026-01-20", 1000)
        other = self._invoice(self.client, "2026-01-22", 1000)
        self._match(credit, other, "2026-01-22")
        again = self._invoice(
            self.client, "2026-02-05", 1000, reversed_entry_id=credit.id
        )
        self._match(money, again, "2026-02-05")
        # January runs late: no money stood behind what was spent in it
        self.assertEarned("2026-01", self.participant, "0", on="2026-02-20")
        # it pays the debt, which is charged again
        self.assertMonths(m02="90")

    def test_two_invoices_that_pay_each_other_earn_nothing(self):
        one = self._invoice(self.client, "2026-01-10", 1000)
        two = self._invoice(self.client, "2026-01-10", 1000)
        credit_of_one = self._unmatched_credit(one, "2026-01-11", 500)
        credit_of_two = self._unmatched_credit(two, "2026-01-11", 500)
        self._match(credit_of_one, two, "2026-01-12")
        self._match(credit_of_two, one, "2026-01-12")
        self.assertMonths(m01="0")
        self._pay(one, "2026-02-10", 500)
        # 500 came in, and it is earned on once
        self.assertMonths(m02="45")

    def test_three_invoices_in_a_circle_earn_nothing(self):
        ring = [self._invoice(self.client, "2026-01-10", 1000) for _ in range(3)]
        credits_ = [self._unmatched_credit(one, "2026-01-11", 1000) for one in ring]
        for credit, other in zip(credits_, ring[1:] + ring[:1], strict=True):
            self._match(credit, other, "2026-01-12")
        self.assertEqual(set(map(lambda one: one.amount_residual, ring)), {0})
        self.assertMonths(m01="0")

    def test_goodwill_counts_where_it_is_spent_as_far_as_it_took_back(self):
        invoice = self._paid("2026-01-10", 1000, self.client)
        self.assertMonths(m01="90")
        goodwill = self._invoice(
            self.client,
            "2026-02-01",
            [self._line(280, start_date="2026-02-01", end_date="2026-02-28")],
            move_type="out_refund",
        )
        other = self._invoice(self.client, "2026-02-10", 280)
        self._match(goodwill, other, "2026-02-10")
        self.assertMonths(m02="0")
        self.assertFalse(invoice.referral_root_id)

    def test_goodwill_of_a_service_to_come_waits_with_it(self):
        self._paid("2026-01-10", 1000, self.client)
        self.assertMonths(m01="90")
        goodwill = self._invoice(
            self.client,
            "2026-02-01",
            [self._line(200, start_date="2026-02-27", end_date="2026-03-02")],
            move_type="out_refund",
        )
        other = self._invoice(self.client, "2026-02-10", 200)
        self._match(goodwill, other, "2026-02-10")
        # half of it took back, so half of it is money: -9 and 9
        self.assertMonths(m02="0", m03="0")
        lines = self.program.accrual_ids.line_ids
        self.assertEqual(
            [line.amount for line in lines.sorted("id") if line.move_id == other],
            [9, 9],
        )


@tagged("post_install", "-at_install")
class TestCarriedOn(CreditCase):
    def setUp(self):
        super().setUp()
        self.invoice = self._invoice(self.client, "2026-01-10", 1000)
        self.account = self._receivable(self.invoice).account_id
        self.insurer = self._partner("Insurer")

    def _carry(self, day, to, amount=1000):
        entry = self._entry(
            day,
            (self.account, self.client, -amount),
            (to, self.insurer, amount),
        )
        with self.on(day):
            own = entry.line_ids.filtered(lambda item: item.balance < 0)
            (own | self._receivable(self.invoice)).reconcile()
        return entry

    def _receive(self, entry, day, amount):
        """Have the bank receive what an entry carried on."""
        item = entry.line_ids.filtered(lambda item: item.balance > 0)
        line = self._statement_line(self.insurer, day, amount)
        with self.on(day):
            self._match_statement_line(line, item)

    def test_whoever_takes_the_debt_over_pays_it(self):
        entry = self._carry("2026-01-15", self.account)
        self.assertMonths(m01="0")
        self._receive(entry, "2026-02-10", 400)
        self.assertMonths(m02="36")
        self._receive(entry, "2026-03-10", 600)
        self.assertMonths(m03="54")

    def test_the_day_decides_on_which_it_was_paid_in_their_place(self):
        entry = self._carry("2026-01-15", self.account)
        self._receive(entry, "2026-02-10", 1000)
        # both months run late: January must not see February's money
        self.assertEarned("2026-01", self.participant, "0", on="2026-03-01")
        self.assertEarned("2026-02", self.participant, "90", on="2026-03-01")

    def test_the_bank_settles_a_transit_account(self):
        transit = self.env["account.account"].create(
            {
                "name": "Card payments in transit",
                "code": "INTRANSIT",
                "account_type": "asset_current",
                "reconcile": True,
                "company_ids": [Command.link(self.company.id)],
            }
        )
        entry = self._carry("2026-01-15", transit)
        self.assertMonths(m01="0")
        self._receive(entry, "2026-02-10", 1000)
        self.assertMonths(m02="90")

    def test_one_step_further_and_not_more(self):
        first = self._carry("2026-01-15", self.account)
        second = self._entry(
            "2026-01-16",
            (self.account, self.insurer, -1000),
            (self.account, self._partner("Reinsurer"), 1000),
        )
        with self.on("2026-01-16"):
            item = first.line_ids.filtered(lambda item: item.balance > 0)
            (item | second.line_ids.filtered(lambda i: i.balance < 0)).reconcile()
        self._receive(second, "2026-01-20", 1000)
        self.assertMonths(m01="0")

    def test_a_write_off_carries_nothing_on(self):
        self._carry("2026-01-15", self.company_data["default_account_expense"])
        self.assertMonths(m01="0")


@tagged("post_install", "-at_install")
class TestNegativeLines(CreditCase):
    def _months_of(self, lines, paid, **expected):
        invoice = self._invoice(self.client, "2026-01-10", lines)
        self._pay(invoice, "2026-01-12", paid)
        self.assertMonths(**expected)
        return invoice

    def test_of_an_excluded_category_it_lowers_what_earns(self):
        lines = [self._line(1000), self._line(-400, "domains")]
        self._months_of(lines, 600, m01="54")

    def test_what_exceeds_its_product_lowers_the_others(self):
        product = self._product("vps")
        lines = [
            self._line(300, product=product),
            self._line(700),
            self._line(-500, product=product),
        ]
        self._months_of(lines, 500, m01="45")

    def test_lines_without_a_product_are_one_product(self):
        lines = [
            self._line(1000, product_id=False, name="Setup"),
            self._line(1000, "domains"),
            self._line(-400, product_id=False, name="Less than agreed"),
        ]
        self._months_of(lines, 1600, m01="54")

    def test_it_waits_with_the_service_that_it_lowers(self):
        product = self._product("vps")
        period = {"start_date": "2026-01-17", "end_date": "2026-02-15"}
        lines = [
            self._line(600, product=product, **period),
            self._line(-300, product=product),
        ]
        self._months_of(lines, 300, m01="13.50", m02="13.50")

    def test_services_of_two_months_paid_before_earn_in_theirs(self):
        lines = [
            self._line(1000, start_date="2026-02-01", end_date="2026-02-28"),
            self._line(1000, start_date="2026-03-01", end_date="2026-03-31"),
        ]
        self._months_of(lines, 2000, m01="0", m02="90", m03="90")


@tagged("post_install", "-at_install")
class TestWhatStaysTheirs(CreditCase):
    def _correct(self, invoice, day, price):
        with self.on(day):
            invoice.button_draft()
            invoice.invoice_line_ids.price_unit = price
        return invoice

    def test_of_a_closed_participant_what_an_invoice_had_got(self):
        lines = [self._line(600), self._line(400)]
        invoice = self._invoice(self.client, "2026-01-10", lines)
        for day in ("2026-01-10", "2026-02-10"):
            self._pay(invoice, day, 500)
        self.assertMonths(m01="45", m02="45")
        with self.on("2026-03-03"):
            self.participant._update_state("closed", reason="Agreed.")
        self._correct(invoice, "2026-03-10", 1000)
        self.assertMonths(m03="-90")
        with self.on("2026-04-10"):
            invoice.invoice_date = "2026-01-10"
            invoice.action_post()
        self._pay(invoice, "2026-04-12")
        # all of 2,000 is paid, and 1,000 had been earned on
        self.assertMonths(m04="90", m05="0")

    def test_a_suspended_one_waits_for_it(self):
        invoice = self._paid("2026-01-10", 1000, self.client)
        self.assertMonths(m01="90")
        with self.on("2026-02-03"):
            self.participant._update_state("suspended", reason="Asked.")
        self._correct(invoice, "2026-02-10", 1000)
        self.assertMonths(m02="-90")
        with self.on("2026-03-10"):
            invoice.invoice_date = "2026-01-10"
            invoice.action_post()
            payments = self.env["account.payment"].search(
                [("partner_id", "=", self.client.id)]
            )
            items = self._receivable(payments.move_id) | self._receivable(invoice)
            items.filtered(lambda item: not item.reconciled).reconcile()
        self.assertMonths(m03="0")
        with self.on("2026-04-02"):
            self.participant._update_state("active")
        self.assertMonths(m04="90")


@tagged("post_install", "-at_install")
class TestNotices(CreditCase):
    def _noticed(self, name):
        run = self.program._check_integrity()
        self.assertEqual(run.state, "passed")
        return run.result_ids.filtered(lambda r: r.check_name == name).finding_count

    def _send_back(self, amount):
        with self.on("2026-02-10"):
            payment = self.env["account.payment"].create(
                {
                    "payment_type": "outbound",
                    "partner_type": "customer",
                    "partner_id": self.client.id,
                    "amount": amount,
                    "date": "2026-02-10",
                    "journal_id": self.bank_journal.id,
                }
            )
            payment.action_post()
        return payment

    def test_money_sent_back_without_a_credit_note(self):
        invoice = self._paid("2026-01-10", 1000, self.client)
        self.assertMonths(m01="90")
        self.assertEqual(self._noticed("money_sent_back"), 0)
        payment = self._send_back(1000)
        self.assertMonths(m02="0")
        self.assertEqual(self._noticed("money_sent_back"), 1)
        told = self.env["referral.integrity.run"].search([]).activity_ids
        self.assertIn("credit note", told.note)
        credit = self._credit_note(invoice, "2026-02-11", 1000)
        with self.on("2026-02-11"):
            items = self._receivable(credit) | self._receivable(payment.move_id)
            items.filtered(lambda item: not item.reconciled).reconcile()
        self.assertMonths(m03="-90")
        self.assertEqual(self._noticed("money_sent_back"), 0)

    def test_a_negative_line_that_may_be_a_discount(self):
        promo = self._product("promo")
        invoice = self._invoice(
            self.client,
            "2026-01-10",
            [self._line(1000), self._line(-100, product=promo)],
        )
        self._pay(invoice, "2026-01-12")
        self.assertMonths(m01="81")
        self.assertEqual(self._noticed("negative_line"), 1)
        self.program.discount_product_ids = promo
        self.assertEqual(self._noticed("negative_line"), 0)

    def test_money_is_conserved(self):
        self._paid("2026-01-10", 1000, self.client)
        self.assertMonths(m01="90")
        self.assertEqual(self._noticed("money_conserved"), 0)
        # behind Odoo's back: the payment settles half of what it did
        self.env.cr.execute(
            """UPDATE account_partial_reconcile
                  SET debit_amount_currency = debit_amount_currency / 2"""
        )
        self.env.cr.execute("UPDATE referral_mark SET date_from = '2030-01-01'")
        lines = self.env["referral.earning"]
        original = type(lines)._group_query

        def all_paid(earning, conditions):
            query = original(earning, conditions)
            code = query.code.replace("ELSE 0 END AS paid", "ELSE 0 END * 2 AS paid")
            self.assertNotEqual(code, query.code)
            return type(query)(code, *query.params)

        self.patch(self.registry["referral.earning"], "_group_query", all_paid)
        run = self.program._check_integrity()
        found = run.finding_ids.filtered(lambda f: f.check_name == "money_conserved")
        self.assertEqual(run.state, "failed")
        self.assertEqual((found.expected, found.found), (500, 1000))
        self.assertEqual(Decimal(str(found.found)), 1000)
