"""Who is told: somebody who is there, in company and role; else a colleague."""

from odoo import SUPERUSER_ID, Command
from odoo.tests import tagged

from ..common import JoiningCase

ALARM = "referral_program.mail_activity_credit_alarm"


@tagged("post_install", "-at_install")
class TestColleagues(JoiningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.one = cls._user("one", "referral_program.group_accountant")
        cls.two = cls._user("two", "referral_program.group_accountant")
        cls.officer = cls._user("officer_one", "referral_program.group_officer")
        cls.second = cls._user("officer_two", "referral_program.group_officer")
        # before all others who have the roles, the administrator among them
        (cls.two | cls.second).name = "A Colleague"
        cls.program.write(
            {
                "responsible_id": cls.one.id,
                "officer_id": cls.officer.id,
                "posting_policy": "review",
            }
        )
        cls.participant = cls._participant()
        cls.client = cls._partner("Client")
        cls._referral(cls.participant, cls.client, "2026-01-01")

    def _open_month(self):
        self._paid("2026-01-10", 1000)
        return self._accrue("2026-01")

    def _nobody(self):
        """Take their roles from all who have one."""
        for role in ("accountant", "officer", "administrator"):
            self.env.ref(f"referral_program.group_{role}").sudo().user_ids = False

    def _watch(self, day):
        with self.on(day):
            self.env["referral.program"].sudo()._cron_watch()
        self.env.invalidate_all()

    def _alarms(self):
        kind = self.env.ref(ALARM)
        return self.program.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
        )

    # === Whoever is named === #

    def test_the_one_named_while_they_may(self):
        self.assertEqual(self.program._accountant(), self.one)
        self.assertEqual(self.program._officer(), self.officer)

    def test_not_whoever_is_archived(self):
        self.one.action_archive()
        self.assertEqual(self.program._accountant(), self.two)

    def test_nor_whoever_left_the_company(self):
        elsewhere = self._create_company(name="Elsewhere")
        self.one.write(
            {"company_ids": [Command.set(elsewhere.ids)], "company_id": elsewhere.id}
        )
        self.assertEqual(self.program._accountant(), self.two)

    def test_nor_whoever_left_the_role(self):
        role = self.env.ref("referral_program.group_officer")
        self.officer.group_ids -= role
        self.assertEqual(self.program._officer(), self.second)

    def test_odoobot_where_there_is_nobody(self):
        """Nobody who happens to press a button, such as a participant in the portal."""
        self._nobody()
        portal = self._user("a_participant", "base.group_portal")
        program = self.program.with_user(portal).sudo()
        self.assertEqual(program._accountant().id, SUPERUSER_ID)

    # === Open activities === #

    def test_those_of_an_archived_user_come_again_at_a_colleagues(self):
        accrual = self._open_month()
        asked = accrual.activity_ids
        self.assertEqual(asked.user_id, self.one)
        deadline = asked.date_deadline
        self.one.action_archive()
        self.env.invalidate_all()
        self.assertEqual(accrual.activity_ids.user_id, self.two)
        self.assertEqual(accrual.activity_ids.date_deadline, deadline)
        self._watch("2026-02-03")
        self.assertEqual(len(accrual.activity_ids), 1)

    def test_those_of_a_deleted_user_too(self):
        joiner = self._submitted()
        self.assertEqual(joiner.activity_ids.user_id, self.officer)
        self.officer.unlink()
        self.env.invalidate_all()
        self.assertEqual(joiner.activity_ids.user_id, self.second)

    def test_nobodys_come_to_whoever_has_the_role_next(self):
        accrual = self._open_month().sudo()
        self._nobody()
        self.one.action_archive()
        self.env.invalidate_all()
        self.assertEqual(accrual.activity_ids.user_id.id, SUPERUSER_ID)
        three = self._user("three", "referral_program.group_accountant")
        self._watch("2026-02-03")
        self.assertEqual(accrual.activity_ids.user_id, three)

    def test_those_of_who_left_company_or_role_are_handed_over_daily(self):
        accrual = self._open_month()
        joiner = self._submitted()
        for user in (self.one, self.officer):
            user.group_ids = self.env.ref("base.group_user")
        self._watch("2026-02-03")
        self.assertEqual(accrual.activity_ids.user_id, self.two)
        self.assertEqual(joiner.activity_ids.user_id, self.second)

    def test_those_that_somebody_gave_to_a_colleague_stay_there(self):
        accrual = self._open_month()
        accrual.activity_ids.user_id = self.two
        self._watch("2026-02-03")
        self.assertEqual(accrual.activity_ids.user_id, self.two)

    def test_those_of_other_programs_and_kinds_stay(self):
        accrual = self._open_month()
        other = self._program(self._create_company(name="Other company"))
        outsider = self._user("outsider", "referral_program.group_accountant")
        outsider.company_ids = other.company_id | self.company
        other.activity_schedule(ALARM, user_id=outsider.id)
        todo = accrual.activity_schedule("mail.mail_activity_data_todo")
        todo.user_id = self.second
        self._watch("2026-02-03")
        self.assertEqual(other.activity_ids.user_id, outsider)
        self.assertEqual(todo.user_id, self.second)

    # === The alarm === #

    def test_the_alarm_comes_although_accruals_are_switched_off(self):
        self._open_month()
        self.env.ref("referral_program.ir_cron_accrue").active = False
        watch = self.env.ref("referral_program.ir_cron_watch")
        self.assertEqual(watch.code, "model._cron_watch()")
        self.assertTrue(watch.active)
        self._watch("2026-02-12")
        self.assertFalse(self._alarms())
        self._watch("2026-02-13")
        self.assertEqual(self._alarms().user_id, self.one)
        self.assertIn("January 2026", str(self._alarms().note))

    def test_one_alarm_whichever_action_raises_it(self):
        self._open_month()
        self._watch("2026-02-13")
        with self.on("2026-02-13"):
            self.env["referral.program"]._cron_accrue()
        self.assertEqual(len(self._alarms()), 1)

    def test_and_whatever_the_language_of_who_gets_it_next(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self.two.lang = "ru_RU"
        self._open_month()
        self._watch("2026-02-13")
        self.one.action_archive()
        self._watch("2026-02-14")
        self.assertEqual(len(self._alarms()), 1)
        self.assertEqual(self._alarms().user_id, self.two)

    def test_the_alarm_does_not_go_to_who_has_left(self):
        self._open_month()
        with self.on("2026-02-02"):
            self.one.action_archive()
        with self.on("2026-02-13"):
            self.env["referral.program"]._cron_accrue()
        self.assertEqual(self._alarms().user_id, self.two)
