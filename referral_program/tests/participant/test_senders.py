"""Who writes: mails are the company's, activities the system's, never a client's."""

from odoo.tests import new_test_user, tagged

from ..balance.test_withdrawals import MoneyCase


@tagged("post_install", "-at_install")
class TestSenders(MoneyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = cls._user("senders_vera", "referral_program.group_officer")
        cls.officer.email = "vera@provider.example"
        cls.program.officer_id = cls.officer
        cls.client_user = new_test_user(
            cls.env, "senders_client", "base.group_portal", email="client@evil.example"
        )
        cls.bot = cls.env.ref("base.partner_root")

    def _last_mail(self, record):
        mails = self.env["mail.mail"].search(
            [("model", "=", record._name), ("res_id", "=", record.id)],
            order="id desc",
        )
        return mails.filtered(lambda m: "assigned to you" not in (m.subject or ""))[:1]

    def test_a_mail_that_a_client_causes_is_the_companys(self):
        company = self.company
        root = self.env.ref("base.partner_root")
        for address, domain, sender in (
            ("office@provider.example", False, "office@provider.example"),
            (False, False, root.email),
        ):
            company.email = address
            company.alias_domain_id = domain
            with self.subTest(address=address):
                self.participant.with_user(self.client_user).sudo()._send(
                    "referral_program.mail_template_resumed"
                )
                mail = self._last_mail(self.participant)
                self.assertIn(sender, mail.email_from)
                self.assertIn(company.name, mail.email_from)
                self.assertEqual(mail.author_id, company.partner_id)

    def test_a_withdrawals_mail_too(self):
        self.company.email = False
        self.company.alias_domain_id = False
        withdrawal = self._request(30_000)
        self.env["referral.withdrawal"].with_user(self.client_user)._cron_mail()
        mail = self._last_mail(withdrawal)
        self.assertIn(self.company.name, mail.email_from)
        self.assertNotIn("evil", mail.email_from)
        self.assertEqual(mail.author_id, self.company.partner_id)

    def test_a_broken_template_keeps_no_money_back(self):
        self.env["mail.template"].search(
            [("model", "in", ("referral.withdrawal", "referral.redemption"))]
        ).subject = "{{ object.no_such_field }}"
        withdrawal = self._billed(30_000)
        invoice = self._invoice(self.participant.partner_id, "2026-03-01", 20_000)
        with self.on("2026-03-05"):
            paid = self.env["referral.redemption"]._redeem(
                self.participant, invoice, 20_000
            )
        self._pay(withdrawal.bill_id, "2026-03-10")
        self.assertEqual((withdrawal.state, paid.state), ("paid", "done"))
        with self.assertLogs("odoo.addons.referral_program", "ERROR"):
            withdrawal._cron_mail()
        activity = self.env.ref("referral_program.mail_activity_failed")
        told = self.program.activity_ids.filtered(
            lambda own: own.activity_type_id == activity
        )
        self.assertIn("no_such_field", str(told.note))
        self.assertFalse(withdrawal.to_mail or paid.to_mail)

    def test_of_steps_that_follow_each_other_the_last_is_told(self):
        withdrawal = self._billed(30_000)
        self._pay(withdrawal.bill_id, "2026-03-10")
        withdrawal._cron_mail()
        self.assertIn("paid", self._last_mail(withdrawal).subject)

    def test_an_activity_that_a_client_causes_is_odoobots(self):
        participant = self.participant.with_user(self.client_user).sudo()
        participant._await_verification()
        activity = participant.activity_ids
        self.assertEqual(activity.user_id, self.officer)
        self.assertEqual(activity.create_uid, self.env.ref("base.user_root"))
        self.assertEqual(activity.env.uid, self.client_user.id)
        told = self.env["mail.message"].sudo()  # it is the officer's
        told = told.search(
            [
                ("model", "=", participant._name),
                ("res_id", "=", participant.id),
                ("message_type", "=", "user_notification"),
            ],
            order="id desc",
            limit=1,
        )
        self.assertEqual(told.partner_ids, self.officer.partner_id)
        self.assertEqual(told.author_id, self.bot)

    def test_what_staff_assign_is_theirs(self):
        anna = self._user("senders_anna", "referral_program.group_officer")
        self.participant.with_user(anna).sudo()._await_verification()
        self.assertEqual(self.participant.activity_ids.create_uid, anna)
