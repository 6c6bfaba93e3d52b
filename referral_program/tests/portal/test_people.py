"""Who acts for a participant: only who was named, and as far as they were."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from .test_portal_money import MoneyPortalCase

#: Pages of a participant, and what is in each of them only for whoever sees it.
PAGES = (
    "/my/referral",
    "/my/referral/referrals",
    "/my/referral/billing",
    "/my/referral/links",
    "/my/referral/materials",
    "/my/referral/withdraw",
    "/my/referral/people",
    "/my/referral/join",
    "/my/referral/claim",
    "/my/referral/data",
)
#: What somebody who is no owner sends, hoping that only the page was hidden.
OWNERS_FORMS = {
    "/my/referral/people": {"login": "colleague", "role": "owner"},
    "/my/referral/accept": {},
    "/my/referral/claim": {"client": "x@example.com"},
    "/my/referral/links": {"name": "blog"},
    "/my/referral/mail": {},
    "/my/referral/join": {"action": "submit"},
}


@tagged("post_install", "-at_install")
class TestPeople(MoneyPortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_partner = cls.owner.partner_id
        cls.colleague = cls._portal_user("colleague")
        cls.colleague.partner_id.write(
            {"is_company": False, "parent_id": cls.company_partner.id}
        )
        cls.invoice = cls._invoice(cls.company_partner, "2026-02-01", 4_000)
        cls.passport = cls._handed_in(cls.mine)

    @classmethod
    def _handed_in(cls, participant):
        """Return the file of a document that was handed in."""
        document = cls.env["referral.document"].create(
            {"participant_id": participant.id, "name": "Passport"}
        )
        document._hand_in_files([("passport.png", cls._picture())])
        document._update_state("submitted")
        document.action_approve()
        return document.page_ids

    def _name(self, role):
        self.mine._add_person("colleague", role)
        self._login(self.colleague)

    def _send(self, path, data):
        """Send a form with a token that is good, whatever page there is."""
        return self._form(path, data, page="/my/account")

    def _withdraw(self):
        return self._send(
            "/my/referral/withdraw/confirm",
            {"amount": "10000", "account": str(self.account.id), "key": "k1"},
        )

    def _pay_invoice(self):
        return self._send(
            f"/my/referral/pay/{self.invoice.id}", {"amount": "4000", "key": "k1"}
        )

    def assertSeesNothing(self):
        for page in PAGES:
            text = self._get(page).text
            for secret in (self.mine.code, "90,000.00", "Passport", "0000004"):
                self.assertNotIn(secret, text, page)
        for path in (
            f"/referral/document/{self.passport.id}",
            f"/my/referral/pay/{self.invoice.id}",
            "/my/referral/data",
        ):
            self.assertEqual(self._get(path).status_code, 404, path)

    def assertMovesNothing(self):
        self._withdraw()
        self._pay_invoice()
        self.assertFalse(self.mine.withdrawal_ids | self.theirs.withdrawal_ids)
        self.assertEqual(self.invoice.amount_residual, 4_000)
        self.assertEqual(self.mine.balance, 90_000)

    def assertOwnsNothing(self):
        """Check that no form of an owner does anything."""
        before = self.mine.representative_ids.mapped("role")
        for path, data in OWNERS_FORMS.items():
            self.assertIn(self._send(path, data).status_code, (303, 404), path)
        for row in self.mine.representative_ids:
            for path, data in (("", {"role": "owner"}), ("/remove", {})):
                self._send(f"/my/referral/people/{row.id}{path}", data)
        self.env.invalidate_all()
        self.assertEqual(self.mine.representative_ids.mapped("role"), before)
        self.assertTrue(self.mine.mail_statement)
        self.assertEqual(self.mine.referral_ids.mapped("state"), ["active"])

    # === Nobody by way of contacts === #

    def test_whoever_edits_contacts_does_not_become_an_owner(self):
        editor = self._user("editor", "base.group_user,base.group_partner_manager")
        contact = editor.partner_id.with_user(editor)
        contact.parent_id = self.company_partner
        self.assertEqual(editor.partner_id.commercial_partner_id, self.company_partner)
        self._login(editor)
        self.assertSeesNothing()
        self.assertMovesNothing()
        self.assertOwnsNothing()
        # neither by the server's own doors
        for model in ("referral.participant", "referral.representative"):
            records = self.env[model].with_user(editor)
            for method in (
                lambda records=records: records.search([]),
                lambda records=records: records.create({}),
            ):
                with self.assertRaises(AccessError):
                    method()
            self._refused_over_rpc(model, "search_read", [[], ["id"]])
        self._refused_over_rpc(
            "referral.representative",
            "create",
            [{"participant_id": self.mine.id, "user_id": editor.id, "role": "owner"}],
        )
        self.assertEqual(self.mine.representative_ids.user_id, self.owner)

    @mute_logger("odoo.http")
    def _refused_over_rpc(self, model, method, args):
        with self.assertRaisesRegex(JsonRpcException, "AccessError"):
            self.make_jsonrpc_request(
                f"/web/dataset/call_kw/{model}/{method}",
                {"model": model, "method": method, "args": args, "kwargs": {}},
            )

    def test_a_portal_users_contact_put_under_the_company_opens_nothing(self):
        editor = self._user("editor", "base.group_user,base.group_partner_manager")
        mallory = self.stranger.partner_id.with_user(editor)
        mallory.write({"is_company": False, "parent_id": self.company_partner.id})
        self._login(self.stranger)
        self.assertSeesNothing()
        self.assertMovesNothing()
        self.assertOwnsNothing()

    def test_whoever_edits_contacts_does_not_get_an_account(self):
        """Neither the owner's address, for a new password, nor the owner's company."""
        editor = self._user("editor", "base.group_user,base.group_partner_manager")
        self._name("finance")
        contact = self.colleague.partner_id.with_user(editor)
        elsewhere = self.other.partner_id
        for vals in (
            {"email": "editor@evil.example"},
            {"email_normalized": "editor@evil.example"},
            {"parent_id": elsewhere.id},
            {"commercial_partner_id": elsewhere.id},
        ):
            with self.assertRefused(UserError, "only its officers change"):
                contact.write(vals)
        mine = self._partner("Mallory", is_company=False, email="editor@evil.example")
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(editor)
        with self.assertRefused(UserError, "only its officers change"):
            wizard.create({})._merge((contact | mine).ids, mine)
        invitation = (
            self.env["portal.wizard"]
            .with_user(editor)
            .create({"partner_ids": [(6, 0, contact.ids)]})
        )
        invitation.user_ids.email = "editor@evil.example"
        with self.assertRefused(UserError, "only its officers change"):
            invitation.user_ids.action_invite_again()
        with self.assertRefused(UserError, "only its officers change"):
            invitation.user_ids.action_revoke_access()
        self.assertEqual(self.colleague.email, "colleague@example.com")
        # the rest of the contact is everybody's
        contact.write({"phone": "1", "email": " Colleague@example.com", "name": "C."})
        self.officer.group_ids += self.env.ref("base.group_partner_manager")
        contact.with_user(self.officer).email = "c@example.com"
        self.assertEqual(self.colleague.email, "c@example.com")

    def test_nobody_else_gets_the_mails_of_a_participant_without_people(self):
        """Their own contact is written to about money, and invited."""
        editor = self._user("editor", "base.group_user,base.group_partner_manager")
        alone = self._participant("Enrolled by staff").partner_id
        with self.assertRefused(UserError, "only its officers change"):
            alone.with_user(editor).email = "editor@evil.example"
        mine = self._partner("Mallory", email=alone.email)
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(editor)
        with self.assertRefused(UserError, "only its officers change"):
            wizard.create({})._merge((alone | mine).ids, mine)

    def test_another_companys_officer_gets_no_account(self):
        """Contacts are shared between companies, those who act are not."""
        other = self.setup_other_company()["company"]
        foreign = self._user(
            "foreign",
            "referral_program.group_administrator,base.group_partner_manager",
            other,
        )
        alone = self._participant("Enrolled by staff").partner_id
        for contact in (self.owner.partner_id, alone):
            with self.assertRefused(UserError, "only its officers change"):
                contact.with_user(foreign).email = "foreign@evil.example"
        foreign.company_ids += self.company
        alone.with_user(foreign).email = "alone@example.com"

    def test_owners_are_told_of_accounts_that_come_with_a_contact(self):
        editor = self._user("editor", "base.group_user,base.group_partner_manager")
        mallory = self._partner("Mallory", is_company=False)
        person = self._partner("Below", is_company=False, parent_id=mallory.id)
        self.env["res.partner.bank"].create(
            {"acc_number": "DE89370400440532013000", "partner_id": person.id}
        )
        before = self.mine._payee_accounts()
        mallory.with_user(editor).parent_id = self.company_partner
        self.assertEqual((self.mine._payee_accounts() - before).partner_id, person)
        mail = self.env["mail.mail"].search([], order="id desc", limit=1)
        self.assertEqual(mail.recipient_ids, self.owner.partner_id)
        self.assertIn("added the bank account …3000", mail.body_html)

    def test_an_employee_is_never_named(self):
        self.employee.partner_id.parent_id = self.company_partner
        officer_rows = self.env["referral.representative"].with_user(self.officer)
        with self.assertRefused(ValidationError, "is no portal user"):
            officer_rows.create(
                {"participant_id": self.mine.id, "user_id": self.employee.id}
            )
        with self.assertRefused(UserError, "Nobody of your company"):
            self.mine._add_person(self.employee.login, "owner")
        with self.assertRefused(ValidationError, "is not a contact of"):
            officer_rows.create(
                {"participant_id": self.mine.id, "user_id": self.stranger.id}
            )

    def test_an_owner_who_becomes_an_employee_acts_no_more(self):
        self.owner.group_ids = self.env.ref("base.group_user")
        self.assertFalse(self.mine._acts(self.owner))
        self._login(self.owner)
        self.assertSeesNothing()

    def test_who_leaves_the_company_acts_no_more(self):
        self._name("owner")
        self.assertTrue(self.mine._acts(self.colleague, "owner"))
        self.colleague.partner_id.parent_id = self.other.partner_id
        self.assertFalse(self.mine._acts(self.colleague))
        self.assertFalse(self.theirs._acts(self.colleague))
        self.assertSeesNothing()
        self.assertMovesNothing()

    def test_only_an_officer_makes_an_owner_by_inviting(self):
        fresh = self._participant("Made by staff")
        anna = self._partner(
            "Anna",
            is_company=False,
            parent_id=fresh.partner_id.id,
            email="anna@made.example",
        )
        boris = anna.copy({"name": "Boris", "email": "boris@made.example"})
        both = "base.group_user,base.group_partner_manager"
        editor = self._user("inviting_editor", both)
        officer = self._user(
            "inviting_officer", f"{both},referral_program.group_officer"
        )
        for user, contact, owners in (
            (editor, boris, 0),
            (officer, anna, 1),
        ):
            wizard = (
                self.env["portal.wizard"]
                .with_user(user)
                .create({"partner_ids": [(6, 0, contact.ids)]})
            )
            wizard.user_ids.action_grant_access()
            self.assertTrue(contact.user_ids._is_portal())
            self.assertEqual(len(fresh.representative_ids), owners)
        self.assertEqual(fresh.representative_ids.user_id, anna.user_ids)
        self.assertEqual(fresh.representative_ids.role, "owner")

    def test_nobody_reads_how_to_set_the_password_of_who_acts(self):
        """Odoo tells it in previews of its mails to whoever may edit the contact."""
        editor = self._user(
            "resetting_editor", "base.group_user,base.group_partner_manager"
        )
        self.owner.partner_id.sudo().signup_prepare(signup_type="reset")
        template = self.env.ref("auth_signup.set_password_email")
        previews = self.env["mail.template.preview"].with_user(editor)
        texts = [
            previews.create(
                {
                    "mail_template_id": template.id,
                    "resource_ref": f"res.users,{user.id}",
                }
            ).body_html
            for user in (editor, self.owner)
        ]
        self.assertIn("token=", texts[0])
        self.assertNotIn("token=", texts[1] or "")
        # nor in a mail that the server could not send, which stays for its author
        invitation = (
            self.env["portal.wizard"]
            .with_user(editor)
            .create({"partner_ids": [(6, 0, self.owner.partner_id.ids)]})
        )
        with self.assertRefused(UserError, "only its officers change"):
            invitation.user_ids.action_invite_again()

    # === A colleague === #

    def test_a_colleague_sees_nothing_until_named(self):
        self._login(self.colleague)
        self.assertIn("takes part in the program already", self._get(PAGES[0]).text)
        self.assertSeesNothing()
        self.assertMovesNothing()
        self.assertOwnsNothing()
        self._login(self.owner)
        answer = self._form(
            "/my/referral/people",
            {"login": "Colleague@Example.com ", "role": "viewer"},
            page="/my/referral/people",
        )
        self.assertEqual(answer.status_code, 303)
        self._login(self.colleague)
        self.assertIn(self.mine.code, self._get("/my/referral").text)

    def test_nobody_is_named_in_the_place_of_another(self):
        """Everybody writes their own address; the login is what they were given."""
        mallory = self._user("mallory@example.com", "base.group_portal")
        mallory.partner_id.parent_id = self.owner.partner_id
        mallory.write({"name": "Aaron", "email": "colleague@example.com"})
        mallory.flush_recordset()
        self.mine._add_person("colleague@example.com", "owner")
        self.assertEqual(
            self.mine.representative_ids.user_id, self.owner | self.colleague
        )
        # nor before the other one has an account
        mallory.email = "director@example.com"
        with self.assertRefused(UserError, "Nobody of your company"):
            self.mine._add_person("director@example.com", "owner")
        self.assertFalse(self.mine._acts(mallory, "owner"))

    def test_a_viewer_reads_figures_only(self):
        self._name("viewer")
        text = self._get("/my/referral").text
        self.assertIn("90,000.00", text)
        for hidden in ("Passport", "/withdraw", "/people", "/claim", "/data", "/pay"):
            self.assertNotIn(hidden, text)
        self.assertIn("90,000.00", self._get("/my/referral/referrals").text)
        self.assertEqual(self._get("/my/referral/withdraw").status_code, 303)
        self.assertEqual(
            self._get(f"/referral/document/{self.passport.id}").status_code, 404
        )
        self.assertMovesNothing()
        self.assertOwnsNothing()

    def test_finance_moves_money_and_reads_no_passport(self):
        self._name("finance")
        self.assertNotIn("Passport", self._get("/my/referral").text)
        self.assertEqual(
            self._get(f"/referral/document/{self.passport.id}").status_code, 404
        )
        for page in ("/my/referral/people", "/my/referral/join", "/my/referral/claim"):
            self.assertEqual(self._get(page).status_code, 303, page)
        self.assertEqual(self._get("/my/referral/data").status_code, 404)
        self.assertOwnsNothing()
        self.assertEqual(self._withdraw().status_code, 303)
        self.assertEqual(self.mine.withdrawal_ids.amount, 10_000)
        self.assertEqual(self.mine.withdrawal_ids.requester_id, self.colleague)
        self._pay_invoice()
        self.assertEqual(self.invoice.amount_residual, 0)

    def test_a_viewer_cancels_no_request(self):
        withdrawals = self.env["referral.withdrawal"]
        withdrawal = withdrawals._request(self.mine, 10_000, self.account)
        self._name("viewer")
        answer = self._send(f"/my/referral/withdraw/{withdrawal.id}/cancel", {})
        self.assertEqual(answer.status_code, 404)
        self.assertEqual(withdrawal.state, "requested")

    def test_who_is_removed_loses_everything_at_once(self):
        self._name("owner")
        self.assertEqual(
            self._get(f"/referral/document/{self.passport.id}").status_code, 200
        )
        row = self.mine.representative_ids.filtered(
            lambda r: r.user_id == self.colleague
        )
        self.mine._change_person(row.id, False)
        self.assertSeesNothing()
        self.assertMovesNothing()
        self.assertOwnsNothing()

    # === The page === #

    def _error_on_page(self, path, data):
        answer = self._form(path, data, page="/my/referral/people")
        self.assertEqual(answer.status_code, 200)
        return answer.text

    def test_the_last_owner_stays(self):
        row = self.mine.representative_ids
        self._login(self.owner)
        for path, data in (("", {"role": "finance"}), ("/remove", {})):
            text = self._error_on_page(f"/my/referral/people/{row.id}{path}", data)
            self.assertIn("Name another owner first", text)
        # one who does not act any more is no owner
        self.mine._add_person("colleague", "owner")
        self.colleague.active = False
        text = self._error_on_page(f"/my/referral/people/{row.id}/remove", {})
        self.assertIn("Name another owner first", text)
        self.colleague.active = True
        self._form(
            f"/my/referral/people/{row.id}", {"role": "viewer"}, "/my/referral/people"
        )
        self.assertEqual(row.role, "viewer")

    def test_what_is_typed_wrong(self):
        self._login(self.owner)
        for login, role, error in (
            ("other@example.com", "viewer", "Nobody of your company"),
            ("%", "viewer", "Nobody of your company"),
            ("\\", "viewer", "Nobody of your company"),
            ("", "viewer", "Nobody of your company"),
            ("owner", "viewer", "in the list already"),
            ("colleague", "king", "Choose one of the roles"),
            ("colleague", "", "Choose one of the roles"),
        ):
            text = self._error_on_page(
                "/my/referral/people", {"login": login, "role": role}
            )
            self.assertIn(error, text, (login, role))
        self.assertEqual(self.mine.representative_ids.user_id, self.owner)
        # a form that names no role removes nobody
        self.mine._add_person("colleague", "viewer")
        row = self.mine.representative_ids.filtered(lambda one: one.role == "viewer")
        for data in ({}, {"role": ""}, {"role": "king"}):
            text = self._error_on_page(f"/my/referral/people/{row.id}", data)
            self.assertIn("Choose one of the roles", text, data)
        self.assertEqual(row.exists().role, "viewer")
        foreign = self.theirs.representative_ids
        text = self._error_on_page(f"/my/referral/people/{foreign.id}/remove", {})
        self.assertIn("not in the list any more", text)
        self.assertTrue(foreign.exists())

    def test_adding_and_removing_ends_after_twenty_changes_a_day(self):
        mine = self.mine.with_user(self.owner).sudo()
        with self.on("2026-03-05"):
            for _number in range(10):
                mine._add_person("colleague", "viewer")
                mine._change_person(mine.representative_ids[-1].id, False)
            mails = self.env["mail.mail"].search_count([])
            with self.assertRefused(UserError, "Too many changes today"):
                mine._add_person("colleague", "viewer")
        self.assertEqual(mine.representative_ids.user_id, self.owner)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        with self.on("2026-03-06"):
            mine._add_person("colleague", "viewer")
        self.assertEqual(len(mine.representative_ids), 2)

    def test_an_officer_corrects_it(self):
        mine = self.mine.with_user(self.officer)
        mine.write(
            {
                "representative_ids": [
                    (0, 0, {"user_id": self.colleague.id, "role": "owner"}),
                    (2, self.mine.representative_ids.id),
                ]
            }
        )
        self.assertEqual(self.mine.representative_ids.user_id, self.colleague)
        self.assertFalse(self.mine._acts(self.owner))
        auditor = self._user("people_auditor", "referral_program.group_auditor")
        row = self.mine.representative_ids.with_user(auditor)
        self.assertEqual(row.role, "owner")
        with self.assertRaises(AccessError):
            row.role = "viewer"

    # === Mail === #

    def _notices(self):
        """Return of each notice who gets it, and what it says."""
        mails = self.env["mail.mail"].search(
            [
                ("model", "=", "referral.participant"),
                ("res_id", "=", self.mine.id),
                ("subject", "=", "Referral program: please check a change"),
            ],
            order="id",
        )
        return [(mail.recipient_ids, mail.body_html) for mail in mails]

    def test_all_owners_hear_of_people_and_accounts(self):
        before = len(self._notices())
        self._name("finance")
        row = self.mine.representative_ids[-1]
        self.mine._change_person(row.id, "owner")
        self.env["res.partner.bank"].create(
            {
                "acc_number": "40702810100000000998",
                "partner_id": row.user_id.partner_id.id,
            }
        )
        self.mine._change_person(row.id, False)
        both = (self.owner | self.colleague).partner_id
        for (contacts, body), text in zip(
            self._notices()[before:],
            (
                "now acts for you as: Finance.",
                "is now: Owner.",
                "…0998",
                "any more",
            ),
            strict=True,
        ):
            self.assertEqual(contacts, both)
            self.assertIn(text, body.replace("\n", " "))

    def test_money_is_told_to_owners_and_finance_only(self):
        self._name("viewer")
        withdrawals = self.env["referral.withdrawal"]
        for role, contacts in (
            ("viewer", self.owner.partner_id),
            ("finance", (self.owner | self.colleague).partner_id),
        ):
            self.mine._change_person(self.mine.representative_ids[-1].id, role)
            withdrawal = withdrawals._request(self.mine, 10_000, self.account)
            withdrawal._cron_mail()
            mail = self.env["mail.mail"].search(
                [
                    ("model", "=", withdrawals._name),
                    ("res_id", "=", withdrawal.id),
                    ("subject", "like", "We received your request"),
                ]
            )
            self.assertEqual(mail.recipient_ids, contacts)
