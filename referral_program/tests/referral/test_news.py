"""Mails to participants about their clients, and about invoices that a balance paid."""

from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.participant import referral_participant_people
from ..portal.test_portal_money import MoneyPortalCase

CLIENTS = "You have new clients"
PAYMENTS = "Your clients have paid for the first time"


@tagged("post_install", "-at_install")
class TestNews(MoneyPortalCase):
    def setUp(self):
        super().setUp()
        self.referrals = self.env["referral.referral"].sudo()
        self.today = self.program._today()
        # what the case itself made is no news
        self.referrals._cron_tell_news()
        self.old = self._sent(self.mine)

    def _sent(self, participant):
        """Return the mails about clients to a participant."""
        return self.env["mail.mail"].search(
            [
                ("model", "=", "referral.participant"),
                ("res_id", "=", participant.id),
                ("subject", "in", (CLIENTS, PAYMENTS)),
            ],
            order="id",
        )

    def _new(self):
        """Run the step, and return the mails that it sent."""
        before = self._sent(self.mine)
        self.referrals._cron_tell_news()
        return self._sent(self.mine) - before

    def _signs_up(self, name, participant=None, **values):
        return self._referral(
            participant or self.mine, self._partner(name), self.today, **values
        )

    def test_referrals_of_years_ago_are_no_news(self):
        # those of the case began in 2020, and have paid
        self.assertFalse(self.old)
        self._referral(
            self.mine, self._partner("Long Ago"), self.today - timedelta(days=8)
        )
        self.assertFalse(self._new())
        self._referral(
            self.mine, self._partner("Claimed"), self.today - timedelta(days=7)
        )
        self.assertEqual(self._new().mapped("subject"), [CLIENTS])

    def test_a_new_client_is_told_once_masked_to_the_owners(self):
        self._signs_up("Maria Petrova")
        self._signs_up("Other Client", self.theirs)
        mail = self._new()
        self.assertEqual(mail.subject, CLIENTS)
        self.assertEqual(mail.recipient_ids, self.owner.partner_id)
        self.assertIn("Ma*** Pe***", mail.body_html)
        for secret in ("Petrova", "Other", "Ot***", "@", self.theirs.code):
            self.assertNotIn(secret, mail.body_html.replace("@example.com", ""))
        self.assertFalse(self._new())
        self.program.mask_names = False
        self._signs_up("Open Name")
        self.assertIn("Open Name", self._new().body_html)

    def test_all_that_is_new_is_in_one_mail(self):
        for number in range(55):
            self._signs_up(f"Client {number}")
        mail = self._new()
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.body_html.count("<li>"), 50)
        self.assertRegex(mail.body_html, r"And others:\s*5")

    def test_a_claim_is_news_when_it_is_approved(self):
        claim = self._signs_up("Claimed", state="pending")
        self.assertFalse(self._new())
        claim.action_approve()
        self.assertEqual(self._new().mapped("subject"), [CLIENTS])
        cancelled = self._signs_up("Cancelled")
        cancelled.action_cancel()
        self.assertFalse(self._new())

    def test_the_first_payment_is_told_once(self):
        referral = self._signs_up("Payer")
        self._new()
        invoice = self._invoice(referral.partner_id, self.today, 1_000)
        self.env["referral.estimate"]._cron_estimate()
        self.assertFalse(self._new())
        self._pay(invoice, self.today, 400)
        self.env["referral.estimate"]._cron_estimate()
        mail = self._new()
        self.assertEqual(mail.subject, PAYMENTS)
        self.assertIn("Pa***", mail.body_html)
        for amount in ("400.00", "1,000.00", "1000.00"):
            self.assertNotIn(amount, mail.body_html)
        self._pay(invoice, self.today, 600)
        self.env["referral.estimate"]._cron_estimate()
        self.assertFalse(self._new())

    def test_in_the_participants_language(self):
        self.env["res.lang"].sudo()._activate_lang("fr_FR")
        template = self.env.ref("referral_program.mail_template_new_clients")
        template.with_context(lang="fr_FR").sudo().subject = "Nouveaux clients"
        self.owner.partner_id.lang = "fr_FR"
        self._signs_up("Client")
        self.referrals._cron_tell_news()
        mails = self.env["mail.mail"].search([("subject", "=", "Nouveaux clients")])
        self.assertEqual(mails.recipient_ids, self.owner.partner_id)

    def test_each_can_be_switched_off_by_an_owner(self):
        self._login(self.owner)
        page = self._get("/my/referral").text
        for name in ("mail_clients", "mail_payments"):
            self.assertRegex(page, rf'name="{name}"[^>]*checked')
        self._form("/my/referral/mail", {"mail_payments": "1", "mail_statement": "1"})
        self.assertEqual(
            (self.mine.mail_clients, self.mine.mail_payments), (False, True)
        )
        referral = self._signs_up("Silent")
        self.assertFalse(self._new())
        # what was not wanted then is not caught up with
        self.mine.mail_clients = True
        self.mine.mail_payments = False
        self.assertFalse(self._new())
        self._pay(self._invoice(referral.partner_id, self.today, 1_000), self.today)
        self.env["referral.estimate"]._cron_estimate()
        self.assertTrue(referral.first_paid_on)
        self.assertFalse(self._new())

    def test_nobody_fills_the_history_by_switching(self):
        """Each change is kept for good: so many a day are enough for anybody."""
        self._login(self.owner)
        messages = self.mine.message_ids
        with patch.object(referral_participant_people, "MAX_CHANGES", 3):
            for chosen in ({}, {"mail_clients": "1"}) * 3:
                answer = self._form("/my/referral/mail", chosen, page="/my/referral")
            self.assertIn("Too many changes today", answer.text)
            self.assertEqual(len(self.mine.message_ids - messages), 3)
            # what changes nothing is no change
            chosen = {} if not self.mine.mail_clients else {"mail_clients": "1"}
            answer = self._form("/my/referral/mail", chosen, page="/my/referral")
            self.assertEqual(answer.status_code, 303)

    def test_a_viewer_switches_nothing_off(self):
        self.mine.sudo().representative_ids.role = "viewer"
        self._login(self.owner)
        self.assertNotIn("mail_clients", self._get("/my/referral").text)
        response = self._form("/my/referral/mail", {}, page="/my/account")
        self.assertEqual(response.status_code, 404)
        self.assertTrue(self.mine.mail_clients and self.mine.mail_statement)

    def test_suspended_and_closed_participants_are_told_nothing(self):
        for state in ("suspended", "closed"):
            self._signs_up(f"Client while {state}")
            self.mine._update_state(state, "Test")
            self.assertFalse(self._new())

    def test_what_cannot_be_sent_is_reported_and_stops_nobody_elses(self):
        other = self._program(self.setup_other_company()["company"])
        elsewhere = self._participant("Elsewhere", other)
        self._referral(elsewhere, self._partner("There"), other._today())
        referral = self._signs_up("Client")
        template = self.env.ref("referral_program.mail_template_new_clients").sudo()
        body = template.body_html
        template.body_html = (
            f'<p t-if="object.id == {self.mine.id}" t-out="object.nothing" />'
        )
        with self.assertLogs("odoo.addons.referral_program", "ERROR"):
            self.assertFalse(self._new())
        self.assertFalse(referral.joined_told)
        self.assertIn("were not written", self.program.message_ids[:1].body)
        self.assertTrue(self._sent(elsewhere))
        template.body_html = body
        self.assertEqual(self._new().mapped("subject"), [CLIENTS])

    def test_nobody_notes_by_hand_what_was_told(self):
        referral = self._signs_up("Client")
        with self.assertRefused(UserError, "The program itself notes"):
            referral.with_user(self.officer).joined_told = True

    # === Paid from the balance === #

    def _redemption_mails(self):
        return self.env["mail.mail"].search([("model", "=", "referral.redemption")])

    def test_an_invoice_that_the_balance_paid_is_always_told(self):
        self.mine.write(
            {"mail_statement": False, "mail_clients": False, "mail_payments": False}
        )
        invoice = self._invoice(self.owner.partner_id, "2026-03-01", 40_000)
        redemptions = self.env["referral.redemption"]
        with self.on("2026-03-05"):
            redemptions._redeem(self.mine, invoice, 15_000, key="one")
            redemptions._redeem(self.mine, invoice, 15_000, key="one")
            redemptions._cron_mail()
        mail = self._redemption_mails()
        self.assertEqual(len(mail), 1)
        self.assertIn(invoice.name, mail.subject)
        self.assertIn("15,000.00", mail.body_html)
        self.assertEqual(mail.recipient_ids, self.owner.partner_id)
        with self.on("2026-03-05"), self.assertRaises(UserError):
            redemptions._redeem(self.mine, invoice, 1_000_000)
        redemptions._cron_mail()
        self.assertEqual(self._redemption_mails(), mail)
