"""Correcting who referred a client: what moves, by how much, when, and who may."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..common import TwoParticipantsCase
from ..expected import Expected


@tagged("post_install", "-at_install")
class TestMoves(Expected, TwoParticipantsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = cls._user("move_officer", "referral_program.group_officer")
        cls.accountant = cls._user("move_acc", "referral_program.group_accountant")
        cls.program.officer_id = cls.officer
        cls.referral = cls._referral(cls.anna, cls.client, "2026-01-01")

    def _wizard(self, user, **values):
        form = Form(
            self.env["referral.move"]
            .with_user(user)
            .with_context(default_referral_id=self.referral.id)
        )
        form.participant_id = self.boris
        form.reason = "Boris sent the offer"
        for name, value in values.items():
            form[name] = value
        return form.save()

    def test_all_invoices_move(self):
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.anna, "90")
        wizard = self._wizard(self.officer)
        self.assertEqual(str(wizard.date_from), "2026-01-01")
        self.assertEqual(wizard.amount, 90)
        wizard.action_confirm()
        self.assertEqual(self.referral.participant_id, self.boris)
        february = self._accrue("2026-02")
        self.assertEqual(self._earned(february, self.anna), -90)
        march = self._accrue("2026-03")
        self.assertEqual(self._earned(march, self.boris), 90)
        self.assertEqual(self._earned(march, self.anna), 0)
        self.assertLedger(self.program)
        for record in (self.referral, self.anna, self.boris):
            self.assertIn("Boris sent the offer", record.message_ids[0].body)

    def test_later_invoices_move(self):
        self._paid("2026-01-10")
        self._paid("2026-01-20", 500)
        self.assertEarned("2026-01", self.anna, "135")
        wizard = self._wizard(self.officer, date_from="2026-01-20")
        self.assertEqual(wizard.amount, 45)
        action = wizard.action_confirm()
        moved = self.env["referral.referral"].browse(action["res_id"])
        self.assertEqual(moved.participant_id, self.boris)
        self.assertEqual((moved.state, str(moved.date_start)), ("active", "2026-01-20"))
        self.assertEqual(
            (self.referral.state, str(self.referral.date_end)), ("ended", "2026-01-19")
        )
        february = self._accrue("2026-02")
        march = self._accrue("2026-03")
        self.assertEqual(
            [self._earned(month, self.anna) for month in (february, march)], [-45, 0]
        )
        self.assertEqual(
            self._earned(february, self.boris) + self._earned(march, self.boris), 45
        )
        self.assertLedger(self.program)

    def test_a_day_to_come_leaves_no_day_without_a_participant(self):
        with self.on("2026-02-10"):
            action = self._wizard(self.officer, date_from="2026-03-01").action_confirm()
        moved = self.env["referral.referral"].browse(action["res_id"])
        self.assertEqual(
            (self.referral.state, str(self.referral.date_end)), ("active", "2026-02-28")
        )
        self.assertEqual(str(moved.date_start), "2026-03-01")
        self._paid("2026-02-20")
        self.assertEarned("2026-02", self.anna, "90")

    def test_accountants_ask_and_officers_decide(self):
        wizard = self._wizard(self.accountant)
        with self.assertRefused(AccessError, "Only an officer may move"):
            wizard.action_confirm()
        wizard.action_ask()
        self.assertEqual(self.referral.participant_id, self.anna)
        activity = self.referral.activity_ids
        self.assertEqual(activity.user_id, self.officer)
        self.assertIn("Boris sent the offer", activity.note)

    def test_what_cannot_be_moved_is_refused(self):
        day = self.referral.date_start
        for participant, when, text in (
            (self.anna, day, "Choose another participant"),
            (self.boris, "2025-12-31", "Choose a day of the referral"),
        ):
            wizard = self._wizard(self.officer)
            wizard.write({"participant_id": participant.id, "date_from": when})
            with self.assertRefused(UserError, text):
                wizard.action_confirm()
        self.referral.action_cancel()
        with self.assertRefused(UserError, "cancelled referral cannot be moved"):
            self._wizard(self.officer).action_confirm()
        self.assertEqual(self.referral.participant_id, self.anna)

    def test_nobody_gives_a_client_to_another_without_a_word(self):
        with self.assertRefused(UserError, "Move to"):
            self.referral.with_user(self.officer).participant_id = self.boris
        auditor = self._user("move_auditor", "referral_program.group_auditor")
        with self.assertRaises(AccessError):
            self._wizard(auditor)

    def test_another_companys_referral_is_not_shown(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self._user("move_stranger", "referral_program.group_accountant")
        stranger.write({"company_id": company.id, "company_ids": [(6, 0, company.ids)]})
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self._wizard(stranger)
