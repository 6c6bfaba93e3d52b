"""Nobody hands in an e-mail by themselves to do what is not theirs."""

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_odoos_doors import DoorsCase

MAIL = """From: {sender}
To: someone@example.com
Subject: Referral
Message-Id: <{number}@mail.example>
{headers}Content-Type: text/plain

{text}
"""
#: What Odoo's own doors take is in superuser mode by then.
TEXT = "We pay ten times as much"


@tagged("post_install", "-at_install")
class TestEmails(DoorsCase):
    def setUp(self):
        super().setUp()
        self.number = 0
        self.boss = self._user("emails_boss", "base.group_system")

    def _hand_in(self, user, model, values=None, headers="", **kwargs):
        """Hand in an e-mail as everybody does over RPC who is an employee."""
        self.number += 1
        mail = MAIL.format(
            sender=self.accountant.email_formatted,
            number=self.number,
            headers=headers,
            text=TEXT,
        )
        self.env.flush_all()
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            return self._call(
                user, "mail.thread", "message_process", model, mail, values, **kwargs
            )

    def _employees(self):
        auditor = self._user("emails_auditor", "referral_program.group_auditor")
        return self.employee | self.accountant | self.officer | auditor

    def test_no_employee_makes_what_the_program_makes(self):
        """An approved withdrawal, a verified participant, a bound client."""
        client = self._partner("Bound to nobody")
        membership = {
            "partner_id": client.id,
            "program_id": self.program.id,
            "type_id": self.mine.type_id.id,
            "state": "active",
        }
        withdrawal = {
            "participant_id": self.mine.id,
            "amount": 50_000.0,
            "bank_account_id": self.account.id,
            "approved_on": "2026-01-01 00:00:00",
        }
        referral = {
            "participant_id": self.mine.id,
            "partner_id": client.id,
            "date_start": "2025-01-01",
        }
        doors = (
            ("referral.withdrawal", withdrawal),
            ("referral.participant", membership),
            ("referral.referral", referral),
            ("referral.question", {}),
            # nor by way of what the record leads to
            ("res.partner", {"referral_participant_ids": [[0, 0, membership]]}),
            (
                "res.partner",
                {"child_ids": [[1, client.id, {"referral_ids": [[0, 0, referral]]}]]},
            ),
        )
        kept = ("referral.withdrawal", "referral.participant", "referral.referral")
        before = [self.env[model].search_count([]) for model in kept]
        for user in self._employees():
            for model, values in doors:
                with (
                    self.subTest(user=user.login, model=model, values=values),
                    self.assertRaises(AccessError),
                ):
                    self._hand_in(user, model, values)
        self.assertEqual([self.env[model].search_count([]) for model in kept], before)

    def test_no_mail_server_does_either(self):
        """An alias may say what it likes: of the program's records it makes none."""
        values = {"participant_id": self.mine.id, "amount": 50_000.0}
        with self.assertRaises(ValueError):
            self._hand_in(self.boss, "referral.withdrawal", values)

    def test_no_employee_writes_as_another_one(self):
        question = self._asked_by(self.owner)
        answer = self._answer(question)
        before = question._messages()
        for user in self._employees():
            for model, headers, kwargs in (
                ("referral.question", "", {"thread_id": question.id}),
                (None, f"In-Reply-To: {answer.message_id}\n", {}),
            ):
                with (
                    self.subTest(user=user.login, model=model),
                    self.assertRaises(AccessError),
                ):
                    self._hand_in(user, model, headers=headers, **kwargs)
        self.assertEqual(question._messages(), before)

    def test_mail_servers_bring_answers(self):
        question = self._asked_by(self.owner)
        answer = self._answer(question)
        for user in (self.boss, self.env.ref("base.user_root")):
            reply = f"In-Reply-To: {answer.message_id}\n"
            self._hand_in(user, None, headers=reply)
        self.assertIn(TEXT, question._messages()[-1].body)

    def test_other_mails_are_odoos_own(self):
        number = self._hand_in(self.employee, "res.partner")
        self.assertTrue(self.env["res.partner"].browse(number).exists())
