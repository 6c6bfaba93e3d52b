"""The standing withdrawal: monthly, with all checks, told once, stopped at will."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..portal.test_portal_money import MoneyPortalCase


@tagged("post_install", "-at_install")
class StandingCase(MoneyPortalCase):
    """A participant with 90,000, whose next month gives 45,000 more."""

    def _set(self, amount=20_000, account=None, day="2026-02-20"):
        with self.on(day):
            self.mine.with_user(self.owner).sudo()._set_standing(
                amount, account or self.account
            )

    def _credit(self, month="2026-02", paid=500_000):
        client = self.mine.referral_ids.partner_id
        self._paid(f"{month}-10", paid, partner=client)
        self._accrue(month)

    def _run(self, day="2026-03-05"):
        """Run the step on a day, and return the withdrawals there are."""
        logger = "odoo.addons.referral_program"
        with self.on(day), self.assertNoLogs(logger, "ERROR"):
            self.env["referral.participant"]._cron_standing()
        self.env.invalidate_all()
        return self.mine.withdrawal_ids

    def _told(self, subject):
        return self.env["mail.mail"].search(
            [
                ("model", "=", "referral.participant"),
                ("res_id", "=", self.mine.id),
                ("subject", "=", subject),
            ],
            order="id",
        )

    def _refusals(self):
        return self._told("Your monthly withdrawal was not made")


@tagged("post_install", "-at_install")
class TestStanding(StandingCase):
    # === Making it === #

    def test_all_that_is_available_after_each_crediting_once(self):
        self._set()
        self.assertFalse(self._run("2026-02-21"))  # January was credited before
        self._credit()
        made = self._run()
        self.assertRecordValues(
            made,
            [
                {
                    "amount": 135_000,
                    "state": "requested",
                    "bank_account_id": self.account.id,
                    "requester_id": self.owner.id,
                    "by_staff": False,
                }
            ],
        )
        self.assertEqual(self._run("2026-03-06"), made)
        # whoever takes it back is not withdrawn from again this month
        made._cancel()
        self.assertEqual(self._run("2026-03-07"), made)
        self._credit("2026-03", 100_000)
        self.assertEqual((self._run("2026-04-05") - made).amount, 144_000)

    def test_what_is_reserved_is_not_withdrawn_twice(self):
        self._set()
        self._credit()
        with self.on("2026-03-04"):
            self.env["referral.withdrawal"]._request(self.mine, 100_000, self.account)
        self.assertCountEqual(self._run().mapped("amount"), [100_000, 35_000])
        self.assertEqual(self.mine.available_balance, 0)

    def test_below_the_amount_it_waits_for_the_next_month_without_a_word(self):
        self._set(135_000.01)
        self._credit()
        self.assertFalse(self._run())
        self.assertFalse(self._refusals() or self.mine.standing_problem)
        self._credit("2026-03", 1_000)
        self.assertEqual(self._run("2026-04-05").amount, 135_090)

    def test_a_higher_minimum_of_the_program_holds(self):
        self._set()
        self._credit()
        self.program.min_withdrawal = 135_001
        self.assertFalse(self._run())
        self.assertFalse(self._refusals())

    def test_the_other_participant_is_left_alone(self):
        self._set()
        self._credit()
        self._run()
        self.assertFalse(self.theirs.withdrawal_ids)
        self.assertEqual(self.theirs._balance(), 90_000)

    # === Refusals === #

    def assertRefusedOnce(self, text):
        """It is tried each day, told once, and nothing is kept of it."""
        for day in ("2026-03-05", "2026-03-06", "2026-03-07"):
            self.assertFalse(self._run(day))
        self.assertRegex(self.mine.standing_problem, text)
        mail = self._refusals()
        self.assertEqual(len(mail), 1)
        self.assertRegex(mail.body_html, text)
        self.assertEqual(mail.recipient_ids, self.owner.partner_id)
        self.assertEqual(self.mine.available_balance, 135_000)

    def test_an_account_that_is_not_trusted_any_more(self):
        self._set()
        self._credit()
        self.account.allow_out_payment = False
        self.assertRefusedOnce("account was changed, or is being checked")
        self.account.allow_out_payment = True
        self.assertEqual(self._run("2026-03-08").amount, 135_000)
        self.assertFalse(self.mine.standing_problem)

    def test_an_account_that_was_changed(self):
        self._set()
        self._credit()
        self.account.acc_holder_name = "Somebody Else"
        self.assertRefusedOnce("account was changed, or is being checked")

    def test_an_account_that_was_archived(self):
        self._set()
        self._credit()
        self.account.active = False
        self.assertRefusedOnce("own accounts")

    def test_whoever_set_it_up_and_may_not_withdraw_any_more(self):
        self._set()
        self._credit()
        self.mine.sudo().representative_ids.role = "viewer"
        self.assertFalse(self._run())
        self.assertRegex(self.mine.standing_problem, "may not withdraw any more")
        self.mine.sudo().representative_ids.unlink()
        self.assertFalse(self._run("2026-03-06"))
        self.assertEqual(len(self._refusals()), 1)

    def test_suspended_then_resumed(self):
        self._set()
        self._credit()
        self.mine._update_state("suspended", "Test")
        self.assertRefusedOnce("suspended")
        self.mine._update_state("active", "Test")
        self.assertEqual(self._run("2026-03-08").amount, 135_000)

    def test_closed_is_over(self):
        self._set()
        self._credit()
        self.mine._update_state("closed", "Test")
        self.assertFalse(self._run())
        self.assertFalse(self._refusals())

    def test_approval_and_four_eyes_are_as_for_any_other(self):
        self.program.withdrawal_policy = "review"
        self._set()
        self._credit()
        made = self._run()
        self.assertFalse(made.approved_on)
        self.assertTrue(made.activity_ids)
        with self.on("2026-03-06"):
            self.env["referral.withdrawal"]._cron_bill()
        self.assertFalse(made.bill_id)
        self.program.four_eyes = "able"
        self._user("standing_second", "referral_program.group_accountant")
        made.with_user(self.accountant).action_confirm_account()
        with self.assertRefused(UserError, "confirmed its account"):
            made.with_user(self.accountant).action_approve()

    # === Setting it up === #

    def test_what_is_refused_sets_nothing_up(self):
        untrusted = self.env["res.partner.bank"].create(
            {
                "acc_number": "40702810938000000009",
                "partner_id": self.owner.partner_id.id,
            }
        )
        for amount, account, text in (
            (9_999.99, self.account, "minimum withdrawal"),
            (0, self.account, "above zero"),
            (-1, self.account, "above zero"),
            (float("nan"), self.account, "above zero"),
            (float("inf"), self.account, "above zero"),
            (20_000.001, self.account, "2 decimals"),
            (20_000, untrusted, "checked already"),
            (20_000, self.foreign_account, "checked already"),
        ):
            with self.assertRefused(UserError, text):
                self._set(amount, account)
        self.mine._update_state("suspended", "Test")
        with self.assertRefused(UserError, "suspended"):
            self._set()
        self.assertFalse(self.mine.standing_amount or self.mine.standing_account_id)

    def test_owners_are_told_that_it_was_set_up_and_stopped(self):
        subject = "Referral program: please check a change"
        before = self._told(subject)
        self._set()
        self.mine.with_user(self.owner).sudo()._stop_standing()
        self.mine.with_user(self.owner).sudo()._stop_standing()  # nothing to stop
        bodies = (self._told(subject) - before).mapped("body_html")
        self.assertEqual(len(bodies), 2)
        self.assertIn("…0004", bodies[0])
        self.assertIn("20,000.00", bodies[0])
        self.assertIn("stopped the monthly withdrawal", bodies[1])
        self._credit()
        self.assertFalse(self._run())

    def test_nobody_else_sets_it_up(self):
        boss = self._user("standing_boss", "referral_program.group_administrator")
        for user in (self.officer, boss):
            for vals in (
                {"standing_amount": 10_000},
                {"standing_account_id": self.foreign_account.id},
                {"standing_user_id": user.id},
            ):
                with self.assertRefused(UserError, "Only the participant sets up"):
                    self.mine.with_user(user).write(vals)

    def test_an_accountant_stops_it_and_owners_are_told(self):
        accountant = self._user("standing_stop", "referral_program.group_accountant")
        self._set()
        self.mine.with_user(self.owner).sudo()._start_auto_redeem()
        with self.assertRefused(AccessError, "accountant"):
            self.mine.with_user(self.officer).action_stop_automatic()
        subject = "Referral program: please check a change"
        before = self._told(subject)
        self.mine.with_user(accountant).action_stop_automatic()
        self.assertFalse(self.mine.standing_amount or self.mine.auto_redeem)
        told = "".join((self._told(subject) - before).mapped("body_html"))
        self.assertIn(f"{accountant.name} stopped the monthly withdrawal", told)
        self.assertIn("not paid from the referral balance by themselves", told)

    # === In the portal === #

    def _send(self, path="", page="/my/referral/withdraw", **data):
        return self._form(f"/my/referral/withdraw/monthly{path}", data, page=page)

    def test_pages(self):
        self._login(self.owner)
        response = self._send(from_amount="30 000", payee=str(self.account.id))
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self.mine.standing_amount, 30_000)
        self.assertEqual(self.mine.standing_user_id, self.owner)
        page = self._get("/my/referral/withdraw").text
        self.assertIn("Stop the monthly withdrawal", page)
        self._send("/stop")
        self.assertFalse(self.mine.standing_amount)
        wrong = self._send(from_amount="5", payee=str(self.account.id))
        self.assertIn("minimum withdrawal", self._error(wrong, "monthly"))

    def test_hostile_forms(self):
        self._login(self.owner)
        accounts = self.env["res.partner.bank"].search_count([])
        for payee in (self.foreign_account.id, 999_999_999, "new", "", "-1"):
            self._send(
                from_amount="30000",
                payee=str(payee),
                number="40702810400000000005",
                bic="044525225",
            )
        self.assertFalse(self.mine.standing_amount or self.theirs.standing_amount)
        self.assertEqual(self.env["res.partner.bank"].search_count([]), accounts)
        with mute_logger("odoo.http"):
            for path in ("", "/stop"):
                response = self.url_open(
                    f"/my/referral/withdraw/monthly{path}",
                    {"from_amount": "30000", "payee": str(self.account.id)},
                    allow_redirects=False,
                )
                self.assertEqual(response.status_code, 400)

    def test_no_key_of_a_form_is_the_months_own(self):
        self._set()
        self._credit()
        credited = self.mine._last_credited(self.program)
        sent = {"amount": "12000", "account": str(self.account.id)}
        self._login(self.owner)
        with self.on("2026-03-04"):
            for _twice in range(2):
                self._form(
                    "/my/referral/withdraw/confirm",
                    {**sent, "key": f"standing-{credited.id}"},
                )
        self.assertEqual(self.mine.withdrawal_ids.mapped("amount"), [12_000])
        self.assertCountEqual(self._run().mapped("amount"), [12_000, 123_000])

    def test_a_viewer_and_a_stranger_set_nothing_up_and_stop_nothing(self):
        self._set()
        self.mine.sudo().representative_ids.role = "viewer"
        for user in (self.owner, self.stranger):
            self._login(user)
            for path in ("", "/stop"):
                response = self._send(
                    path,
                    page="/my/account",
                    from_amount="50000",
                    payee=str(self.account.id),
                )
                self.assertEqual(response.status_code, 404)
        self._login(self.other)
        self._send("/stop")
        self.assertEqual(self.mine.standing_amount, 20_000)
