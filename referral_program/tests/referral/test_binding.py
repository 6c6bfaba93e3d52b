"""Who brought whom: links, codes, sign-up, claims, and each reason of refusal."""

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ...models.referral import referral_claim
from ..common import TwoParticipantsCase


@tagged("post_install", "-at_install")
class TestBinding(TwoParticipantsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.referrals = cls.env["referral.referral"]

    def _bind(self, participant, partner, **values):
        return self.referrals._bind(participant, partner, "link", **values)

    def assertBound(self, participant, partner):
        referral, reason = self._bind(participant, partner)
        self.assertFalse(reason)
        self.assertEqual(referral.participant_id, participant)
        self.assertEqual(referral.partner_id, partner.commercial_partner_id)
        self.assertEqual(referral.state, "active")
        return referral

    def assertNotBound(self, participant, partner, reason):
        before = self.referrals.search_count([])
        referral, found = self._bind(participant, partner)
        self.assertFalse(referral)
        self.assertEqual(found, reason)
        self.assertEqual(self.referrals.search_count([]), before)
        refusal = self.env["referral.refusal"].search([], limit=1)
        self.assertRecordValues(
            refusal,
            [
                {
                    "participant_id": participant.id,
                    "partner_id": partner.commercial_partner_id.id,
                    "reason": reason,
                    "source": "link",
                }
            ],
        )

    # === Guards === #

    def test_a_new_client_is_bound_from_today(self):
        referral = self.assertBound(self.anna, self.client)
        self.assertEqual(referral.source, "link")
        self.assertEqual(referral.date_start, fields.Date.today())

    def test_not_oneself(self):
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.anna.partner_id.id}
        )
        self.assertNotBound(self.anna, contact, "self_referral")

    def test_not_the_same_tax_id_however_written(self):
        self.anna.partner_id.vat = "RU 7707083893"
        self.client.vat = "7707083893"
        self.assertNotBound(self.anna, self.client, "same_tax_id")

    def test_missing_tax_ids_are_not_the_same(self):
        self.anna.partner_id.vat = self.client.vat = "/"
        self.assertBound(self.anna, self.client)

    def test_not_the_same_bank_account(self):
        for partner in (self.anna.partner_id, self.client):
            self.env["res.partner.bank"].create(
                {"acc_number": "4070 2810 0001", "partner_id": partner.id}
            )
        self.assertNotBound(self.anna, self.client, "same_bank_account")

    def test_not_the_same_company_domain(self):
        self.anna.partner_id.email = "a@company.example"
        self.client.email = "b@Company.example"
        self.assertNotBound(self.anna, self.client, "same_domain")

    def test_mail_providers_say_nothing(self):
        self.anna.partner_id.email = "a@gmail.com"
        self.client.email = "b@gmail.com"
        self.assertBound(self.anna, self.client)

    def test_not_the_same_address_at_a_mail_provider(self):
        # as a guest of a shop, who signs up to nothing
        self.anna.partner_id.email = "anna@gmail.com"
        self.client.email = '"A. N." <Anna@Gmail.com>'
        self.assertNotBound(self.anna, self.client, "same_domain")

    def test_not_an_existing_customer(self):
        today = fields.Date.today()
        self._invoice(self.client, str(fields.Date.subtract(today, days=8)), 100)
        self.assertNotBound(self.anna, self.client, "existing_customer")

    def test_a_first_invoice_within_the_claim_period_is_a_new_customers(self):
        today = fields.Date.today()
        self._invoice(self.client, str(fields.Date.subtract(today, days=7)), 100)
        self.assertBound(self.anna, self.client)

    def test_one_referral_at_a_time(self):
        self.assertBound(self.anna, self.client)
        self.assertNotBound(self.boris, self.client, "bound_already")
        self.assertNotBound(self.anna, self.client, "bound_already")

    def test_a_referral_that_has_ended_leaves_the_client_free(self):
        self._referral(
            self.anna, self.client, "2026-01-01", date_end="2026-01-31", state="ended"
        )
        self.assertBound(self.boris, self.client)

    def test_only_active_links_bring_clients(self):
        self.anna._update_state("suspended", "Test")
        self.assertNotBound(self.anna, self.client, "participant_inactive")

    def test_a_referral_counts_on_its_last_day(self):
        today = fields.Date.today()
        begun = fields.Date.subtract(today, days=9)
        self._referral(self.anna, self.client, begun, date_end=today)
        self.assertNotBound(self.boris, self.client, "bound_already")

    def test_no_cycles_of_any_length(self):
        vera = self._participant("Vera")
        self.assertBound(self.anna, self.boris.partner_id)
        self.assertBound(self.boris, vera.partner_id)
        self.assertNotBound(self.boris, self.anna.partner_id, "cycle")
        self.assertNotBound(vera, self.anna.partner_id, "cycle")

    def test_a_cancelled_referral_makes_no_cycle(self):
        self.assertBound(self.anna, self.boris.partner_id).action_cancel()
        self.assertBound(self.boris, self.anna.partner_id)

    def test_another_companys_program_is_another_matter(self):
        other = self._program(self.setup_other_company()["company"])
        elsewhere = self._participant("Elsewhere", other)
        self.assertBound(self.anna, self.client)
        self.assertBound(elsewhere, self.client)

    def test_moving_a_referral_keeps_its_history(self):
        referral = self.assertBound(self.anna, self.client)
        referral = referral.with_context(tracking_disable=False, mail_notrack=False)
        self.env.flush_all()
        self.cr.precommit.run()
        referral.sudo().participant_id = self.boris
        self.env.flush_all()
        self.cr.precommit.run()
        referral.invalidate_recordset(["message_ids"])
        tracked = referral.message_ids.sudo().tracking_value_ids
        self.assertEqual(tracked.filtered("old_value_char").old_value_char, "Anna")

    def test_the_callers_key_is_the_callers(self):
        referral = self.assertBound(self.anna, self.client)
        officer = self._user("referral_officer", "referral_program.group_officer")
        with self.assertRefused(UserError, "API caller's own"):
            referral.with_user(officer).write({"external_key": "k"})
        made = (
            self.referrals.with_user(officer)
            .with_context(default_external_key="k")
            .create(
                {
                    "participant_id": self.anna.id,
                    "partner_id": self._partner("Another").id,
                }
            )
        )
        self.assertFalse(made.external_key)

    # === Codes === #

    def test_codes_and_aliases(self):
        participants = self.env["referral.participant"]
        self.anna.alias = "anna-web"
        for text in (self.anna.code, f" {self.anna.code} ", "anna-web", "Anna-Web"):
            self.assertEqual(participants._find_by_code(text), self.anna, text)
        for text in ("", None, "nobody", self.anna.code.swapcase(), "%", "_"):
            self.assertFalse(participants._find_by_code(text), text)
        self.assertIn("/referral/anna-web", self.anna.link)

    def test_aliases_are_plain_and_unique(self):
        for alias in ("a", "A-B-C", "a b", "-ab", "ab-", "a/b", "x" * 41):
            with (
                self.subTest(alias=alias),
                self.assertRaises(CheckViolation),
                mute_logger("odoo.sql_db"),
                self.cr.savepoint(),
            ):
                self.anna.alias = alias
                self.env.flush_all()

    # === Signing up === #

    def _sign_up(self, login, code=None):
        self.env["ir.config_parameter"].sudo().set_param(
            "auth_signup.invitation_scope", "b2c"
        )
        values = {"login": login, "name": login, "password": "a long password"}
        if code:
            values["referral_code"] = code
        users = self.env["res.users"].sudo()
        users.signup(values)
        return users.search([("login", "=", login)])

    def test_signing_up_with_a_code(self):
        user = self._sign_up("new@example.net", self.anna.code)
        referral = self.referrals.search([("partner_id", "=", user.partner_id.id)])
        self.assertEqual(referral.participant_id, self.anna)
        self.assertEqual(referral.source, "code")

    def test_signing_up_without_one(self):
        user = self._sign_up("new@example.net")
        self.assertFalse(
            self.referrals.search([("partner_id", "=", user.partner_id.id)])
        )

    def test_a_refusal_does_not_hinder_signing_up(self):
        self.anna.partner_id.email = "a@company.example"
        user = self._sign_up("b@company.example", self.anna.code)
        self.assertTrue(user)
        refusal = self.env["referral.refusal"].search([], limit=1)
        self.assertEqual((refusal.reason, refusal.source), ("same_domain", "code"))

    def test_an_unknown_code_does_not_hinder_an_invited_user(self):
        self.assertTrue(self._sign_up("new@example.net", "nobody"))

    # === Claims === #

    def _registered(self, login, days=0):
        user = new_test_user(self.env, login, "base.group_portal", email=login)
        if days:
            self.env.flush_all()
            self.cr.execute(
                "UPDATE res_partner SET create_date = create_date - %s * interval "
                "'1 day' WHERE id = %s",
                [days, user.partner_id.id],
            )
            user.partner_id.invalidate_recordset(["create_date"])
        return user.partner_id

    def _claim(self, participant, text):
        """Claim a client and have it looked into; return what the claimer is told."""
        told = self.env["referral.claim"]._take(participant, text)
        self.env["referral.claim"]._cron_look_into()
        return told

    def test_a_claim_waits_for_staff(self):
        partner = self._registered("claimed@example.net", days=7)
        self.assertIsNone(self._claim(self.anna, " Claimed@example.net "))
        referral = self.referrals.search([("partner_id", "=", partner.id)])
        self.assertEqual((referral.state, referral.source), ("pending", "manual"))
        self.assertEqual(
            referral.date_start, fields.Date.subtract(fields.Date.today(), days=7)
        )
        self.assertTrue(referral.activity_ids)
        self.assertFalse(referral.objection)
        # who claims twice gets nothing more; who else claims waits for staff too
        self.assertIsNone(self._claim(self.anna, "claimed@example.net"))
        refusal = self.env["referral.refusal"].search([], limit=1)
        self.assertEqual(refusal.reason, "bound_already")
        self.assertIsNone(self._claim(self.boris, "claimed@example.net"))
        other = self.boris.referral_ids
        self.assertEqual((other.state, other.objection), ("pending", False))
        referral.action_approve()
        self.assertEqual(referral.state, "active")
        other.invalidate_recordset(["objection"])
        self.assertEqual(other.objection, "bound_already")

    def test_staff_see_what_speaks_against_a_claim(self):
        partner = self._registered("claimed@example.net")
        self._claim(self.anna, "claimed@example.net")
        referral = self.referrals.search([("partner_id", "=", partner.id)])
        partner.vat = self.anna.partner_id.vat = "RU7707083893"
        referral.invalidate_recordset(["objection"])
        self.assertEqual(referral.objection, "same_tax_id")

    def test_clients_are_found_by_their_tax_id_however_it_is_typed(self):
        partner = self._registered("claimed@example.net")
        partner.vat = "RU7707083893"
        for text in ("7707083893", "ru 7707 083 893", "RU7707083893"):
            self.assertEqual(self.referrals._find_client(text), partner, text)
        self.assertFalse(self.referrals._find_client("7707083894"))
        # a number that stands for nobody is nobody's
        partner.vat = "/"
        for text in ("/", "RU", "000"):
            self.assertFalse(self.referrals._find_client(text), text)

    def test_claims_that_are_recorded_as_refused(self):
        self._registered("old@example.net", days=8)
        self._registered("anna@own.example")
        self.anna.partner_id.email = "boss@own.example"
        for text, reason in (
            ("old@example.net", "claimed_too_late"),
            ("nobody@example.net", "unknown_client"),
            ("7707083893", "unknown_client"),
            ("anna@own.example", "same_domain"),
        ):
            with self.subTest(text=text):
                self.assertIsNone(self._claim(self.anna, text))
                refusal = self.env["referral.refusal"].search([], limit=1)
                self.assertEqual(refusal.reason, reason)

    def test_nobody_guesses_by_claims(self):
        self.patch(referral_claim, "CLAIMS_A_DAY", 3)
        for number in range(3):
            self._claim(self.anna, f"{number}@example.net")
        with self.assertRefused(UserError, "continue tomorrow"):
            self._claim(self.anna, "4@example.net")
        self._claim(self.boris, "4@example.net")

    def test_claims_that_wait_count_as_well(self):
        claims = self.env["referral.claim"]
        self.patch(referral_claim, "CLAIMS_A_DAY", 3)
        for number in range(3):
            claims._take(self.anna, f"{number}@example.net")
        with self.assertRefused(UserError, "continue tomorrow"):
            claims._take(self.anna, "4@example.net")
        claims._cron_look_into()
        self.assertFalse(claims.search([]))
        with self.assertRefused(UserError, "continue tomorrow"):
            claims._take(self.anna, "4@example.net")

    def test_a_claim_is_as_late_as_it_was_made(self):
        """However long it waited to be looked into."""
        partner = self._registered("claimed@example.net", days=7)
        claims = self.env["referral.claim"]
        claims._take(self.anna, "claimed@example.net")
        with self.on(fields.Date.add(fields.Date.today(), days=30)):
            claims._cron_look_into()
        self.assertEqual(self.anna.referral_ids.partner_id, partner)
        self.assertEqual(self.anna.referral_ids.state, "pending")

    def test_a_claim_that_fails_is_told_and_stops_no_other(self):
        claims = self.env["referral.claim"]
        claims._take(self.anna, "broken@example.net")
        claims._take(self.boris, "nobody@example.net")
        find = type(self.referrals)._find_client

        def find_client(referrals, text):
            if text.startswith("broken"):
                raise ValueError("Broken")
            return find(referrals, text)

        self.patch(type(self.referrals), "_find_client", find_client)
        with self.assertLogs("odoo.addons.referral_program", "ERROR"):
            claims._cron_look_into()
        self.assertEqual(claims.search([]).participant_id, self.anna)
        refusal = self.env["referral.refusal"].search([], limit=1)
        self.assertEqual(refusal.participant_id, self.boris)
        self.assertIn("Broken", self.program.message_ids[:1].body)

    def test_refusals_stay_as_they_are(self):
        self.anna._update_state("suspended", "Test")
        self._bind(self.anna, self.client)
        refusal = self.env["referral.refusal"].search([], limit=1)
        for records in (refusal, refusal.sudo()):
            with self.assertRefused(UserError, "cannot be edited or deleted"):
                records.write({"reason": "cycle"})
        with self.assertRefused(UserError, "cannot be edited or deleted"):
            refusal.sudo().unlink()
