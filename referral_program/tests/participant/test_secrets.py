"""Documents are encrypted with a key outside the database: what is there without it."""

import base64
import os
from unittest.mock import patch

from odoo import models
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...tools import secrets
from .reviewed import ReviewCase

NUMBER = "AB 1234567"
LOGGER = "odoo.addons.referral_program.models.base.referral_secret_mixin"
#: Everything of a document that a template could ask for.
WALK = """
<t t-set="documents" t-value="object.env['referral.document'].sudo().search([
    ('participant_id.partner_id', '=', object.id)])"/>
<t t-foreach="documents" t-as="document">
    <t t-out="document.text"/> <t t-out="document.shown_text"/>
    <t t-out="document.with_user(%s).shown_text"/>
    <t t-out="document.page_ids.mapped('content')"/>
</t>
"""


def new_key():
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


@tagged("post_install", "-at_install")
class TestSecrets(ReviewCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.old, cls.new = new_key(), new_key()
        cls.portal = cls._user("secret_portal", "base.group_portal")
        cls.startClassPatcher(patch.dict(os.environ, {secrets.VARIABLE: cls.old}))

    def setUp(self):
        super().setUp()
        # those of the demonstration have another key
        self.env["referral.document"].search([])._destroy("not of this test")
        self.participant = self._submitted("individual_tax_resident")
        documents = self.participant.document_ids
        self.text = documents.filtered(lambda d: d.kind == "text")
        self.page = documents.page_ids[0]

    def _with_keys(self, *keys):
        return patch.dict(os.environ, {secrets.VARIABLE: ",".join(keys)})

    def _renew(self):
        participants = self.env["referral.participant"]
        return participants._renew_document_secrets(self.env.flush_all)

    def _attachments(self):
        return (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "referral.document.page"),
                    ("res_field", "=", "content"),
                    ("res_id", "in", self.participant.document_ids.page_ids.ids),
                ]
            )
        )

    def _kept(self):
        """Return what database and disk have of texts and files."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT text, text_digest FROM referral_document WHERE text IS NOT NULL"
        )
        return self.env.cr.fetchall(), self._attachments().mapped("store_fname")

    def _read(self):
        self.env.invalidate_all()
        self.assertEqual(self.text._read_text("text"), NUMBER)
        self.assertEqual(self.page._read_content("view")[:4], b"\x89PNG")

    # === WITHOUT THE KEY === #

    def test_database_and_disk_tell_nothing(self):
        (((text, digest),), _files) = self._kept()
        for value in (text, digest, base64.urlsafe_b64decode(text).decode("latin-1")):
            self.assertNotIn("1234567", value)
        attachments = self._attachments()
        self.assertEqual(len(attachments), len(self.participant.document_ids.page_ids))
        for attachment in attachments:
            with open(attachment._full_path(attachment.store_fname), "rb") as file:
                content = file.read()
            self.assertTrue(secrets.is_encrypted(content))
            self.assertNotIn(b"PNG", content[:100])
            self.assertFalse(attachment.index_content)
        self._read()

    def test_equal_numbers_have_nothing_in_common_but_their_digest(self):
        other = self._submitted("individual_tax_resident", self._partner("Other"))
        document = other.document_ids.filtered(lambda d: d.kind == "text")
        self.assertNotEqual(document.text, self.text.text)
        self.assertEqual(document.text_digest, self.text.text_digest)
        self.assertEqual(other.duplicate_ids, self.participant)
        self.assertEqual(other.duplicate_note, "document number")

    def test_a_query_that_fails_logs_no_number(self):
        with (
            self.assertLogs("odoo.sql_db", "ERROR") as logs,
            self.assertRaises(Exception),  # noqa: B017 - psycopg's, whichever
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "UPDATE referral_document SET text = %s, kind = NULL WHERE id = %s",
                [self.text._prepare_text_vals(NUMBER)["text"], self.text.id],
            )
        self.assertNotIn("1234567", "".join(logs.output))

    def test_templates_of_other_models_show_nothing(self):
        template = self.env["mail.template"].create(
            {
                "name": "Walker",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "body_html": WALK % self.officer.id,
            }
        )
        partner = self.participant.partner_id
        for user in (self.env.user, self.officer):
            template = template.with_user(user).sudo()
            body = template._render_field("body_html", partner.ids)[partner.id]
            self.assertIn("gAAAAA", body, "the template finds the documents")
            self.assertNotIn("1234567", body)
            self.assertNotIn(
                base64.b64encode(self._picture())[:40].decode(), body.replace("\n", "")
            )
        self.assertFalse(self.participant.reading_ids)

    def test_in_the_name_of_an_officer_shows_nothing(self):
        with self._asking(self.portal):
            self.assertFalse(self._as_officer(self.text).shown_text)
        self.text.invalidate_recordset(["shown_text"])
        with self._asking(self.officer):
            self.assertFalse(self.text.sudo().shown_text)
            self.assertFalse(self.participant.reading_ids)
            self.assertEqual(self._as_officer(self.text).shown_text, NUMBER)
        self.assertEqual(self.participant.reading_ids.user_id, self.officer)

    def test_nobody_groups_exports_or_searches_it(self):
        self.officer.group_ids += self.env.ref("base.group_allow_export")
        documents = self._as_officer(self.env["referral.document"])
        for name in ("text", "text_digest"):
            with self.assertRaises(AccessError):
                documents.formatted_read_group([], [name], ["__count"])
            with self.assertRaises(AccessError):
                self._as_officer(self.text).export_data([name])
            with self.assertRaises(AccessError):
                documents.search([(name, "!=", False)])

    # === NO KEY, ANOTHER ONE === #

    @mute_logger(LOGGER)
    def test_without_a_key_nothing_is_taken(self):
        draft = self._draft(
            "individual_tax_resident", self._partner("Late", email="l@example.com")
        )
        text = draft.document_ids.filtered(lambda d: d.kind == "text")
        file = (draft.document_ids - text)[0]
        for keys in ((), ("no key",)):
            with self._with_keys(*keys):
                with self.assertRefused(ValidationError, secrets.OPTION):
                    text._hand_in_text(NUMBER)
                with self.assertRefused(ValidationError, "Make one with python3"):
                    file._hand_in_files([("a.png", self._picture())])
                with self.assertRefused(ValidationError, "the server has no key"):
                    self.text._read_text("text")
                with self.assertRefused(ValidationError, "at the moment"):
                    text.with_user(self.portal).sudo()._hand_in_text(NUMBER)
        self.assertEqual(set((text | file).mapped("state")), {"requested"})
        self.assertFalse(text.text or file.page_ids)

    @mute_logger(LOGGER)
    def test_a_wrong_key_says_so_and_changes_nothing(self):
        before = self._kept()
        with self._with_keys(self.new):
            with self.assertRefused(ValidationError, "does not have"):
                self.text._read_text("text")
            with self.assertRefused(ValidationError, "does not have"):
                self.page._read_content("view")
            with self.assertRefused(ValidationError, "does not have"):
                self._renew()
        self.assertEqual(self._kept(), before)
        self._read()

    def test_the_key_goes_over_to_another_one(self):
        count = len(self.participant.document_ids.page_ids) + 1
        before = self._kept()
        with self._with_keys(self.new, self.old):
            self._read()
            self.assertEqual(self._renew(), count)
            self.assertEqual(self._renew(), 0, "all of it is done")
        with self._with_keys(self.new):
            self._read()
            other = self._submitted("individual_tax_resident", self._partner("Other"))
            self.assertEqual(other.duplicate_ids, self.participant)
        with mute_logger(LOGGER), self.assertRefused(ValidationError, "does not have"):
            self.text._read_text("text")
        after = self._kept()
        self.assertTrue(set(before[0]).isdisjoint(after[0]))
        self.assertTrue(set(before[1]).isdisjoint(after[1]))

    def test_what_is_from_before_encryption_is_encrypted(self):
        models.Model.write(self.page, {"content": base64.b64encode(self._picture())})
        for number in (NUMBER, "AB1234567123"):
            models.Model.write(self.text, {"text": number, "text_digest": False})
            self.assertTrue(self._renew())
            self.assertEqual(self._renew(), 0)
            self.assertEqual(self.text._read_text("text"), number)
            self.assertTrue(self.text.text_digest)
        self.assertEqual(self.page._read_content("view"), self._picture())
