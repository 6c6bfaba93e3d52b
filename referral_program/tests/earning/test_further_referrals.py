"""More than one referral earns on a line: another level, as an app adds it."""

from odoo.tests import tagged
from odoo.tools import SQL

from ..common import OneReferralCase
from ..expected import Expected

#: Whoever brought the participant earns 1 % of what the participant's clients pay.
SECOND_LEVEL = """
    SELECT grp.group_id, above.id AS referral_id, above.participant_id, %s AS rate
      FROM %s grp
      JOIN referral_participant own ON own.id = grp.participant_id
      JOIN referral_referral above
        ON above.partner_id = own.partner_id
       AND above.state = 'active'
       AND grp.invoice_date >= above.date_start
"""


@tagged("post_install", "-at_install")
class TestFurtherReferrals(Expected, OneReferralCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.top = cls._participant("Top")
        cls.above = cls._referral(cls.top, cls.participant.partner_id)
        cls.rate = 1

    def setUp(self):
        super().setUp()

        def further(_earning, conditions):
            return SQL(SECOND_LEVEL, self.rate, conditions.table("group"))

        self.patch(self.registry["referral.earning"], "_further", further)

    def assertMonth(self, month, own, top):
        """Accrue a month, compare what both levels got, and check the books."""
        accrual = self._accrue(month)
        got = {given.participant_id: given.amount for given in accrual.compensation_ids}
        self.assertEqual(got, {self.participant: own, self.top: top}, month)
        self.assertBooksHold(accrual)
        return accrual

    def assertBooksHold(self, accrual):
        with self.on(f"{accrual.period_end}"):
            run = self.program._check_integrity()
        self.assertFalse(
            [
                (finding.check_name, finding.text, finding.expected, finding.found)
                for finding in run.finding_ids
            ]
        )

    def test_both_earn_on_what_is_paid_and_both_are_reversed(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12", 500)
        accrual = self.assertMonth("2026-01", 45, 5)
        self.assertEqual(
            {
                (line.referral_id, line.is_further, line.base, line.rate)
                for line in accrual.line_ids
            },
            {
                (self.participant.referral_ids, False, 500, 9),
                (self.above, True, 500, 1),
            },
        )
        self._pay(invoice, "2026-02-12")
        self.assertMonth("2026-02", 45, 5)
        self.rate = 2
        self._credit_note(invoice, "2026-03-10", 1000)
        self.assertMonth("2026-03", -90, -10)

    def test_a_credit_note_takes_back_at_the_rate_that_was_got(self):
        invoice = self._paid("2026-01-10", 1000)
        self.assertMonth("2026-01", 90, 10)
        self.rate = 3
        self._credit_note(invoice, "2026-02-10", 400)
        self.assertMonth("2026-02", -36, -4)

    def test_an_excluded_line_earns_for_nobody(self):
        product = self._product("colocation")
        self.program.terms_ids.excluded_category_ids = product.categ_id
        self._paid("2026-01-10", [self._line(1000, product=product)])
        row = self._why("2026-01-31")
        self.assertEqual((row.reason, row.unearned), ("excluded_category", 1000))
        self.assertFalse(self._accrue("2026-01").line_ids)

    def test_what_earns_nothing_yet_is_counted_once(self):
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12", 400)
        rows = self._why("2026-01-31")
        self.assertEqual(
            {(row.is_further, row.base, row.unearned) for row in rows},
            {(False, 400, 600), (True, 400, 0)},
        )

    def test_the_first_is_suspended(self):
        self.participant._update_state("suspended", "Test")
        invoice = self._paid("2026-01-10", 1000)
        self.assertFalse(self._accrue("2026-01").line_ids)
        self.participant._update_state("active")
        self.assertMonth("2026-02", 90, 10)
        invoice.button_draft()
        self.assertMonth("2026-03", -90, -10)

    def test_the_second_is_suspended(self):
        self.top._update_state("suspended", "Test")
        self._paid("2026-01-10", 1000)
        accrual = self._accrue("2026-01")
        self.assertEqual(accrual.line_ids.participant_id, self.participant)
        self.top._update_state("active")
        accrual = self._accrue("2026-02")
        self.assertEqual(accrual.compensation_ids.participant_id, self.top)
        self.assertEqual(accrual.compensation_ids.amount, 10)
        self.assertBooksHold(accrual)

    def test_the_second_is_corrected(self):
        other = self._participant("Other")
        self._paid("2026-01-10", 1000)
        self.assertMonth("2026-01", 90, 10)
        self.above.sudo().participant_id = other
        self.env["referral.mark"]._mark_partners(self.client)
        accrual = self._accrue("2026-02")
        self.assertEqual(accrual.compensation_ids.participant_id, self.top)
        self.assertEqual(accrual.compensation_ids.amount, -10)
        accrual = self._accrue("2026-03")
        self.assertEqual(accrual.compensation_ids.participant_id, other)
        self.assertEqual(accrual.compensation_ids.amount, 10)
        self.assertBooksHold(accrual)

    def test_the_second_ends_to_count(self):
        self._paid("2026-01-10", 1000)
        self.assertMonth("2026-01", 90, 10)
        self.above._update_state("cancelled")
        self.env["referral.mark"]._mark_partners(self.client)
        accrual = self._accrue("2026-02")
        self.assertEqual(accrual.compensation_ids.participant_id, self.top)
        self.assertEqual(accrual.compensation_ids.amount, -10)
        self.assertBooksHold(accrual)

    def test_the_first_is_corrected(self):
        other = self._participant("Other")
        self._referral(self.top, other.partner_id)
        self._paid("2026-01-10", 1000)
        self.assertMonth("2026-01", 90, 10)
        self.participant.referral_ids.sudo().participant_id = other
        self.assertMonth("2026-02", -90, -10)
        accrual = self._accrue("2026-03")
        self.assertEqual(
            {own.participant_id: own.amount for own in accrual.compensation_ids},
            {other: 90, self.top: 10},
        )
        self.assertBooksHold(accrual)

    def test_a_line_is_gone(self):
        invoice = self._paid("2026-01-10", [self._line(1000), self._line(500)])
        self.assertMonth("2026-01", 135, 15)
        invoice.button_draft()
        invoice.invoice_line_ids[1].unlink()
        invoice.action_post()
        self.assertMonth("2026-02", -135, -15)
        self._pay(invoice, "2026-03-02")
        self.assertMonth("2026-03", 90, 10)

    def test_tiers_count_a_line_once(self):
        self.program.terms_ids.tier_ids = [
            (0, 0, {"above": 1500, "rate": 12}),
            (0, 0, {"above": 100, "rate": 10}),
        ]
        self._paid("2026-01-10", 1000)
        self.assertMonth("2026-01", 100, 10)

    def test_the_app_is_gone(self):
        invoice = self._paid("2026-01-10", 1000)
        self.assertMonth("2026-01", 90, 10)
        self.patch(self.registry["referral.earning"], "_further", lambda *_: SQL())
        self._credit_note(invoice, "2026-02-10", 1000)
        accrual = self._accrue("2026-02")
        self.assertEqual(accrual.compensation_ids.participant_id, self.participant)
        self.assertEqual(accrual.compensation_ids.amount, -90)

    def test_the_evidence_says_whose_a_line_is(self):
        self._paid("2026-01-10", 1000)
        accrual = self.assertMonth("2026-01", 90, 10)
        self.assertEqual(accrual.hash_version, 3)
        self.env.flush_all()
        for change, found in (
            ("is_further = FALSE, line_key = -line_key", "hash_chain"),
            ("amount = amount + 1", "credited_rate"),
        ):
            with self.subTest(change), self.cr.savepoint() as savepoint:
                self.env.cr.execute(
                    "UPDATE referral_accrual_line SET " + change + " WHERE is_further"
                )
                self.env.invalidate_all()
                run = self.program._check_integrity()
                self.assertIn(found, run.finding_ids.mapped("check_name"))
                savepoint.rollback()

    def test_a_line_that_comes_twice_for_a_further_referral_is_found(self):
        self._paid("2026-01-10", 1000)
        self.assertMonth("2026-01", 90, 10)
        self.env.flush_all()
        self.env.cr.execute(
            """
            DROP INDEX referral_accrual_line_line_unique;
            INSERT INTO referral_accrual_line
                   (accrual_id, compensation_id, participant_id, referral_id,
                    is_further, terms_id, partner_id, line_key, group_key, rate, base,
                    amount)
            SELECT accrual_id, compensation_id, participant_id, referral_id,
                   is_further, terms_id, partner_id, line_key, group_key, rate, 0, 0
              FROM referral_accrual_line WHERE is_further
            """
        )
        run = self.program._check_integrity()
        self.assertIn("line_once", run.finding_ids.mapped("check_name"))

    def test_why_tells_of_both(self):
        self._paid("2026-01-10", 1000)
        accrual = self.assertMonth("2026-01", 90, 10)
        rows = self._why("2026-01-31")
        self.assertEqual(
            {(row.participant_id, row.credited_amount) for row in rows},
            {(self.participant, 90), (self.top, 10)},
        )
        for row in rows:
            self.assertEqual(row.evidence_ids.participant_id, row.participant_id)
        rows = self._why("2026-01-31", participant_id=self.top.id)
        self.assertEqual(rows.participant_id, self.top)
        self.assertEqual(len(accrual.line_ids), 2)

    def test_an_estimate_tells_of_both(self):
        self._paid("2026-01-10", 1000)
        with self.on("2026-01-20"):
            self.env["referral.estimate"]._estimate(self.program)
        found = self.env["referral.estimate"].sudo().search([])
        self.assertEqual(
            {own.participant_id: own.so_far for own in found},
            {self.participant: 90, self.top: 10},
        )
