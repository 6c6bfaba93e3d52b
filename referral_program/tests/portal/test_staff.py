"""What officers do for participants who do not come by themselves."""

import re

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .test_portal import PortalCase


@tagged("post_install", "-at_install")
class StaffCase(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.four_eyes = "able"
        cls.second = cls._user("staff_second", "referral_program.group_officer")
        cls.enrolled = cls.env["referral.participant"].create(
            {
                "program_id": cls.program.id,
                "partner_id": cls._partner(
                    "Enrolled", email="hello@enrolled.example"
                ).id,
                "type_id": cls._type("individual_tax_resident").id,
            }
        )
        cls.page = f"/referral/participant/{cls.enrolled.id}/documents"

    def _documents(self, *codes):
        documents = self.enrolled.document_ids
        return documents.filtered(lambda d: d.requirement_id.code in codes)

    def _upload(self, texts=None, files=None):
        """Send the page's form, with texts and files by the requirements' codes."""
        form = self._get(self.page).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', form).group(1)
        data = {"csrf_token": token}
        for code, text in (texts or {}).items():
            data[self._documents(code)._form_key()] = text
        uploads = [
            (self._documents(code)._form_key(), ("scan.png", content, "image/png"))
            for code, content in (files or {}).items()
        ]
        answer = self.url_open(
            self.page, data=data, files=uploads or None, allow_redirects=False
        )
        self.env.invalidate_all()
        return answer


@tagged("post_install", "-at_install")
class TestUploading(StaffCase):
    def test_an_officer_uploads_what_they_were_sent(self):
        self._login(self.officer)
        answer = self._upload(
            {"passport_number": "AB 1234567"},
            {"identity": self._picture(), "work_certificate": self._picture()},
        )
        self.assertEqual(answer.status_code, 303)
        self.assertIn(
            f"referral_participant_action/{self.enrolled.id}",
            answer.headers["Location"],
        )
        uploaded = self._documents("passport_number", "identity", "work_certificate")
        self.assertEqual(set(uploaded.mapped("state")), {"draft"})
        self.assertEqual(uploaded.uploader_id, self.officer)
        message = self.enrolled.message_ids.filtered(lambda m: "Uploaded" in m.body)
        self.assertEqual(message.author_id, self.officer.partner_id)
        self.assertEqual(len(message), 3)
        # the same checks as in the portal
        answer = self._upload({"passport_number": "none"}, {"identity": b"<html>"})
        self.assertEqual(answer.status_code, 200)
        self.assertIn("number is not valid", answer.text)
        self.assertIn("neither a PDF", answer.text)
        self.assertEqual(
            self._documents("identity").page_ids.mapped("name"), ["scan.png"]
        )
        # what is left empty stays, and is not shown
        self.assertNotIn("1234567", self._get(self.page).text)
        self.assertEqual(self._upload().status_code, 303)
        self.assertEqual(
            self._documents("passport_number")._read_text("text"), "AB 1234567"
        )

    def test_whoever_uploaded_does_not_verify(self):
        self._login(self.officer)
        self._upload(
            {"passport_number": "AB 1234567"},
            {"identity": self._picture(), "work_certificate": self._picture()},
        )
        with self.assertRefused(ValidationError, "accept both agreements.*invite"):
            self.enrolled.with_user(self.officer).action_submit()
        self._accept_all(self.enrolled)
        self.enrolled.with_user(self.officer).action_submit()
        documents = self.enrolled.document_ids.filtered(
            lambda d: d.state == "submitted"
        )
        self.assertEqual(len(documents), 3)
        for user in (self.officer, self.second):
            for document in documents.with_user(user):
                document._log_reading("view")
        self.env.flush_all()
        with (
            self.assertRefused(UserError, "You uploaded .* yourself.*staff_second"),
            self.cr.savepoint(),
        ):
            self.enrolled.with_user(self.officer).action_approve_documents()
        self.env.invalidate_all()
        self.assertEqual(set(documents.mapped("state")), {"submitted"})
        self.enrolled.with_user(self.second).action_approve_documents()
        self.assertEqual(self.enrolled.state, "active")

    def test_what_a_member_is_asked_for_later_is_submitted_at_once(self):
        member = self._membership(self.owner)
        member.sudo().document_ids.filtered(
            lambda d: d.state == "submitted"
        )._update_state("approved")
        member._update_state("active")
        self.env["referral.document"].create(
            {"participant_id": member.id, "name": "Proof of address"}
        )
        self.enrolled = member
        self.page = f"/referral/participant/{member.id}/documents"
        asked = member.document_ids.filtered(lambda d: d.name == "Proof of address")
        self._login(self.officer)
        form = self._get(self.page).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', form).group(1)
        scan = ("scan.png", self._picture(), "image/png")
        self.url_open(
            self.page, data={"csrf_token": token}, files=[(asked._form_key(), scan)]
        )
        self.env.invalidate_all()
        self.assertEqual((asked.state, asked.uploader_id), ("submitted", self.officer))

    def test_it_is_for_officers_of_the_company_only(self):
        far = self._user("staff_far", "referral_program.group_officer")
        elsewhere = self._create_company(name="Elsewhere")
        far.write({"company_ids": [(6, 0, elsewhere.ids)], "company_id": elsewhere.id})
        for user in (self.owner, self.employee, self.accountant, far):
            self._login(user)
            self.assertEqual(self._get(self.page).status_code, 404, user.login)
        self._login(self.officer)
        suspended = self._participant("Suspended")
        suspended._update_state("suspended", "Test")
        for own in self.enrolled | suspended:
            page = f"/referral/participant/{own.id}/documents"
            self.assertEqual(self._get(page).status_code, 200, own.state)
        closed = self.page.replace(str(self.enrolled.id), str(2**31 - 1))
        self.assertEqual(self._get(closed).status_code, 404)
        self.enrolled._update_state("closed", "Test")
        self.assertEqual(self._get(self.page).status_code, 404)


@tagged("post_install", "-at_install")
class TestInviting(StaffCase):
    def _invite(self):
        """Open the wizard as the officer's click does; return it."""
        action = self.enrolled.with_user(self.officer).action_invite()
        return (
            self.env[action["res_model"]]
            .with_user(self.officer)
            .browse(action["res_id"])
        )

    def test_a_contact_without_a_user_gets_a_mail_with_the_link(self):
        template = self.env.ref("auth_signup.portal_set_password_email")
        template.auto_delete = False  # to read it here
        wizard = self._invite()
        self.assertIn("/my/referral/join", wizard.welcome_message)
        [row] = wizard.user_ids
        self.assertEqual(row.email, "hello@enrolled.example")
        row.action_grant_access()
        user = self.enrolled.partner_id.user_ids
        self.assertTrue(user._is_portal())
        self.assertTrue(self.enrolled._acts(user, "owner"))
        mail = self.env["mail.mail"].search(
            [("model", "=", "res.users"), ("res_id", "=", user.id)]
        )
        self.assertIn("/my/referral/join", mail.body_html)
        self.assertIn("token=", mail.body_html)
        user.password = "hello@enrolled.example"
        self.authenticate(user.login, user.login)
        self.assertIn("Join the referral program", self._get("/my/referral/join").text)

    def test_without_an_address_it_is_asked_for(self):
        self.enrolled.partner_id.email = False
        [row] = self._invite().user_ids
        with self.assertRefused(UserError, "valid email"):
            row.action_grant_access()
        row.email = "new@enrolled.example"
        row.action_grant_access()
        self.assertEqual(self.enrolled.partner_id.email, "new@enrolled.example")
        self.assertTrue(self.enrolled.representative_ids)

    def test_who_has_an_account_is_named_by_the_officer(self):
        self.stranger.partner_id.write(
            {"is_company": False, "parent_id": self.enrolled.partner_id.id}
        )
        with self.assertRefused(UserError, "stranger.*Add the owner"):
            self._invite()
        self.assertFalse(self.enrolled.representative_ids, "whoever it is")

    def test_only_officers_invite(self):
        for user in (self.accountant, self.employee):
            with self.assertRaises(AccessError):
                self.enrolled.with_user(user).action_invite()
