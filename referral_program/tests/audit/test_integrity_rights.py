"""The integrity check: who runs it, reads what it found, and who does not."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .tampered import BREAKS, TamperedCase


@tagged("post_install", "-at_install")
class TestIntegrityRights(TamperedCase):
    def test_accountants_and_administrators_press_the_buttons(self):
        for role in ("accountant", "administrator"):
            user = self._user(f"integrity_{role}", f"referral_program.group_{role}")
            for record in (self.program, self.second):
                action = record.with_user(user).action_check_integrity()
                run = self.env["referral.integrity.run"].browse(action["res_id"])
                self.assertPassed(run)
                self.assertRecordValues(
                    run.with_user(user), [{"origin": "button", "user_id": user.id}]
                )

    def test_auditors_and_officers_read_and_run_nothing(self):
        self._tamper(BREAKS["line_amount"][0])
        run = self._check()
        for role in ("auditor", "officer"):
            user = self._user(f"integrity_{role}", f"referral_program.group_{role}")
            with self.subTest(role):
                own = run.with_user(user)
                self.assertEqual(own.state, "failed")
                self.assertTrue(own.finding_ids[0].title)
                self.assertTrue(own.result_ids[0].title)
                for record in (self.program, self.second):
                    with self.assertRefused(AccessError, "Only an accountant"):
                        record.with_user(user).action_check_integrity()

    def test_nobody_writes_what_was_found(self):
        self._tamper(BREAKS["line_amount"][0])
        run = self._check()
        administrator = self._user(
            "integrity_writer", "referral_program.group_administrator"
        )
        for record in (run, run.result_ids[0], run.finding_ids[0]):
            with self.assertRefused(UserError, "cannot be edited or deleted"):
                record.write({"display_name": "Forged"})
            # sudo: not even the superuser
            with self.assertRefused(UserError, "cannot be edited or deleted"):
                record.sudo().unlink()
            own = record.with_user(administrator)
            with self.assertRefused(UserError, "cannot be edited or deleted"):
                own.write({"display_name": "Forged"})
            for operation in ("create", "unlink"):
                self.assertFalse(own.has_access(operation))
            with self.assertRaises(AccessError):
                own.copy()

    def test_others_see_nothing(self):
        run = self._check()
        for login, group in (
            ("integrity_employee", "base.group_user"),
            ("integrity_portal", "base.group_portal"),
        ):
            user = self._user(login, group)
            for record in (run, run.result_ids[0]):
                with self.assertRaises(AccessError):
                    record.with_user(user).read(["display_name"])
            with self.assertRaises(AccessError):
                self.program.with_user(user).action_check_integrity()

    def test_other_companies_are_out_of_sight(self):
        program = self._program(self.setup_other_company()["company"])
        run = program._check_integrity()
        auditor = self._user("integrity_auditor", "referral_program.group_auditor")
        accountant = self._user("integrity_other", "referral_program.group_accountant")
        for record in (run, run.result_ids[0]):
            own = record.with_user(auditor)
            self.assertFalse(own.search([("id", "in", record.ids)]))
            with self.assertRaises(AccessError):
                own.read(["display_name"])
        with self.assertRaises(AccessError):
            program.with_user(accountant).action_check_integrity()

    def test_the_accountant_discusses_a_run_and_marks_it_done(self):
        accountant = self._user("integrity_done", "referral_program.group_accountant")
        self.program.responsible_id = accountant
        self._tamper(BREAKS["withdrawal_state"][0])
        run = self._check()
        own = self._activities().with_user(accountant)
        own.action_feedback(feedback="I have found out.")
        self.assertFalse(self._activities())
        self.assertIn("I have found out.", run.message_ids[0].body)
        auditor = self._user("integrity_mute", "referral_program.group_auditor")
        body = "I was here."
        with self.assertRaises(AccessError):
            run.with_user(auditor).message_post(body=body)

    def test_engine_is_closed_to_rpc(self):
        from odoo.service.model import get_public_method

        for name in ("_check_integrity", "_cron_check_integrity", "_verify_chain"):
            with self.assertRaises(AccessError):
                get_public_method(self.env["referral.program"], name)
