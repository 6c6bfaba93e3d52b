"""Own invoices that the balance pays by itself: after posting, never in its way."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..portal.test_portal_money import MoneyPortalCase


@tagged("post_install", "-at_install")
class TestAutomaticPayments(MoneyPortalCase):
    def setUp(self):
        super().setUp()
        self.marks = self.env["referral.redemption.mark"].sudo()

    def _start(self):
        self.mine.with_user(self.owner).sudo()._start_auto_redeem()

    def _own(self, amount=40_000, day="2026-03-01", **values):
        return self._invoice(self.owner.partner_id, day, amount, **values)

    def _run(self, day="2026-03-02"):
        """Run the step on a day, and return what was paid from the balance."""
        logger = "odoo.addons.referral_program"
        with self.on(day), self.assertNoLogs(logger, "ERROR"):
            self.marks._cron_redeem()
        self.env.invalidate_all()
        return self.mine.redemption_ids

    def _mails(self, subject):
        return self.env["mail.mail"].search([("subject", "like", subject)], order="id")

    def assertNothingPaid(self, invoice):
        self.assertFalse(self._run())
        self.assertFalse(self.marks.search([]))
        self.assertFalse(invoice.sudo().referral_redemption_ids)
        self.assertEqual(self.mine._balance(), 90_000)

    def test_an_invoice_that_is_posted_is_paid_afterwards_once_and_told(self):
        before = self._own(1_000)
        self._start()
        invoice = self._own()
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.amount_residual, 40_000)  # not while it is posted
        paid = self._run()
        self.assertRecordValues(
            paid,
            [
                {
                    "invoice_id": invoice.id,
                    "amount": 40_000,
                    "user_id": self.owner.id,
                    "by_staff": False,
                    "state": "done",
                }
            ],
        )
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(before.amount_residual, 1_000)
        self.assertEqual(self._run("2026-03-03"), paid)
        paid._cron_mail()
        mail = self._mails(f"{invoice.name} was paid from your referral balance")
        self.assertEqual(mail.recipient_ids, self.owner.partner_id)
        self.assertLedger(self.program)

    def test_as_far_as_the_balance_reaches(self):
        self._start()
        invoice = self._own(100_000)
        self.assertEqual(self._run().amount, 90_000)
        self.assertEqual(invoice.amount_residual, 10_000)
        later = self._own(500, "2026-03-03")
        self.assertEqual(len(self._run("2026-03-03")), 1)
        self.assertEqual(later.amount_residual, 500)
        self.assertFalse(self._mails("was not paid from"))  # nothing there: no word

    def test_what_is_reserved_for_a_withdrawal_is_not_used(self):
        self._start()
        with self.on("2026-03-01"):
            self.env["referral.withdrawal"]._request(self.mine, 80_000, self.account)
        self._own(40_000)
        self.assertEqual(self._run().amount, 10_000)
        self.assertEqual(self.mine.available_balance, 0)

    def test_below_the_minimum_payment_nothing_is_used(self):
        self._start()
        self.program.min_redemption = 100_000
        self.assertNothingPaid(self._own(200_000))
        self.assertFalse(self._mails("was not paid from"))  # nobody refused it
        # all that is to be paid may be less than the minimum
        self._own(300)
        self.assertEqual(self._run().amount, 300)

    def test_only_ones_own_invoices(self):
        self._start()
        client = self.mine.referral_ids.partner_id
        for invoice in (
            self._invoice(self.other.partner_id, "2026-03-01", 1_000),
            self._invoice(client, "2026-03-01", 1_000),
            self._own(1_000, move_type="out_refund"),
            self._own(1_000, posted=False),
        ):
            self.assertNothingPaid(invoice)
        self.assertFalse(self.theirs.redemption_ids)

    def test_an_invoice_of_another_company(self):
        self._start()
        other = self.setup_other_company()
        invoice = self._own(
            [
                Command.create(
                    {
                        "name": "Service",
                        "price_unit": 500,
                        "tax_ids": [Command.clear()],
                        "account_id": other["default_account_revenue"].id,
                    }
                )
            ],
            company_id=other["company"].id,
            journal_id=other["default_journal_sale"].id,
        )
        self.assertEqual(invoice.state, "posted")
        self.assertNothingPaid(invoice)
        self.assertFalse(self._mails("was not paid from"))  # nobody expects it
        with self.assertRefused(UserError, "No referral program counts"):
            invoice.action_referral_why()
        # nor does another app find it where it looks for own invoices
        caller = self._user("caller", "referral_program.group_integration")
        api = self.env["referral.api"].with_user(caller)
        self.assertEqual(api.invoices(self.mine.partner_id.id)["count"], 0)

    def test_who_did_not_ask_for_it(self):
        self.assertNothingPaid(self._own())
        self._start()
        self.mine.with_user(self.owner).sudo()._stop_auto_redeem()
        self.assertNothingPaid(self._own())

    def test_an_invoice_that_is_a_draft_again(self):
        self._start()
        invoice = self._own()
        invoice.button_draft()
        self.assertNothingPaid(invoice)
        with self.on("2026-03-03"):
            invoice.action_post()
        self.assertEqual(self._run("2026-03-03").amount, 40_000)

    def test_a_refusal_is_told_and_does_not_disturb_posting(self):
        currency = self.setup_other_currency("EUR")
        self.program.foreign_redemption = "refuse"
        self._start()
        invoice = self._own(1_000, currency_id=currency.id)
        self.assertEqual(invoice.state, "posted")
        self.assertNothingPaid(invoice)
        mail = self._mails("was not paid from your referral balance")
        self.assertEqual(len(mail), 1)
        self.assertIn(invoice.name, mail.body_html)
        self.assertIn("cannot be paid with the balance", mail.body_html)
        self._run("2026-03-03")
        self.assertEqual(self._mails("was not paid from your referral balance"), mail)

    def test_suspended_and_closed_participants(self):
        self._start()
        for state in ("suspended", "closed"):
            self.mine._update_state(state, "Test")
            self.assertNothingPaid(self._own())
        self.assertFalse(self._mails("was not paid from"))  # nobody expects it

    def test_a_program_that_pays_no_invoices(self):
        self._start()
        self.program.redemption_allowed = False
        self.assertNothingPaid(self._own())

    def test_whoever_switched_it_on_and_may_not_pay_any_more(self):
        self._start()
        self.mine.sudo().representative_ids.role = "viewer"
        self.assertNothingPaid(self._own())
        self.assertFalse(self.mine.auto_redeem)
        notices = self._mails("please check a change")
        self.assertIn("by themselves any more", notices[-1:].body_html)

    def test_nobody_else_switches_it_on(self):
        boss = self._user("auto_boss", "referral_program.group_administrator")
        for user in (self.officer, boss):
            for vals in ({"auto_redeem": True}, {"auto_redeem_user_id": user.id}):
                with self.assertRefused(UserError, "Only the participant sets up"):
                    self.mine.with_user(user).write(vals)
        self.mine._update_state("suspended", "Test")
        with self.assertRefused(UserError, "Only active participants"):
            self._start()

    # === In the portal === #

    def _send(self, page="/my/referral/withdraw", **data):
        return self._form("/my/referral/withdraw/invoices", data, page=page)

    def test_pages(self):
        self._login(self.owner)
        self._send(automatic="on")
        self.assertTrue(self.mine.auto_redeem)
        self.assertEqual(self.mine.auto_redeem_user_id, self.owner)
        self.assertIn(
            "Stop paying invoices automatically",
            self._get("/my/referral/withdraw").text,
        )
        self._send(automatic="off")
        self.assertFalse(self.mine.auto_redeem)
        self._send(automatic="1")
        self.assertFalse(self.mine.auto_redeem)

    def test_a_viewer_a_stranger_and_another_site_switch_nothing(self):
        self.mine.sudo().representative_ids.role = "viewer"
        for user in (self.owner, self.stranger):
            self._login(user)
            response = self._send("/my/account", automatic="on")
            self.assertEqual(response.status_code, 404)
        self._login(self.other)
        with mute_logger("odoo.http"):
            response = self.url_open(
                "/my/referral/withdraw/invoices",
                {"automatic": "on"},
                allow_redirects=False,
            )
        self.assertEqual(response.status_code, 400)
        self._send(automatic="on")
        self.assertFalse(self.mine.auto_redeem)
        self.assertTrue(self.theirs.auto_redeem)
