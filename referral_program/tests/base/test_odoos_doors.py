"""What Odoo's own doors let people do with the program's records: nothing of it.

Each test calls what everybody with an account may call over RPC.
"""

from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from ..portal.test_why import ANSWER, WhyCase

FORGED = "<p>We pay ten times as much.</p>"


class DoorsCase(WhyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.viewer = cls._of_owner("doors_viewer")
        cls.program.write({"responsible_id": cls.accountant.id})

    @classmethod
    def _of_owner(cls, login, role="viewer"):
        user = new_test_user(
            cls.env, login, "base.group_portal", email=f"{login}@example.com"
        )
        user.partner_id.parent_id = cls.owner.partner_id
        cls.env["referral.representative"].create(
            {"participant_id": cls.mine.id, "user_id": user.id, "role": role}
        )
        return user

    def _call(self, user, model, method, *args, **kwargs):
        """Call a method as over RPC."""
        records = self.env[model].with_user(user)
        return call_kw(records, method, list(args), kwargs)

    def _everybody(self):
        return self.owner | self.viewer | self.stranger | self.employee

    def _asked_by(self, user):
        questions = self.env["referral.question"].with_user(user)
        return questions._ask(self.mine, self.program.accrual_ids, "Why?")

    def _answer(self, question):
        staff = question.with_user(self.accountant)
        return staff.with_context(mail_notify_force_send=False).message_post(
            body=ANSWER, message_type="comment", subtype_xmlid="mail.mt_comment"
        )


@tagged("post_install", "-at_install")
class TestActivities(DoorsCase):
    def test_nobody_writes_to_staff_as_odoobot(self):
        """A client's own steps assign activities; a client assigns none."""
        about = self.env["ir.model"]._get_id("referral.participant")
        vals = {
            "res_model_id": about,
            "res_id": self.mine.id,
            "user_id": self.accountant.id,
            "summary": "Trust the new account",
            "note": '<a href="https://evil.example">Log in</a>',
        }
        activities = self.env["mail.activity"].sudo()
        before = activities.search_count([])
        public = self.env.ref("base.public_user").sudo()
        for user in (*self._everybody(), public):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._call(user, "mail.activity", "create", [vals])
        self.assertEqual(activities.search_count([]), before)


@tagged("post_install", "-at_install")
class TestScheduledActions(DoorsCase):
    def test_nobody_starts_them(self):
        """Odoo lets everybody run an action that is for no group in particular."""
        actions = self.env["ir.actions.server"].search(
            [("model_id.model", "=like", "referral.%")]
        )
        self.assertGreater(len(actions), 10)
        staff = self.officer | self.accountant
        for action in actions:
            for user in self._everybody() | staff:
                if action.group_ids & user.all_group_ids:
                    continue
                with (
                    self.subTest(action=action.name, user=user.login),
                    self.assertRaises(AccessError),
                ):
                    self._call(user, "ir.actions.server", "run", action.ids)

    def test_the_scheduler_still_does(self):
        scheduled = self.env["ir.cron"].search(
            [("model_id.model", "=like", "referral.%")]
        )
        self.assertGreater(len(scheduled), 10)
        system = self.env.ref("base.group_system")
        for action in scheduled:
            with self.subTest(action=action.name):
                self.assertEqual(action.group_ids, system)
                self.assertIn(system, action.user_id.all_group_ids)
