"""Joining: ways past the door, all of them closed."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .reviewed import ReviewCase


@tagged("post_install", "-at_install")
class TestJoiningGuards(ReviewCase):
    def test_officers_make_nothing_but_requests(self):
        participant = self._draft()
        documents = self._as_officer(self.env["referral.document"])
        own = {"participant_id": participant.id, "name": "Other"}
        for vals in (
            {"state": "approved"},
            {"one_of": "tax_system"},
            {"text": "AB 1234567"},
            {"requirement_id": participant.type_id.requirement_ids[0].id},
            {"submitted_on": "2026-01-01 00:00:00"},
            {"page_ids": [Command.create({"name": "x"})]},
        ):
            with self.assertRefused(UserError, "until the document is uploaded"):
                documents.create({**own, **vals})
        made = documents.with_context(
            default_state="approved", default_one_of="tax_system"
        ).create(own)
        self.assertEqual((made.state, made.one_of), ("requested", False))
        for vals in ({"one_of": "tax_system"}, {"reviewer_id": 1}, {"company_id": 1}):
            with self.assertRefused(UserError, "until the document is uploaded"):
                made.write(vals)
        made.write({"note": "Both pages"})

    def test_officers_take_no_requirement_away(self):
        participant = self._draft()
        with self.assertRefused(UserError, "requires these documents"):
            self._as_officer(participant.document_ids).unlink()
        with self.assertRefused(ValidationError, "Still missing"):
            self._as_officer(participant).write({"state": "submitted"})
        for vals in ({"link_active": True}, {"code": "guess"}):
            with self.assertRefused(UserError, "are set by the program"):
                self._as_officer(participant).write(vals)
        submitted = self._submitted(partner=self._partner("Submitted"))
        with self.assertRefused(UserError, "changed only in drafts"):
            self._as_officer(submitted).type_id = self._type("individual_nonresident")

    def test_officers_skip_nothing_by_the_context(self):
        participant = (
            self._as_officer(self.env["referral.participant"])
            .with_context(
                default_state="active",
                default_verified_on="2026-01-01 00:00:00",
                default_code="guess",
                default_link_active=True,
            )
            .create(
                {
                    "program_id": self.program.id,
                    "partner_id": self._partner("Friend").id,
                    "type_id": self._type("legal_entity_resident").id,
                }
            )
        )
        self.assertEqual(participant.state, "draft")
        self.assertNotEqual(participant.code, "guess")
        self.assertFalse(participant.link_active or participant.verified_on)
        self.assertTrue(participant.document_ids)

    def test_only_those_who_may_write_submit(self):
        participant = self._draft()
        self._fill(participant)
        self._accept_all(participant)
        auditor = self._user("join_auditor", "referral_program.group_auditor")
        with self.assertRaises(AccessError):
            participant.with_user(auditor).action_submit()
        self._as_officer(participant).action_submit()
        participant.action_approve_documents()
        before = participant.submitted_on, self._mails(participant)
        participant._submit()
        self.assertEqual((participant.submitted_on, self._mails(participant)), before)
        self.assertFalse(participant.verification_deadline)

    def test_files_go_with_their_draft(self):
        participant = self._draft("individual_resident")
        self._fill(participant)
        pages = participant.document_ids.page_ids
        attachments = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", pages._name),
                    ("res_id", "in", pages.ids),
                    ("res_field", "=", "content"),
                ]
            )
        )
        self.assertEqual(len(attachments), 3)
        self._draft("legal_entity_resident", participant.partner_id)
        self.assertFalse(attachments.exists())
        participant.unlink()

    def test_mails_are_changed_by_administrators_only(self):
        editor = self._user("join_editor", "mail.group_mail_template_editor")
        template = self.env.ref("referral_program.mail_template_submitted")
        for change in (
            lambda t: t.write({"body_html": "<p>x</p>"}),
            lambda t: t.update_field_translations("subject", {"en_US": "x"}),
        ):
            with self.assertRefused(AccessError, "Only an administrator"):
                change(template.with_user(editor))
