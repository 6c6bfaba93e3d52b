"""In whose name things are said about the program's records: one's own."""

from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import tagged

from .test_odoos_doors import FORGED, DoorsCase


@tagged("post_install", "-at_install")
class TestAuthors(DoorsCase):
    """Odoo believes whoever writes a message who its author is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls._user("names_auditor", "referral_program.group_auditor")

    def setUp(self):
        super().setUp()
        self.question = self._asked_by(self.owner)
        self.theirs_to_say = {
            "author_id": self.accountant.partner_id.id,
            "email_from": self.accountant.partner_id.email_formatted,
        }

    def _said_by_others(self, user):
        """Return what a user wrote about the program's records as somebody else."""
        messages = self.env["mail.message"].search(
            [("create_uid", "=", user.id), ("model", "=like", "referral.%")]
        )
        return messages.filtered(lambda one: one.author_id != user.partner_id)

    def test_staff_post_in_their_own_name(self):
        answer = {
            "body": FORGED,
            "message_type": "comment",
            "subtype_xmlid": "mail.mt_comment",
        }
        told = {"body": FORGED, "partner_ids": self.owner.partner_id.ids}
        for said in (
            self.theirs_to_say,
            {"author_id": self.theirs_to_say["author_id"]},
            {"email_from": self.theirs_to_say["email_from"]},
        ):
            for user, record, method, kwargs in (
                (self.officer, self.question, "message_post", answer),
                (self.officer, self.mine, "message_post", {"body": FORGED}),
                (self.auditor, self.mine, "message_notify", told),
            ):
                with self.subTest(said=said, method=method, about=record._name):
                    self._call(user, record._name, method, record.ids, **kwargs, **said)
                    self.assertFalse(self._said_by_others(user))
        written = self.question._messages()[-1]
        self.assertEqual(written.author_id, self.officer.partner_id)
        self.assertEqual(written.email_from, self.officer.partner_id.email_formatted)

    def test_nor_by_the_message_itself(self):
        vals = {
            "model": self.mine._name,
            "res_id": self.mine.id,
            "body": FORGED,
            "message_type": "notification",
        }
        for user in (self.officer, self.auditor):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._call(
                    user, "mail.message", "create", [{**vals, **self.theirs_to_say}]
                )
        own = self._call(
            self.officer,
            "mail.message",
            "create",
            [{**vals, "message_type": "comment"}],
        )
        for change in (self.theirs_to_say, {"message_type": "notification"}):
            with self.subTest(change=change), self.assertRaises(AccessError):
                self._call(self.officer, "mail.message", "write", own, change)
        self.assertFalse(self._said_by_others(self.officer))

    def test_nor_by_a_notification_from_elsewhere(self):
        threads = self.env["mail.thread"].with_user(self.auditor)
        said = {
            "body": FORGED,
            "model": self.mine._name,
            "res_id": self.mine.id,
            "partner_ids": self.owner.partner_id.ids,
            **self.theirs_to_say,
        }
        with self.assertRaises(AccessError):
            call_kw(threads, "message_notify", [[]], said)

    def test_of_other_records_it_is_odoos_to_say(self):
        client = self._partner("Somebody")
        self._call(
            self.officer,
            "res.partner",
            "message_post",
            client.ids,
            body="A note",
            author_id=self.accountant.partner_id.id,
        )
        self.assertEqual(client.message_ids[0].author_id, self.accountant.partner_id)
