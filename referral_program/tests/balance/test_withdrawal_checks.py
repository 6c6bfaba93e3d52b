"""What is asked once more between a request and its bill, and how often one may ask."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.balance import referral_withdrawal_check
from ..clock import freeze_time
from .test_withdrawals import MoneyCase


@tagged("post_install", "-at_install")
class TestWithdrawalChecks(MoneyCase):
    def _bill_all(self, day="2026-03-06"):
        with self.on(day):
            self.env["referral.withdrawal"]._cron_bill()

    def _requested(self, amount=30_000):
        """Return an approved request of the participant."""
        withdrawal = self._request(amount)
        withdrawal._approve()
        return withdrawal

    def _others_withdrawal(self):
        """Return an approved request of somebody with whom all is well."""
        boris = self._participant("Boris")
        self._accept_agreements(boris)
        client = self._partner("Second Client")
        self._referral(boris, client)
        self._paid("2026-02-10", 1_000_000, partner=client)
        self._accrue("2026-02")
        account = self._bank_account(boris.partner_id, "DE75512108001245126199")
        with self.on("2026-03-05"):
            withdrawal = self.env["referral.withdrawal"]._request(
                boris, 20_000, account
            )
        withdrawal._approve()
        return withdrawal

    def _change(self, record, name, value):
        """Change the account or its bank, and trust the account anew."""
        self.account.allow_out_payment = False
        record[name] = value
        self.account.allow_out_payment = True

    def assertUnbilled(self, withdrawal, problem):
        """Neither the scheduled action nor the button makes a bill."""
        self.env.invalidate_all()
        self._bill_all()
        self.assertFalse(withdrawal.bill_id)
        self.assertEqual(withdrawal.state, "requested")
        self.assertIn(problem, withdrawal.problem)
        with self.on("2026-03-06"), self.assertRefused(UserError, problem):
            withdrawal.action_bill()
        self.assertFalse(withdrawal.bill_id)

    # === Who may not be paid any more === #

    def test_whoever_is_suspended_after_asking_is_not_paid(self):
        withdrawal, other = self._requested(), self._others_withdrawal()
        self.participant._update_state("suspended", "Fraud")
        self.assertUnbilled(withdrawal, "Your participation is suspended.")
        self.assertEqual(other.state, "billed")
        self.assertEqual(other.bill_id.amount_total, 20_000)
        self.assertMoney(90_000, 60_000)
        self.participant._update_state("active")
        self._bill_all()
        self.assertEqual(withdrawal.state, "billed")
        self.assertFalse(withdrawal.problem)
        self.assertMoney(60_000, 60_000)

    def test_nor_is_who_was_rejected(self):
        withdrawal = self._requested()
        self.participant._update_state("rejected", "A forged passport")
        self.assertUnbilled(withdrawal, "Your participation has ended.")
        # staff settle only what was closed
        withdrawal.action_settle()
        self.assertFalse(withdrawal.by_staff)
        with self.assertRefused(UserError, "cannot be paid now.*has ended"):
            self._request(10_000, by_staff=True)
        self.assertMoney(90_000, 60_000)

    def test_nor_is_whose_document_was_rejected(self):
        withdrawal = self._requested()
        document = self.env["referral.document"].create(
            {"participant_id": self.participant.id, "name": "A further paper"}
        )
        self.assertUnbilled(withdrawal, "Documents have to be uploaded or verified")
        document.unlink()
        self._bill_all()
        self.assertEqual(withdrawal.state, "billed")

    def test_nor_is_who_did_not_accept_the_agreement_in_force(self):
        self.program.agreement_grace_days = 0
        withdrawal = self._requested()
        with self.on("2026-03-06"):
            self.env["referral.agreement"].create(
                {"kind": "engagement", "name": "Rules", "body": "<p>New rules</p>"}
            ).action_publish()
        self.assertUnbilled(withdrawal, "Accept the agreements first.")
        self._accept_agreements(self.participant)
        self.env.invalidate_all()
        self._bill_all()
        self.assertEqual(withdrawal.state, "billed")

    def test_staff_settle_what_was_asked_before_the_end(self):
        withdrawal = self._requested()
        self.participant._update_state("closed", "Left")
        self.assertUnbilled(withdrawal, "Your participation has ended.")
        with self.assertRaises(AccessError):
            withdrawal.with_user(self._user_of("officer")).action_settle()
        withdrawal.with_user(self._user_of("accountant")).action_settle()
        self.assertTrue(withdrawal.by_staff)
        self._bill_all()
        self.assertEqual(withdrawal.state, "billed")
        self.assertMoney(60_000, 60_000)

    def test_staff_settle_nobody_who_takes_part(self):
        withdrawal = self._requested()
        self.participant._update_state("suspended", "Fraud")
        withdrawal.action_settle()
        self.assertFalse(withdrawal.by_staff)
        with self.assertRefused(UserError, "cannot be paid now.*suspended"):
            self._request(10_000, by_staff=True)
        self.participant._update_state("closed", "Fraud")
        settled = self._request(60_000, by_staff=True)
        self.assertTrue(settled.by_staff)
        with self.on("2026-03-06"):
            settled.action_bill()
        self.assertEqual(settled.bill_id.amount_total, 60_000)

    def test_the_button_goes_on_with_the_others(self):
        withdrawal, other = self._requested(), self._others_withdrawal()
        self.participant._update_state("suspended", "Fraud")
        with self.on("2026-03-06"):
            notice = (withdrawal | other).action_bill()
        self.assertEqual(other.state, "billed")
        self.assertEqual(withdrawal.state, "requested")
        self.assertIn("Your participation is suspended.", withdrawal.problem)
        self.assertIn(withdrawal.name, notice["params"]["message"])
        self.assertNotIn(other.name, notice["params"]["message"])

    # === Another account === #

    def test_an_account_changed_after_the_request_waits(self):
        bank = self.env["res.bank"].create({"name": "Sber", "bic": "SABRRUMM"})
        self.account.bank_id = bank
        withdrawal = self._requested()
        self.assertRecordValues(
            withdrawal,
            [
                {
                    "requested_number": "40702810938000000001",
                    "requested_holder": self.participant.partner_id.name,
                    "requested_bank": "Sber SABRRUMM",
                    "account_changed": False,
                }
            ],
        )
        for record, name, value in (
            (self.account, "acc_number", "40702810938000000666"),
            (self.account, "acc_holder_name", "A Thief"),
            (bank, "name", "Other Bank"),
            (bank, "bic", "VTBRRUMM"),
        ):
            with self.subTest(changed=name):
                before = record[name]
                self._change(record, name, value)
                self.assertTrue(withdrawal.account_changed)
                self.assertUnbilled(withdrawal, "changed after the request, from")
                self.assertIn(value, withdrawal.problem)
                self._change(record, name, before)
                self.assertFalse(withdrawal.account_changed)
        self._bill_all()
        self.assertEqual(withdrawal.state, "billed")
        self.assertMoney(60_000, 60_000)

    def test_until_it_is_confirmed(self):
        withdrawal = self._requested()
        self._change(self.account, "acc_number", "4070 2810 9380 0000 0002")
        self.assertUnbilled(withdrawal, "40702810938000000001")
        with self.assertRaises(AccessError):
            withdrawal.with_user(self._user_of("officer")).action_confirm_account()
        withdrawal.with_user(self._user_of("accountant")).action_confirm_account()
        self.assertEqual(withdrawal.requested_number, "40702810938000000002")
        self.assertFalse(withdrawal.problem)
        self._bill_all()
        self.assertEqual(withdrawal.bill_id.partner_bank_id, self.account)

    def test_or_asked_for_again(self):
        first = self._requested()
        self.account.acc_holder_name = "Married Name"
        self.assertUnbilled(first, "Married Name")
        first._cancel()
        again = self._requested()
        self._bill_all()
        self.assertEqual(again.state, "billed")
        self.assertMoney(60_000, 60_000)

    def test_the_same_number_written_otherwise_is_the_same(self):
        withdrawal = self._requested()
        self._change(self.account, "acc_number", "4070 2810 9380 0000 0001")
        self._bill_all()
        self.assertEqual(withdrawal.state, "billed")

    # === How often === #

    def test_ask_and_cancel_ends_after_five_a_day(self):
        self.assertEqual(referral_withdrawal_check.MAX_A_DAY, 5)
        # what staff request is none of the participant's five
        self._request(10_000, by_staff=True)
        for _number in range(5):
            self._request(10_000)._cancel()
        mails = self.env["mail.mail"].search_count([])
        with self.assertRefused(UserError, "At most 5 withdrawals .* a day"):
            self._request(10_000)
        self.assertEqual(len(self.participant.withdrawal_ids), 6)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        # staff are not counted, and tomorrow is another day
        self._request(10_000, by_staff=True)
        self._request(10_000, "2026-03-06")
        self.assertMoney(90_000, 60_000)

    def test_a_day_is_one_where_the_program_is(self):
        self.program.tz = "Asia/Vladivostok"
        for _number in range(5):
            self._request(10_000)._cancel()  # at 22:00 there
        ask = self.env["referral.withdrawal"]._request
        with (
            freeze_time("2026-03-05 13:59:59"),
            self.assertRefused(UserError, "At most 5"),
        ):
            ask(self.participant, 10_000, self.account)
        with freeze_time("2026-03-05 14:00:00"):
            ask(self.participant, 10_000, self.account)
