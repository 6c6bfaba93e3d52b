"""Why a line earned what it earned: reasons, payments, sentences, and who may ask.

That the explanation agrees with the accrual is checked wherever a test accrues a month
(``expected.py``); here is what it says, and to whom.
"""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import OneReferralCase
from ..expected import Expected


class ExplanationCase(Expected, OneReferralCase):
    def _row(self, as_of, invoice, program=None, **values):
        """Return the only line of an invoice."""
        rows = self._why(as_of, program, **values)
        row = rows.filtered(lambda row: row.move_id == invoice)
        self.assertEqual(len(row), 1)
        return row

    def _said_of(self, row):
        return row.explanation.replace("\N{NO-BREAK SPACE}", " ").replace("$ ", "")

    def assertWhy(self, row, text, reason=False, state=None):
        self.assertEqual((row.reason, self._said_of(row)), (reason, text))
        if state:
            self.assertEqual(row.state, state)

    def _settling(self, row):
        """Return what settles the invoice, oldest first: amount and why no money."""
        return [(one.amount, one.counts, one.reason) for one in row.payment_ids]

    # === Where one asks === #

    def _opened(self, action):
        """Return the rows that an action opens."""
        return self.env[action["res_model"]].search(action["domain"])

    def _january(self, amount=1_000, **values):
        """Invoice 31 days of service in January."""
        line = self._line(
            amount, start_date="2026-01-01", end_date="2026-01-31", **values
        )
        return self._invoice(self.client, "2026-01-01", [line])


@tagged("post_install", "-at_install")
class TestExplanation(ExplanationCase):
    # === In full, in part, not yet === #

    def test_paid_in_part_and_by_bonus_while_it_is_rendered(self):
        invoice = self._january(1_240)
        self._pay(invoice, "2026-01-05", 868)
        self._pay(invoice, "2026-01-06", 372, self.bonus_journal)
        row = self._row("2026-01-12", invoice)
        self.assertEqual((row.paid, row.bonus, row.not_money), (70, 30, 0))
        self.assertEqual((row.days, row.days_rendered), (31, 12))
        self.assertWhy(
            row,
            "Paid 70 % (another 30 % by bonus), rendered 12 of 31 days: 9 % of 480.00 "
            "earned (not rendered in full yet); 43.20 will be credited by the next "
            "accrual.",
            "not_rendered",
            "part",
        )
        self.assertEqual((row.full_base, row.earned, row.unearned), (1_240, 480, 760))
        self._accrue("2026-01")
        row = self._row("2026-02-10", invoice)
        self.assertWhy(
            row,
            "Paid 70 % (another 30 % by bonus), rendered 31 of 31 days: 9 % of 868.00 "
            "earned (settled by bonus); 78.12 credited for January 2026.",
            "bonus",
            "part",
        )
        self.assertEqual((row.unearned, row.base, row.amount), (372, 0, 0))
        self.assertEqual(
            (row.credited_base, row.credited_amount, row.rate), (868, 78.12, 9)
        )

    def test_in_full_by_months(self):
        line = self._line(9_000, start_date="2026-01-01", end_date="2026-05-31")
        invoice = self._invoice(self.client, "2026-01-01", [line])
        self._pay(invoice, "2026-01-02")
        for month in ("2026-01", "2026-02"):
            self._accrue(month)
        self.assertWhy(
            self._row("2026-03-02", invoice),
            "Paid 100 %, rendered 61 of 151 days: 9 % of 3,635.76 earned (not "
            "rendered in full yet); 166.29 credited for January 2026; 150.20 credited "
            "for February 2026; 10.73 will be credited by the next accrual.",
            "not_rendered",
        )
        for month in ("2026-03", "2026-04", "2026-05"):
            self._accrue(month)
        row = self._row("2026-06-01", invoice)
        self.assertWhy(
            row,
            "Paid 100 %, rendered 151 of 151 days: 9 % of 9,000.00 earned; 810.00 "
            "credited in 5 accruals, from January 2026 to May 2026.",
            False,
            "full",
        )
        self.assertEqual(len(row.evidence_ids), 5)
        self.assertEqual(round(sum(row.evidence_ids.mapped("amount")), 6), 810)

    def test_an_earlier_day_knows_nothing_of_later_accruals(self):
        invoice = self._january()
        self._pay(invoice, "2026-01-05")
        self._accrue("2026-01")
        row = self._row("2026-01-30", invoice)
        self.assertFalse(row.evidence_ids)
        self.assertEqual(round(row.amount, 2), 87.10)

    def test_not_paid_yet(self):
        invoice = self._invoice(self.client, "2026-01-10", 1_000)
        self.assertWhy(
            self._row("2026-01-31", invoice),
            "Not paid, rendered: nothing earned (not paid in full yet).",
            "not_paid",
            "nothing",
        )

    def test_not_rendered_yet(self):
        line = self._line(1_000, start_date="2026-02-01", end_date="2026-02-28")
        invoice = self._invoice(self.client, "2026-01-10", [line])
        self._pay(invoice, "2026-01-12")
        self.assertWhy(
            self._row("2026-01-31", invoice),
            "Paid 100 %, rendered 0 of 28 days: nothing earned (not rendered in full "
            "yet).",
            "not_rendered",
            "nothing",
        )
        self.client.referral_postpaid = True
        self.assertWhy(
            self._row("2026-01-31", invoice),
            "Paid 100 %, counts as rendered, because the client is postpaid: 9 % of "
            "1,000.00 earned; 90.00 will be credited by the next accrual.",
        )

    def test_a_share_is_never_rounded_up_to_all(self):
        invoice = self._invoice(self.client, "2026-01-10", 100_000)
        self._pay(invoice, "2026-01-12", "99999.99")
        self.assertIn("Paid 99.99 %", self._said_of(self._row("2026-01-31", invoice)))

    def test_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        invoice = self._invoice(self.client, "2026-01-10", 1_000)
        self._pay(invoice, "2026-01-12")
        self._accrue("2026-01")
        row = self._row("2026-02-10", invoice).with_context(lang="fr_FR")
        self.assertIn("janvier 2026", row.explanation)
        self.assertIn("90,00", row.explanation)

    # === Why not === #

    def assertExcluded(self, invoice, reason, text, **values):
        row = self._row("2026-01-31", invoice, **values)
        self.assertWhy(row, f"{text}.", reason, "nothing")
        self.assertEqual(row.unearned, row.full_base)
        self.assertEqual((row.base, row.amount), (0, 0))
        return row

    def test_nobody_brought_the_client(self):
        stranger = self._partner("Stranger")
        invoice = self._paid("2026-01-10", partner=stranger)
        self.assertNotIn(invoice, self._why("2026-01-31").move_id)
        row = self.assertExcluded(
            invoice,
            "no_referral",
            "Paid 100 %, rendered: nothing earned (client has no referrer)",
            everybody=True,
        )
        self.assertFalse(row.participant_id)
        self.assertEqual((row.partner_id, row.rate), (stranger, 0))

    def test_outside_of_the_referral(self):
        referral = self.participant.referral_ids
        before = self._paid("2026-01-10")
        after = self._paid("2026-01-20")
        referral.write({"date_start": "2026-01-11", "date_end": "2026-01-19"})
        self.assertExcluded(
            before,
            "before_referral",
            "Paid 100 %, rendered: nothing earned (invoiced before the referral began)",
        )
        self.assertExcluded(
            after,
            "after_referral",
            "Paid 100 %, rendered: nothing earned (invoiced after the referral ended)",
        )

    def test_reasons_of_participant_and_client(self):
        invoice = self._paid("2026-01-10")
        self.participant.type_id.territory_restricted = True
        self.client.country_id = self.env.ref("base.kz")
        text = "Paid 100 %, rendered: nothing earned"
        self.assertExcluded(invoice, "territory", f"{text} (client in another country)")
        self.participant.partner_id.vat = self.client.vat = "RU7707083893"
        self.assertExcluded(
            invoice,
            "self_referral",
            f"{text} (participant and client are the same)",
        )

    def test_reasons_of_the_terms(self):
        text = "Paid 100 %, rendered: nothing earned"
        self.program.terms_ids.excluded_category_ids = self._category("colocation")
        invoice = self._invoice(
            self.client,
            "2026-01-10",
            [
                self._line(100, "colocation/power"),
                self._line(200, discount=10),
                self._line(0),
            ],
        )
        self._pay(invoice, "2026-01-12")
        rows = self._why("2026-01-31").sorted("line_key")
        self.assertEqual(
            rows.mapped("reason"), ["excluded_category", "discounted", "zero"]
        )
        self.assertWhy(
            rows[0],
            f"{text} (category excluded by the terms).",
            "excluded_category",
            "nothing",
        )
        self.assertEqual(rows[0].categ_id, self._category("colocation/power"))
        self.assertWhy(rows[1], f"{text} (discounted).", "discounted")
        old = self._paid("2019-12-01")
        self.participant.referral_ids.date_start = "2019-01-01"
        self.assertExcluded(old, "no_terms", f"{text} (no terms in force)")

    def test_settled_by_what_is_not_money(self):
        invoice = self._invoice(self.client, "2026-01-10", 1_000)
        self._misc(invoice, "2026-01-12", 1_000)
        self.assertExcluded(
            invoice,
            "not_money",
            "Paid 0 % (another 100 % by non-cash means), rendered: nothing earned "
            "(settled by non-cash means)",
        )

    def test_refunded_in_full(self):
        invoice = self._paid("2026-01-10")
        self._credit_note(invoice, "2026-01-20", 1_000)
        rows = self._why("2026-01-31")
        self.assertEqual(rows.mapped("reason"), ["refunded"] * 2)
        self.assertEqual(sum(rows.mapped("unearned")), 0)

    def test_suspended_and_closed(self):
        invoice = self._paid("2026-01-10")
        self._accrue("2026-01")
        later = self._paid("2026-02-10", 500)
        self.participant._update_state("suspended", "Test")
        row = self._row("2026-02-28", later)
        self.assertWhy(
            row,
            "Paid 100 %, rendered: 9 % of 500.00 earned; new amounts wait until the "
            "participant is active again.",
            "participant_suspended",
        )
        self.assertEqual((row.amount, row.unearned), (0, 500))
        # what was given before is not touched
        self.assertWhy(
            self._row("2026-02-28", invoice),
            "Paid 100 %, rendered: 9 % of 1,000.00 earned; 90.00 credited for January "
            "2026.",
        )
        self.participant._update_state("closed", "Test")
        self.assertWhy(
            self._row("2026-02-28", later),
            "Paid 100 %, rendered: 9 % of 500.00 earned "
            "(participant rejected or closed).",
            "participant_inactive",
        )

    def test_reset_to_draft_and_deleted(self):
        invoice = self._paid("2026-01-10")
        self._accrue("2026-01")
        with self.on("2026-02-03"):
            invoice.button_draft()
        row = self._row("2026-02-28", invoice)
        text = (
            "No longer on a posted invoice: 90.00 credited for January 2026; 90.00 "
            "will be reversed by the next accrual."
        )
        self.assertWhy(row, text, "gone", "nothing")
        with self.on("2026-02-04"):
            invoice.with_context(force_delete=True).unlink()
        row = self._why("2026-02-28")
        self.assertWhy(row, text, "gone")
        self.assertFalse(row.move_id)
        self._accrue("2026-02")
        # it nets to zero: there is nothing left to tell
        self.assertFalse(self._why("2026-03-31"))

    def test_moved_to_another_participant(self):
        invoice = self._paid("2026-01-10")
        self._accrue("2026-01")
        boris = self._participant("Boris")
        self.participant.referral_ids.sudo().participant_id = boris
        row = self._row("2026-02-28", invoice)
        self.assertEqual((row.reason, row.amount), ("moved", -90))
        self.assertEqual(row.participant_id, self.participant)
        self._accrue("2026-02")
        row = self._row("2026-03-31", invoice)
        self.assertEqual((row.participant_id, row.amount), (boris, 90))
        # both are told: who got it and gave it back, and who gets it now
        for one in (self.participant, boris):
            self.assertIn(
                invoice, self._why("2026-03-31", participant_id=one.id).move_id
            )

    # === What settles the invoice === #

    def test_every_payment_is_told_of(self):
        invoice = self._invoice(self.client, "2026-01-10", 1_000)
        self._pay(invoice, "2026-01-11", 100)
        self._pay(invoice, "2026-01-12", 200, self.bonus_journal)
        self._misc(invoice, "2026-01-13", 150)
        credit = self._credit_note(invoice, "2026-01-14", 250)
        self._match(credit, invoice, "2026-01-14")
        other = self._invoice(self.client, "2026-01-15", 50, move_type="out_refund")
        self._match(other, invoice, "2026-01-15")
        line = self._statement_line(self.client, "2026-01-16", 120)
        with self.on("2026-01-16"):
            self._match_statement_line(line, self._receivable(invoice))
        self._pay(invoice, "2026-02-01", 130)
        row = self._row("2026-01-31", invoice)
        self.assertEqual(
            self._settling(row),
            [
                (100, True, False),
                (200, False, "bonus"),
                (150, False, "other"),
                (250, False, "own_credit_note"),
                (50, True, False),
                (120, True, False),
                (130, False, "later"),
            ],
        )
        self.assertEqual(
            row.payment_ids.mapped("kind"),
            [
                "payment",
                "payment",
                "entry",
                "credit_note",
                "credit_note",
                "statement",
                "payment",
            ],
        )
        # of the net 750: 270 is money, 200 bonus, 150 a write-off
        self.assertEqual((row.paid, row.bonus, row.not_money), (36, 26.666667, 20))
        self.assertIn(
            "Paid 36 % (another 26.66 % by bonus, 20 % by non-cash means)",
            self._said_of(row),
        )

    def test_payments_that_wait_for_the_bank(self):
        self.program.paid_when = "bank"
        invoice = self._invoice(self.client, "2026-01-10", 1_000)
        payment = self._pay(invoice, "2026-01-12")
        row = self._row("2026-01-31", invoice)
        self.assertEqual(self._settling(row), [(1_000, False, "unmatched")])
        self.assertEqual((row.reason, row.paid), ("not_matched", 0))
        self._bank_match(payment, "2026-02-03")
        row = self._row("2026-01-31", invoice)
        self.assertEqual(self._settling(row), [(1_000, False, "later")])
        self.assertEqual(str(row.payment_ids.date), "2026-02-03")
        row = self._row("2026-02-03", invoice)
        self.assertEqual(self._settling(row), [(1_000, True, False)])

    def test_payment_without_an_entry(self):
        self.patch(
            self.registry["account.move"],
            "_get_invoice_in_payment_state",
            lambda move: "in_payment",
        )
        journal = self._journal("No entry", "NOE", "bank")
        journal.inbound_payment_method_line_ids.payment_account_id = False
        invoice = self._invoice(self.client, "2026-01-10", 1_000)
        self._pay(invoice, "2026-01-12", journal=journal)
        row = self._row("2026-01-31", invoice)
        self.assertEqual(self._settling(row), [(1_000, False, "no_entry")])
        self.assertEqual(row.reason, "not_paid")

    def test_foreign_currency(self):
        euro = self.setup_other_currency(
            "EUR", rates=[("2025-12-01", 0.01), ("2026-01-15", 0.0125)]
        )
        invoice = self._invoice(self.client, "2026-01-10", 100, currency_id=euro.id)
        self._pay(invoice, "2026-01-20", 50, currency_id=euro.id)
        self._pay(invoice, "2026-01-21", 50, self.bonus_journal, currency_id=euro.id)
        row = self._row("2026-01-31", invoice)
        self.assertEqual((row.full_base, row.earned, row.amount), (10_000, 5_000, 450))
        self.assertEqual((row.paid, row.bonus), (50, 50))
        paid = row.payment_ids.filtered("counts")
        self.assertEqual((paid.amount, paid.currency_id), (50, euro))
        self.assertEqual(row.currency_id, self.currency)
        exchanged = row.payment_ids.filtered(lambda one: one.reason == "exchange")
        self.assertEqual(set(exchanged.mapped("amount")), {0})

    # === Tiers === #

    def test_tier_of_a_single_invoice_is_that_of_the_clients_month(self):
        self.program.terms_ids.tier_ids = [Command.create({"above": 1_500, "rate": 12})]
        invoice = self._paid("2026-01-10", 1_000)
        row = self._row("2026-01-31", invoice)
        self.assertEqual(row.rate, 9)
        self._paid("2026-01-15", 600)
        window = {"date_from": "2026-01-01", "date_to": "2026-01-12"}
        row = self._why("2026-01-31", **window)
        self.assertEqual((row.move_id, row.rate, row.amount), (invoice, 12, 120))
        accrual = self._accrue("2026-01")
        self.assertEqual(accrual.line_ids.mapped("rate"), [12, 12])

    def test_from_the_invoice(self):
        invoice = self._paid("2026-01-10")
        self._paid("2026-01-11")
        with self.on("2026-01-20"):
            action = invoice.action_referral_why()
            self.assertEqual(self._opened(action).move_id, invoice)
            self.assertEqual(action["res_id"], self._opened(action).id)
            credit = self._credit_note(invoice, "2026-01-15", 100)
            for move in (invoice, credit):
                rows = self._opened(move.action_referral_why())
                self.assertEqual(rows.move_id, invoice | credit)
                self.assertEqual(rows.invoice_id, invoice)
        self.assertTrue(invoice.referral_explained)
        bill = self.env["account.move"].create({"move_type": "in_invoice"})
        self.assertFalse(bill.referral_explained)

    def test_from_the_compensation(self):
        one = self._paid("2026-01-10")
        accrual = self._accrue("2026-01")
        self._paid("2026-02-10")
        self._accrue("2026-02")
        rows = self._opened(accrual.compensation_ids.action_why())
        self.assertEqual(rows.move_id, one)
        self.assertEqual(str(rows.as_of), "2026-01-31")
        self.assertEqual(rows.evidence_ids, accrual.line_ids)

    def test_from_referral_and_participant(self):
        other = self._partner("Other client")
        self._referral(self.participant, other)
        own = self._paid("2026-01-10")
        self._paid("2026-01-10", partner=other)
        referral = self.participant.referral_ids.filtered(
            lambda one: one.partner_id == self.client
        )
        with self.on("2026-02-10"):
            rows = self._opened(referral.action_why())
            self.assertEqual(rows.move_id, own)
            action = self.participant.action_why()
            wizard = self.env["referral.explain"].with_context(**action["context"])
            wizard = wizard.create({})
        self.assertEqual(
            (str(wizard.date_from), str(wizard.date_to), str(wizard.as_of)),
            ("2026-01-01", "2026-01-31", "2026-02-10"),
        )
        rows = self._opened(wizard.action_explain())
        self.assertEqual(rows.partner_id, self.client | other)
        # asking again replaces the answer
        self.assertEqual(len(self._opened(wizard.action_explain())), 2)

    def test_questions_that_make_no_sense(self):
        with self.assertRefused(UserError, "after the last"):
            self._why("2026-01-31", date_from="2026-02-01", date_to="2026-01-01")
        program = self._program(self.setup_other_company()["company"])
        vera = self._participant("Vera", program)
        with self.assertRefused(UserError, "does not take part"):
            self._why("2026-01-31", participant_id=vera.id)

    def test_the_window_is_of_documents(self):
        invoice = self._paid("2026-01-31")
        credit = self._credit_note(invoice, "2026-02-01", 100)
        january = {"date_from": "2026-01-01", "date_to": "2026-01-31"}
        february = {"date_from": "2026-02-01", "date_to": "2026-02-01"}
        self.assertEqual(self._why("2026-02-28", **january).move_id, invoice)
        rows = self._why("2026-02-28", **february)
        self.assertEqual((rows.move_id, rows.invoice_id), (credit, invoice))

    def test_as_many_queries_for_many_lines(self):
        for day in range(1, 4):
            self._paid(f"2026-01-{day:02}")
        self._why("2026-01-31")

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            rows = self._why("2026-01-31")
            rows.mapped("explanation")
            rows.payment_ids.mapped("reason")
            return self.cr.sql_log_count - before, len(rows)

        count()  # fills Odoo's caches
        few = count()
        for day in range(4, 16):
            self._invoice(
                self.client, f"2026-01-{day:02}", [self._line(1) for _one in range(3)]
            )
        count()
        many = count()
        self.assertEqual((few[1], many[1]), (3, 39))
        self.assertEqual(few[0], many[0])
