"""Four eyes: nobody approves alone what they asked for, verified or trusted."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_withdrawals import MoneyCase


@tagged("post_install", "-at_install")
class TestFourEyes(MoneyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = (
            "referral_program.group_accountant,referral_program.group_officer,"
            "account.group_validate_bank_account,base.group_partner_manager"
        )
        cls.vera, cls.boris = (
            cls._user(name, groups) for name in ("four_vera", "four_boris")
        )
        cls.program.four_eyes = "able"

    def _leave_vera_alone(self):
        """Take the role from everybody else."""
        administrator = self.env.ref("referral_program.group_administrator")
        # sudo: it is the administrator's own role
        self.env.user.sudo().group_ids -= administrator
        self.boris.sudo().active = False
        self.assertEqual(self.program.sudo()._able("group_accountant"), self.vera)

    def _asked(self, **options):
        """Return what the participant requested."""
        return self._request(20_000, **options).with_user(self.vera)

    def assertNotByVera(self, withdrawal, why):
        """Neither button, nor the scheduled action, and Boris is named; he can."""
        for action in (withdrawal.action_approve, withdrawal.action_bill):
            with (
                self.on("2026-03-06"),
                self.assertRefused(UserError, f"four_vera .*{why}.*four_boris"),
            ):
                action()
        self.assertFalse(withdrawal.approved_on)
        self.assertFalse(withdrawal.bill_id)
        with self.on("2026-03-06"):
            withdrawal.with_user(self.boris).action_bill()
        self.assertEqual(withdrawal.state, "billed")
        self.assertEqual(withdrawal.approver_id, self.boris)

    # === Who has had a part in it === #

    def test_whoever_requested_it(self):
        with self.on("2026-03-05"):
            withdrawal = (
                self.env["referral.withdrawal"]
                .with_user(self.vera)
                ._request(
                    self.participant.with_user(self.vera),
                    20_000,
                    self.account.with_user(self.vera),
                    by_staff=True,
                )
            )
        self.assertEqual(withdrawal.involved_ids, self.vera)
        self.assertNotByVera(withdrawal, "requested it")

    def test_whoever_trusted_the_account(self):
        withdrawal = self._asked()
        self.account.allow_out_payment = False
        withdrawal.action_trust_account()
        self.assertEqual(self.account.referral_truster_id, self.vera)
        self.assertNotByVera(withdrawal, "trusted the account")

    def test_another_company_trusts_no_account_of_ours(self):
        withdrawal = self._asked()
        foreign = self._user(
            "four_foreign",
            "referral_program.group_accountant,base.group_partner_manager",
            self.setup_other_company()["company"],
        )
        self.account.allow_out_payment = False
        self.account.with_user(foreign).allow_out_payment = True
        self.assertFalse(withdrawal.account_trusted)
        self.assertEqual(self._found(False), withdrawal)
        self.assertFalse(self._found(True))
        with self.on("2026-03-06"), self.assertRefused(UserError, "not trusted yet"):
            withdrawal.with_user(self.boris).action_bill()
        with self.assertRefused(UserError, "checked already"):
            self.participant._set_standing(10_000, self.account)
        withdrawal.action_trust_account()
        self.assertEqual(self._found(True), withdrawal)
        self.assertFalse(self._found(False))
        with self.on("2026-03-06"):
            withdrawal.with_user(self.boris).action_bill()
        self.assertEqual(withdrawal.state, "billed")

    def _found(self, trusted):
        return (
            self.env["referral.withdrawal"]
            .with_user(self.vera)
            .search(
                [
                    ("participant_id", "=", self.participant.id),
                    ("account_trusted", "=", trusted),
                ]
            )
        )

    def test_nobody_names_another_as_who_trusted(self):
        self.account.allow_out_payment = False
        self.account.with_user(self.vera).write(
            {"allow_out_payment": True, "referral_truster_id": self.boris.id}
        )
        self.assertEqual(self.account.referral_truster_id, self.vera)
        self.account.with_user(self.vera).referral_truster_id = self.boris
        self.assertEqual(self.account.referral_truster_id, self.vera)
        made = (
            self.env["res.partner.bank"]
            .with_user(self.vera)
            .create(
                {
                    "acc_number": "40702810938000000777",
                    "partner_id": self.participant.partner_id.id,
                    "referral_truster_id": self.boris.id,
                }
            )
        )
        self.assertFalse(made.referral_truster_id)

    def test_whoever_trusted_it_by_a_context(self):
        account = (
            self.env["res.partner.bank"]
            .with_user(self.vera)
            .with_context(default_allow_out_payment=True)
            .create(
                {
                    "acc_number": "40702810938000000777",
                    "partner_id": self.participant.partner_id.id,
                }
            )
        )
        self.assertTrue(account.allow_out_payment)
        self.assertNotByVera(self._asked(account=account), "trusted the account")

    def test_whoever_approved_documents_that_are_destroyed(self):
        withdrawal = self._asked()
        document = self._approved_by_vera()
        document.sudo()._destroy("their time is over")
        self.assertEqual(document.state, "destroyed")
        self.assertIn("approved the part", withdrawal._why_not_by(self.vera))
        self.assertFalse(withdrawal._why_not_by(self.boris))

    def _approved_by_vera(self):
        document = self.env["referral.document"].create(
            {"participant_id": self.participant.id, "name": "Passport", "kind": "text"}
        )
        document.sudo()._hand_in_text("AB 1234567")
        document.sudo()._update_state("submitted")
        document.with_user(self.vera).action_approve()
        return document

    def test_whoever_approved_the_documents(self):
        withdrawal = self._asked()
        self._approved_by_vera()
        self.assertNotByVera(withdrawal, "approved the participant's documents")

    def test_whoever_confirmed_the_account(self):
        withdrawal = self._asked()
        self.account.allow_out_payment = False
        self.account.acc_holder_name = "Other"
        self.account.allow_out_payment = True
        withdrawal.action_confirm_account()
        self.assertNotByVera(withdrawal, "confirmed its account")

    def test_whoever_settled_it(self):
        withdrawal = self._asked()
        self.participant._update_state("closed", "Test")
        withdrawal.action_settle()
        self.assertTrue(withdrawal.by_staff)
        self.assertNotByVera(withdrawal, "settled it")

    def test_whose_own_it_is(self):
        withdrawal = self._asked()
        self.vera.partner_id.parent_id = self.participant.partner_id
        self.assertNotByVera(withdrawal, "belongs to this client")

    # === In whatever order === #

    def test_approved_first_and_trusted_after(self):
        """The other way round it is no other person either."""
        self.account.allow_out_payment = False
        withdrawal = self._asked()
        withdrawal.action_approve()
        withdrawal.action_trust_account()
        with self.on("2026-03-06"):
            self.env["referral.withdrawal"]._cron_bill()
        self.assertFalse(withdrawal.bill_id)
        self.assertRegex(
            withdrawal.problem, "four_vera .*trusted the account.*four_boris"
        )
        with self.on("2026-03-06"), self.assertRefused(UserError, "four_boris"):
            withdrawal.action_bill()
        with self.on("2026-03-06"):
            withdrawal.with_user(self.boris).action_bill()
        self.assertEqual(withdrawal.approver_id, self.boris)
        self.assertEqual(withdrawal.state, "billed")

    def test_one_of_many_waits_and_the_others_go_on(self):
        mine, other = self._asked(), self._asked()
        mine._involve()
        with self.on("2026-03-06"):
            answer = (mine | other).action_bill()
        self.assertIn(mine.name, answer["params"]["message"])
        self.assertNotIn(other.name, answer["params"]["message"])
        self.assertEqual((mine.state, other.state), ("requested", "billed"))
        self.assertIn("requested it", mine.problem)
        self.assertFalse(mine.approved_on)

    def test_what_another_approved_anybody_bills(self):
        withdrawal = self._asked()
        withdrawal._involve()
        withdrawal.with_user(self.boris).action_approve()
        with self.on("2026-03-06"):
            withdrawal.action_bill()
        self.assertEqual(withdrawal.approver_id, self.boris)
        self.assertEqual(withdrawal.state, "billed")

    def test_what_staff_request_is_not_billed_by_itself(self):
        self.program.withdrawal_policy = "automatic"
        theirs, staffs = self._asked(), self._asked(by_staff=True)
        with self.on("2026-03-06"):
            self.env["referral.withdrawal"]._cron_bill()
        self.assertEqual((theirs.state, staffs.state), ("billed", "requested"))
        to_approve = self.program._withdrawal_domain("to_approve")
        self.assertEqual(self.env["referral.withdrawal"].search(to_approve), staffs)
        self.program.four_eyes = "never"
        with self.on("2026-03-06"):
            self.env["referral.withdrawal"]._cron_bill()
        self.assertEqual(staffs.state, "billed")

    # === The setting === #

    def test_where_one_person_has_the_role(self):
        withdrawal = self._asked()
        withdrawal._involve()
        self._leave_vera_alone()
        withdrawal.action_approve()
        self.assertEqual(withdrawal.approver_id, self.vera)

    def test_always(self):
        self.program.four_eyes = "always"
        withdrawal = self._asked()
        withdrawal._involve()
        self._leave_vera_alone()
        with self.assertRefused(UserError, "Nobody else has the role"):
            withdrawal.action_approve()
        self.assertFalse(withdrawal.approved_on)

    def test_the_default(self):
        company = self.env["res.company"].create({"name": "Other"})
        program = self.env["referral.program"].new({"company_id": company.id})
        self.assertEqual(program.four_eyes, "able")

    def test_never(self):
        self.program.four_eyes = "never"
        withdrawal = self._asked()
        withdrawal._involve()
        withdrawal.action_approve()
        self.assertEqual(withdrawal.approver_id, self.vera)
