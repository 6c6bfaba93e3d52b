"""Reviewing a month before it is posted: all that is compared, in one page."""

from odoo import Command
from odoo.tests import tagged
from odoo.tools import html2plaintext

from ..common import TwoParticipantsCase


@tagged("post_install", "-at_install")
class TestReview(TwoParticipantsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.posting_policy = "review"
        cls.program.terms_ids.tier_ids = [Command.create({"above": 50_000, "rate": 12})]
        cls.second = cls._partner("Second client")
        cls._referral(cls.anna, cls.client)
        cls._referral(cls.boris, cls.second)
        # January: 90 to Anna; 900 to Boris
        cls._paid("2026-01-10", 1_000)
        cls.paid = cls._paid("2026-01-10", 10_000, cls.second)
        cls.january = cls._month("2026-01")
        cls.january.action_post()

    @classmethod
    def _month(cls, month):
        """Return a month's accrual, computed and left for review."""
        year, number = map(int, month.split("-"))
        with cls.on(f"{year}-{number + 1:02}-02"):
            return cls.program._accrue(f"{month}-01")

    def _text(self, accrual):
        accrual.invalidate_recordset(["review"])
        return " ".join(html2plaintext(accrual.review).replace("\xa0", " ").split())

    def _february(self):
        """Anna's client pays 60,000, of a tier; Boris's gets 4,000 back."""
        self._paid("2026-02-10", 60_000)
        self._credit_note(self.paid, "2026-02-11", 4_000)
        self._invoice(self.client, "2026-02-12", [self._line(700, discount=10)])
        self._invoice(self.client, "2026-02-13", [self._line(300, discount=50)])
        return self._month("2026-02")

    def test_the_month_before_stands_beside_it(self):
        february = self._february()
        self.assertEqual(february.state, "computed")
        values = february._review_values()
        money = february._review_money
        self.assertEqual(
            values["totals"][0],
            (
                "Compensation",
                money(7_200 - 360),
                money(990),
                f"+{money(5_850)} (+591 %)",
            ),
        )
        self.assertEqual(values["totals"][1][1:3], (money(-360), money(0)))
        self.assertEqual(values["totals"][3], ("Participants", "2", "2", "+0"))
        text = self._text(february)
        for words in ("January 2026", "February 2026", "What changed most"):
            self.assertIn(words, text)

    def test_who_changed_most_comes_first(self):
        february = self._february()
        money = february._review_money
        changes = february._review_changes(self.january)
        self.assertEqual(
            [(row[0], row[1], row[2], row[4]) for row in changes],
            [
                (self.anna, money(7_200), money(90), False),
                (self.boris, money(-360), money(900), True),
            ],
        )

        # the first month changed as much as it gave
        first = self.january._review_changes(self.january.browse())
        self.assertEqual([row[0] for row in first], [self.boris, self.anna])

    def test_each_participants_months_are_their_own(self):
        month = self.january.period_start
        for participant, amount in ((self.anna, 90), (self.boris, 900)):
            self.assertEqual(participant._by_month(12), [(month, amount)])

    def test_who_earns_nothing_any_more_has_changed_too(self):
        self._paid("2026-02-10", 1_000)
        changes = self._month("2026-02")._review_changes(self.january)
        money = self.january._review_money
        self.assertEqual(
            [(row[0], row[1], row[2]) for row in changes],
            [(self.boris, money(0), money(900))],
            "Anna's month is as the one before",
        )

    def test_tiers_and_reversals_are_told_apart(self):
        february = self._february()
        money = february._review_money
        self.assertEqual(
            february._review_rates(),
            [
                (
                    f"12.00 %, tier above {money(50_000)}",
                    "1",
                    money(60_000),
                    money(7_200),
                ),
                (
                    "Reversals, at the rate that was credited",
                    "1",
                    money(-4_000),
                    money(-360),
                ),
            ],
        )
        self.assertEqual(
            self.january._review_rates(),
            [("9.00 %", "2", money(11_000), money(990))],
        )

    def test_a_tier_that_adds_little_is_told_apart_too(self):
        terms = self.program.terms_ids.copy({"date_from": "2027-01-01"})
        terms.tier_ids = [Command.create({"above": 70_000, "rate": terms.rate + 0.5})]
        tier = f"9.50 %, tier above {self.january._review_money(70_000)}"
        for rate, name in ((terms.rate, "9.00 %"), (terms.rate + 0.5, tier)):
            self.assertEqual(self.january._rate_name(terms, rate), name)

    def test_what_was_not_earned_by_reason(self):
        february = self._february()
        self.assertEqual(february.not_earned, {"discounted": [2, 780]})
        label = dict(
            self.env["referral.explanation"]
            ._fields["reason"]
            ._description_selection(self.env)
        )["discounted"]
        money = february._review_money
        self.assertEqual(february._review_not_earned(), [(label, "2", money(780))])
        # as in the list that the button opens: one definition
        action = february.action_view_not_earned()
        rows = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(set(rows.mapped("reason")), {"discounted"})
        self.assertAlmostEqual(sum(rows.mapped("unearned")), 780)
        self.assertEqual(self.january.not_earned, {})
        self.assertIn("All invoice lines of this month earn.", self._text(self.january))

    def test_the_first_month_has_none_before(self):
        values = self.january._review_values()
        self.assertEqual(values["month_before"], "")
        self.assertEqual(values["totals"][0][2:], ("", ""))
        self.assertIn("No month before", self._text(self.january))

    def test_after_posting_the_dashboard_is_right_at_once(self):
        february = self._february()
        estimates = self.env["referral.estimate"]
        with self.on("2026-03-02"):
            estimates._estimate(self.program)
            coming = {row["key"]: row for row in self.program.dashboard["coming"]}
            self.assertIn("6,840", coming["estimate-so_far"]["value"])
            february.action_post()
            self.program.invalidate_recordset()
            card = self.program.dashboard
        coming = {row["key"]: row for row in card["coming"]}
        self.assertNotIn("6,840", coming["estimate-so_far"]["value"])
        self.assertIn("7,830", card["money"][0]["value"])
        self.assertIn("6,840", card["money"][1]["value"])
        self.assertEqual(card["months"], [])

    def test_every_role_that_sees_the_month_sees_it(self):
        february = self._february()
        for role in ("accountant", "auditor", "officer", "reader"):
            user = self._user(f"review_{role}", f"referral_program.group_{role}")
            text = self._text(february.with_user(user))
            self.assertIn("Anna", text, role)

    def test_what_concerns_no_referral_leaves_it_reviewed(self):
        february = self._february()
        one, two = self._partner("One"), self._partner("Two")
        self._paid("2026-02-10", partner=one)
        self._invoice(two, "2026-02-11", [self._line(10, "unused/below")])
        kind = self.env.ref("referral_program.participant_type_sole_trader_resident")
        self.assertFalse(kind.territory_restricted)
        with self.on("2026-03-03"):
            merging = self.env["base.partner.merge.automatic.wizard"].create({})
            merging._merge((one | two).ids, one)
            self._category("unused").parent_id = self._category("other")
            kind.territory_restricted = True
            self.anna.type_id.territory_restricted = False
            self.env.flush_all()
            self.cr.precommit.run()
            self.assertFalse(february._is_outdated())
            february.action_post()
        self.assertEqual(february.state, "posted")

    def test_a_territory_that_concerns_participants_asks_for_another_review(self):
        february = self._february()
        with self.on("2026-03-03"):
            self.anna.type_id.territory_restricted = True
            self.assertTrue(february._is_outdated())
