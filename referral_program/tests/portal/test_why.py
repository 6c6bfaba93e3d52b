"""Why a month gave what it gave: the participant's page, and their questions."""

import re

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...controllers import why
from ...models.participant import referral_question
from ..browsing import PHONE, BrowsingMixin
from .test_portal_money import MoneyPortalCase

#: Whether all of what is found is between the page's edges.
IN_SIGHT = """(selector => [...document.querySelectorAll(selector)]
    .filter(e => e.checkVisibility())
    .map(e => e.getBoundingClientRect())
    .every(box => box.left >= 0 && box.right <= innerWidth && box.width > 0))"""

#: What staff note for each other, and what they answer.
NOTE = "He is a nuisance"
ANSWER = "As soon as they pay"


class WhyCase(MoneyPortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.my_client = cls.mine.referral_ids.partner_id
        cls.their_client = cls.theirs.referral_ids.partner_id
        cls.second = cls._partner("Second Client")
        cls._referral(cls.mine, cls.second)
        cls.accountant = cls._user(
            "why_accountant", "referral_program.group_accountant"
        )

    @classmethod
    def _february(cls):
        """Refund a part, be paid by a new client, and leave three lines without."""
        january = cls.env["account.move"].search(
            [("partner_id", "=", cls.my_client.id)], limit=1
        )
        cls._credit_note(january, "2026-02-03", 100_000)
        cls._paid("2026-02-05", 2_000, partner=cls.second)
        cls._invoice(cls.second, "2026-02-06", [cls._line(300, name="Not paid")])
        service = {"start_date": "2026-02-15", "end_date": "2026-03-14"}
        cls._paid("2026-02-07", [cls._line(280, name="Half used", **service)],
                  partner=cls.second)  # fmt: skip
        cls.program.terms_ids.create(
            {
                "program_id": cls.program.id,
                "date_from": "2026-02-01",
                "rate": 9,
                "excluded_category_ids": cls._category("domains").ids,
            }
        )
        cls._paid("2026-02-08", [cls._line(50, "domains", name="A domain")],
                  partner=cls.second)  # fmt: skip
        cls._paid("2026-02-09", 400, partner=cls.their_client)
        return cls._accrue("2026-02")

    def _rows(self):
        """Return reason and key of each line of February, as the page knows it."""
        accrual = self.program.accrual_ids.filtered(
            lambda one: str(one.period_start) == "2026-02-01"
        )
        rows = self.mine.with_user(self.owner).sudo()._why_lines(accrual)
        return {row.name: row for row in rows}

    def _text(self, path):
        response = self.url_open(path)
        self.assertEqual(response.status_code, 200, path)
        text = re.sub(r"<[^>]*>", " ", response.text.split("<main")[1])
        return re.sub(r"(\s|&nbsp;|\N{NO-BREAK SPACE})+", " ", text)

    def _ask(self, text, line=None, month="2026-02"):
        path = f"/my/referral/why/{month}/ask"
        data = {"text": text, **({"line": line} if line else {})}
        return self._form(path, data, page="/my/referral/withdraw")

    def _questions(self):
        return self.env["referral.question"].search([])


@tagged("post_install", "-at_install")
class TestWhyPage(WhyCase):
    def test_what_rose_fell_was_reversed_and_waits(self):
        self._february()
        self._login(self.owner)
        with self.on("2026-03-05"):
            text = self._text("/my/referral/why/2026-02")
        # 9,000 reversed; 180 of 2,000; 12.60 of the 14 of 28 days
        for expected in (
            "Compensation: $ -8,807.40",
            "$ 98,807.40 less than in the month before ($ 90,000.00).",
            "Cl*** o*** Ow*** Reversed: $ -9,000.00 Month before $ 90,000.00 This "
            "month $ -9,000.00 Difference $ -99,000.00",
            "Se*** Cl*** New in this month Month before $ 0.00 This month $ 192.60 "
            "Difference +$ 192.60",
            "A domain Category excluded by the terms",
            "Paid 100 %, rendered: nothing earned (category excluded by the terms).",
            "Not paid until the client pays",
            "Not paid, rendered: nothing earned (not paid in full yet).",
            "Can still earn: $ 27.00",
            "Half used until the service ends on Mar 14, 2026",
            "Paid 100 %, rendered 14 of 28 days: 9 % of $ 140.00 earned (not rendered "
            "in full yet); $ 12.60 credited for February 2026.",
        ):
            self.assertIn(expected, text, expected)
        self.assertNotIn("400.00", text)
        self.assertNotIn("Client of", text)

    def test_a_day_that_has_passed_is_not_promised(self):
        self._february()
        self._login(self.owner)
        with self.on("2026-03-20"):
            text = self._text("/my/referral/why/2026-02")
        self.assertIn("Half used until the end of the service", text)
        self.assertNotIn("Mar 14, 2026", text)

    def test_months_are_found_without_reading_each_referral(self):
        self.mine._months_to_explain()
        self.env["referral.referral"].invalidate_model()
        self.mine.invalidate_recordset(["referral_ids"])
        # the first day of a referral, the months
        with self.assertQueryCount(2):
            self.mine._months_to_explain()

    def test_words_are_the_accruals_own(self):
        """A reason has one source: what staff are told is what the client is told."""
        accrual = self._february()
        labels = {
            code: label
            for code, label, _condition in self.env["referral.earning"]._reasons()
        }
        row = self._rows()["A domain"]
        self.assertEqual(row.reason, "excluded_category")
        self._login(self.owner)
        self.assertIn(labels[row.reason], self._text("/my/referral/why/2026-02"))
        self.assertEqual(
            {row.line_key for row in self._rows().values()},
            set(
                self.mine._why_lines(accrual).mapped("line_key"),
            ),
        )

    def test_months_that_gave_nothing_are_explained_too(self):
        fresh = self._participant(partner_id=self.stranger.partner_id.id)
        client = self._partner("Late Payer")
        self._referral(fresh, client)
        self._invoice(client, "2026-02-06", [self._line(300, name="Not paid")])
        self._accrue("2026-02")
        self._login(self.stranger)
        self.assertIn(
            "/my/referral/why/2026-02", self._get("/my/referral/billing").text
        )
        text = self._text("/my/referral/why/2026-02")
        self.assertIn("Compensation: $ 0.00", text)
        self.assertIn("Not paid until the client pays", text)

    # === Whose === #

    def test_only_own_months(self):
        self._february()
        for user, status in (
            (self.owner, 200),
            (self.other, 200),
            (self.stranger, 404),
            (self.employee, 404),
            (self.accountant, 404),
        ):
            self._login(user)
            self.assertEqual(
                self._get("/my/referral/why/2026-02").status_code, status, user.login
            )
        self._login(self.owner)
        for month in ("2026-03", "2025-12", "2026-2", "1", "2026-02-01", "x"):
            for path in (month, f"{month}/ask"):
                response = self._get(f"/my/referral/why/{path}")
                self.assertEqual(response.status_code, 404, path)

    def test_of_others_lines_there_are_none(self):
        self._february()
        line = self.env["account.move.line"].search(
            [
                ("partner_id", "=", self.their_client.id),
                ("display_type", "=", "product"),
            ],
            limit=1,
        )
        own = self._rows()["Not paid"].line_key
        self._login(self.owner)
        for key, status in (
            (own, 200),
            (line.id, 404),
            (0, 200),  # the whole month
            (2**31 - 1, 404),
            ("x", 404),
            (2**40, 404),
        ):
            path = f"/my/referral/why/2026-02/ask?line={key or ''}"
            self.assertEqual(self._get(path).status_code, status, key)
        self.assertEqual(self._ask("Why?", line.id).status_code, 404)
        self.assertFalse(self._questions())

    def test_a_claim_is_not_betrayed_and_what_was_moved_is_not_told(self):
        accrual = self._february()
        self.assertIn("Not paid", self._rows())
        referral = self.mine.referral_ids.filtered(
            lambda one: one.partner_id == self.second
        )
        referral.sudo().participant_id = self.theirs
        self.env.invalidate_all()
        self.assertFalse(self._rows())
        rows = self.theirs.with_user(self.other).sudo()._why_lines(accrual)
        texts = " ".join(rows.mapped("explanation"))
        self.assertIn("Not paid", texts)
        self.assertNotIn("credited for", texts)  # that was the first one's


@tagged("post_install", "-at_install")
class TestQuestions(WhyCase):
    def setUp(self):
        super().setUp()
        self._february()
        self.program.responsible_id = self.accountant

    def _asked(self):
        """Ask about the line that is not paid, and return the question."""
        key = self._rows()["Not paid"].line_key
        self._login(self.owner)
        response = self._ask("When will this count?\n<b>Soon?</b>", key)
        question = self._questions()
        self.assertEqual(len(question), 1)
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers["Location"].endswith(question._path()))
        return question

    def test_asked_and_answered(self):
        question = self._asked()
        self.assertEqual(question.participant_id, self.mine)
        self.assertEqual(question.state, "waiting")
        self.assertIn("Not paid", question.name)
        self.assertIn("nothing earned", question.explanation)
        activity = question.activity_ids
        self.assertEqual(activity.user_id, self.accountant)
        # staff talk among themselves, and answer
        staff = question.with_user(self.accountant)
        staff.message_post(body=NOTE, subtype_xmlid="mail.mt_note")
        self.assertEqual(question.state, "waiting")
        staff.message_post(
            body=ANSWER,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.assertEqual(question.state, "answered")
        self.assertFalse(question.activity_ids)
        text = self._text(question._path())
        self.assertIn("When will this count?", text)
        self.assertIn("&lt;b&gt;Soon?", text)
        self.assertIn(ANSWER, text)
        self.assertNotIn("nuisance", text)
        self.assertIn("you get an e-mail", text)
        self.assertRegex(text, r"[A-Z][a-z]{2} \d{1,2}, \d{4} , \d{1,2}:")
        self.assertIn("Answered", self._text("/my/referral/questions"))
        self.assertIn("Answered", self._text("/my/referral/why/2026-02"))
        # and so on
        self._form(
            question._path(), {"text": "Thank you"}, page="/my/referral/withdraw"
        )
        self.assertEqual(question.state, "waiting")
        self.assertEqual(len(question.activity_ids), 1)
        self.assertEqual(len(question._messages()), 3)

    def test_the_answer_is_mailed_with_the_way_to_it(self):
        question = self._asked()
        # employees see who follows what
        self.assertFalse(question.message_partner_ids & self.owner.partner_id)
        staff = question.with_user(self.accountant)
        staff.with_context(mail_notify_force_send=False).message_post(
            body=ANSWER,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        message = question._messages()[-1]
        mail = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        self.assertIn(self.owner.partner_id, mail.recipient_ids)
        self.assertIn(question._path(), mail.body_html)

    def test_questions_of_others(self):
        question = self._asked()
        for user, status in (
            (self.owner, 200),
            (self.other, 404),
            (self.stranger, 404),
            (self.accountant, 404),
        ):
            self._login(user)
            self.assertEqual(
                self._get(question._path()).status_code, status, user.login
            )
        for user, status in ((self.owner, 200), (self.stranger, 303)):
            self._login(user)
            response = self._get("/my/referral/questions")
            self.assertEqual(response.status_code, status, user.login)
        self.assertURLEqual(response.headers["Location"], "/my/referral")
        self._login(self.other)
        before = len(question.message_ids)
        response = self._form(
            question._path(), {"text": "Mine now"}, page="/my/referral/withdraw"
        )
        self.assertEqual(response.status_code, 404)
        self.env.invalidate_all()
        self.assertEqual(len(question.message_ids), before)
        with self.assertRaises(AccessError):
            question.with_user(self.other).read(["name"])

    def test_empty_long_and_too_many(self):
        self._login(self.owner)
        self.assertIn("Write what you want", self._error(self._ask("  "), "text"))
        self.assertIn("at most", self._error(self._ask("x" * 2_001), "text"))
        self.assertFalse(self._questions())
        for number in range(10):
            self.assertEqual(self._ask(f"Question {number}").status_code, 303)
        self.assertIn("not answered", self._error(self._ask("One more"), "text"))
        self.assertEqual(len(self._questions()), 10)

    def test_nobody_edits_or_deletes_a_question(self):
        question = self._asked()
        with self.assertRaises(AccessError):
            question.with_user(self.accountant).unlink()
        with self.assertRaises(UserError):
            question.sudo().unlink()
        with self.assertRaises(UserError):
            question.with_user(self.accountant).state = "answered"
        rows = (
            self.env["referral.explanation"]
            .with_user(self.accountant)
            .search(question.with_user(self.accountant).action_why()["domain"])
        )
        self.assertEqual(rows.line_key, question.line_key)


@tagged("post_install", "-at_install")
class TestLimits(WhyCase):
    def test_lines_go_on_upon_further_pages(self):
        self._february()
        self.patch(why, "LINES_PER_PAGE", 1)
        self._login(self.owner)
        pages = [
            self._text(f"/my/referral/why/2026-02{page}") for page in ("", "/page/2")
        ]
        self.assertNotEqual(*pages)
        for wrong in ("/page/x", "/page/²"):
            response = self.url_open(f"/my/referral/why/2026-02{wrong}")
            self.assertEqual(response.status_code, 404)
        self.assertLess(
            self.url_open("/my/referral/why/2026-02?page=²").status_code, 500
        )

    def test_pages_made_in_a_row_wait(self):
        self._february()
        self.patch(why, "EXPLANATIONS_AN_HOUR", 2)
        self._login(self.owner)
        path = "/my/referral/why/2026-02"
        for _time in range(2):
            self.assertIn("A domain", self._text(path))
        page = self._text(path)
        self.assertIn("asked for too often within an hour", page)
        for lines in ("A domain", "Not paid", "earned all it could"):
            self.assertNotIn(lines, page)
        # nor is a line looked at to ask about it, but the month can be asked about
        self.assertEqual(self.url_open(f"{path}/ask?line=1").status_code, 404)
        self.assertIn("Ask about this", self._text(f"{path}/ask"))

    def test_messages_wait_for_an_answer(self):
        self.patch(referral_question, "MOST_IN_A_ROW", 2)
        accrual = self.program.accrual_ids
        questions = self.env["referral.question"].with_user(self.owner)
        question = questions._ask(self.mine, accrual, "First")
        question.with_user(self.owner)._say("Second")
        with self.assertRefused(UserError, "Please wait"):
            question.with_user(self.owner)._say("Third")
        question.with_user(self.accountant).message_post(
            body=ANSWER, message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        question.with_user(self.owner)._say("Third")
        self.assertEqual(len(question._messages()), 4)


@tagged("post_install", "-at_install")
class TestPromise(WhyCase):
    def test_a_deadline_that_has_passed_is_not_promised(self):
        joining = self._participant(
            partner_id=self.stranger.partner_id.id, state="submitted"
        )
        joining.sudo().verification_deadline = "2026-03-10 14:00:00"
        self._login(self.stranger)
        with self.on("2026-03-09"):
            promise = " ".join(joining._promise().split())
            text = self._text("/my/referral")
        self.assertIn(f"reply by {promise}", text)
        with self.on("2026-03-11"):
            text = self._text("/my/referral")
        self.assertIn("It takes longer than we promised", text)
        self.assertNotIn("Mar 10", text)


@tagged("post_install", "-at_install")
class TestOnAPhone(BrowsingMixin, WhyCase):
    def test_newest_months_and_all_tabs_are_in_sight(self):
        service = {"start_date": "2026-03-01", "end_date": "2026-08-31"}
        half_a_year = self._line(6_000, name="Half a year", **service)
        self._paid("2026-02-10", [half_a_year], partner=self.second)
        self._february()
        for month in range(3, 9):
            self._accrue(f"2026-0{month}")
        with self._window(self.owner) as window:
            window.resize(PHONE)
            for path in ("", "/why/2026-02", "/billing"):
                window.open(f"/my/referral{path}")
                self.assertEqual(
                    window.evaluate("document.documentElement.scrollWidth"), PHONE[0]
                )
                self.assertTrue(
                    window.evaluate(f"{IN_SIGHT}('.o_referral_tabs .nav-link')"), path
                )
            self.assertTrue(
                window.evaluate(
                    "document.querySelectorAll('.o_referral_tabs .nav-link').length > 4"
                )
            )
            window.open("/my/referral")
            bars = ".o_referral_bars tr:last-child td"
            self.assertTrue(window.evaluate(f"{IN_SIGHT}('{bars}')"))
            shown = window.evaluate(
                f"[...document.querySelectorAll('{bars}')]"
                ".filter(e => e.checkVisibility()).length"
            )
            self.assertEqual(shown, 6)
