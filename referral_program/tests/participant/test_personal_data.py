"""Personal data: who reads it, how long it is kept, and what its owner is given."""

import io
import json
import zipfile
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..clock import freeze_time
from .reviewed import ReviewCase


@tagged("post_install", "-at_install")
class TestPersonalData(ReviewCase):
    def test_reading_is_recorded(self):
        participant = self._submitted("individual_tax_resident")
        page = participant.document_ids.page_ids[0]
        page.with_user(self.officer).sudo()._read_content("view")
        text = participant.document_ids.filtered(lambda d: d.kind == "text")
        with self.assertRaises(AccessError):
            self._as_officer(text).read(["text"])
        with self._asking(self.officer):
            self.assertEqual(self._as_officer(text).shown_text, "AB 1234567")
        self._as_officer(text).read(["name"])
        self.assertRecordValues(
            participant.reading_ids.sorted("id"),
            [
                {
                    "user_id": self.officer.id,
                    "purpose": "view",
                    "document_name": page.document_id.name,
                    "page_name": page.name,
                },
                {
                    "user_id": self.officer.id,
                    "purpose": "text",
                    "document_name": text.name,
                    "page_name": False,
                },
            ],
        )
        with self.assertRefused(UserError, "cannot be edited or deleted"):
            participant.reading_ids.sudo().unlink()

    def test_contents_are_closed_to_everybody(self):
        participant = self._submitted("individual_tax_resident")
        page = participant.document_ids.page_ids[0]
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", page._name),
                    ("res_id", "=", page.id),
                    ("res_field", "=", "content"),
                ]
            )
        )
        self.assertTrue(attachment)
        administrator = self._user(
            "join_admin", "base.group_system,referral_program.group_administrator"
        )
        for user in (self.officer, administrator):
            with self.assertRaises(AccessError):
                page.with_user(user).read(["content"])
            with self.assertRaises(AccessError):
                attachment.with_user(user).read(["datas"])
            for domain in (
                [("res_model", "=", page._name)],
                [("res_model", "=", page._name), ("res_field", "=", "content")],
                [("id", "=", attachment.id), ("res_field", "!=", False)],
            ):
                found = attachment.with_user(user).search_read(domain, ["raw"])
                self.assertFalse(found, domain)

    def test_nothing_personal_is_in_the_history(self):
        participant = self._submitted("individual_tax_resident")
        self._approve_all(participant)
        history = " ".join(
            str(message.body) for message in participant.message_ids
        ) + " ".join(
            str(value.new_value_char)
            for value in participant.message_ids.sudo().tracking_value_ids
        )
        self.assertNotIn("1234567", history)

    # === Retention === #

    def test_retention_destroys_and_leaves_an_act(self):
        self.program.retention_days = 30
        with freeze_time("2026-01-01 09:00:00"):
            participant = self._submitted("individual_tax_resident")
            participant._update_state("closed", "On their own wish")
        hashes = set(participant.document_ids.page_ids.mapped("sha256"))
        participants = self.env["referral.participant"]
        with freeze_time("2026-01-31 09:00:00"):
            participants._cron_destroy_documents()
            self.assertTrue(participant.document_ids.page_ids)
        with freeze_time("2026-01-31 09:00:01"):
            participants._cron_destroy_documents()
        self.assertFalse(participant.document_ids.page_ids)
        self.assertFalse(any(participant.document_ids.mapped("text")))
        self.assertEqual(set(participant.document_ids.mapped("state")), {"destroyed"})
        acts = participant.destruction_ids
        self.assertEqual(len(acts), 3)
        self.assertEqual(
            {h for text in acts.mapped("content_hashes") if text for h in text.split()},
            hashes,
        )
        self.assertTrue(all("30 days" in rule for rule in acts.mapped("rule")))
        self.assertEqual(len(set(acts.mapped("name"))), 3)
        # what proves the agreement stays
        self.assertEqual(len(participant.acceptance_ids), 2)
        attachments = self.env["ir.attachment"].sudo()
        self.assertFalse(
            attachments.search(
                [
                    ("res_model", "=", "referral.document.page"),
                    ("res_field", "!=", False),
                ]
            ).filtered(lambda a: a.checksum in hashes)
        )
        with freeze_time("2026-02-10 09:00:00"):
            participants._cron_destroy_documents()
        self.assertEqual(len(participant.destruction_ids), 3)

    def test_abandoned_drafts_keep_no_documents(self):
        """Somebody who begins to join and never returns is not kept for ever."""
        self.program.retention_days = 30
        left, going = self.env["referral.participant"], self.env["referral.participant"]
        with freeze_time("2026-01-01 09:00:00"):
            for name in ("Left", "Going"):
                left, going = going, self._draft(partner=self._partner(name))
                self._fill(going)
        # whoever goes on has uploaded something since
        self._uploaded_on("2026-01-01 09:00:00", left)
        self._uploaded_on("2026-01-20 09:00:00", going)
        with freeze_time("2026-01-31 09:00:00"):
            left._cron_destroy_documents()
            self.assertTrue(left.document_ids.page_ids)
        with freeze_time("2026-01-31 09:00:01"):
            left._cron_destroy_documents()
        self.assertFalse(left.document_ids.page_ids)
        self.assertEqual(set(left.document_ids.mapped("state")), {"requested"})
        self.assertIn("30 days", left.destruction_ids.mapped("rule")[0])
        self.assertEqual(left.state, "draft")
        self.assertTrue(going.document_ids.page_ids)
        self._fill(left)
        self.assertTrue(left.document_ids.page_ids, "they may begin again")

    def _uploaded_on(self, moment, participant):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE referral_document SET write_date = %s WHERE participant_id = %s",
            [moment, participant.id],
        )
        participant.document_ids.invalidate_recordset()

    def _over(self, *names):
        """Return participants whose retention period was over on January 31."""
        self.program.retention_days = 30
        participants = self.env["referral.participant"]
        with freeze_time("2026-01-01 09:00:00"):
            for name in names:
                participant = self._submitted(partner=self._partner(name))
                participant._update_state("closed", "On their own wish")
                participants |= participant
        return participants

    def test_retention_ends_in_archived_programs_too(self):
        participant = self._over("Alone")
        self.program.active = False
        with freeze_time("2026-02-01 09:00:00"):
            participant._cron_destroy_documents()
        self.assertFalse(participant.document_ids.page_ids)
        self.assertEqual(len(participant.destruction_ids), 1)

    def test_documents_that_cannot_be_destroyed_stop_no_others(self):
        """Each participant's are committed; what fails is undone, logged and told."""
        first, broken, last = participants = self._over("First", "Broken", "Last")
        job = self.env.ref("referral_program.ir_cron_destroy_documents")
        destroy = self.env.registry["referral.document"]._destroy
        error = UserError("The disk is read-only")

        def fail(documents, rule):
            destroy(documents, rule)
            if documents.participant_id == broken:
                raise error

        def run():
            with freeze_time("2026-02-01 09:00:00"), self.enter_registry_test_mode():
                job.method_direct_trigger()
            participants.invalidate_recordset()
            return [
                len(participant.document_ids.page_ids) for participant in participants
            ]

        pages = len(first.document_ids.page_ids)
        logger = "odoo.addons.referral_program"
        for _again in range(2):
            with (
                patch.object(self.env.registry["referral.document"], "_destroy", fail),
                self.assertLogs(logger, "ERROR") as logs,
            ):
                self.assertEqual(run(), [0, pages, 0])
            self.assertEqual(len(logs.output), 1)
            self.assertIn("The disk is read-only", logs.output[0])
        self.assertEqual(
            [len(participant.destruction_ids) for participant in participants],
            [1, 0, 1],
        )
        kind = self.env.ref("referral_program.mail_activity_retention")
        activities = self.env["mail.activity"].search(
            [("activity_type_id", "=", kind.id)]
        )
        self.assertEqual(activities.mapped("res_id"), broken.ids)
        self.assertEqual(activities.user_id, self.officer)
        self.assertIn("The disk is read-only", activities.note)
        self.assertEqual(run(), [0, 0, 0])
        self.assertEqual(last.destruction_ids.user_id, self.env.ref("base.user_root"))
        self.assertFalse(activities.exists().filtered("active"))

    def test_whoever_is_not_over_any_more_keeps_the_documents(self):
        participant = self._over("Alone")
        with freeze_time("2026-02-01 09:00:00"):
            self.program.retention_days = 90
            participant._destroy_if_over()
        self.assertTrue(participant.document_ids.page_ids)

    def test_documents_of_a_running_participation_stay(self):
        participant = self._submitted()
        with self.assertRefused(UserError, "has ended"):
            self._as_officer(participant).action_destroy_documents()

    # === Export === #

    def test_export_holds_all_that_is_kept(self):
        participant = self._submitted("individual_tax_resident")
        content = participant.with_user(self.officer).sudo()._export_personal_data()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            data = json.loads(archive.read("data.json"))
            files = [n for n in archive.namelist() if n.startswith("documents/")]
            self.assertEqual(len(files), len(participant.document_ids.page_ids))
        self.assertIn("AB 1234567", {d["text"] for d in data["documents"]})
        self.assertEqual(len(data["acceptances"]), 2)
        self.assertEqual(data["participant"][0]["state"], "Submitted")
        # each file, and the text
        self.assertEqual(
            participant.reading_ids.mapped("purpose"), ["export"] * (len(files) + 1)
        )

    def test_export_tells_nothing_of_claims(self):
        participant = self._submitted()
        client = self._partner("Claimed")
        referral = self._referral(participant, client, state="pending")
        for state, told in (("pending", False), ("active", True), ("cancelled", False)):
            if state != "pending":
                referral._update_state(state)
            referrals = participant._personal_data()["referrals"]
            self.assertEqual(bool(referrals), told, state)

    def test_the_export_names_clients_as_the_pages_do(self):
        participant = self._participant("Exporter")
        self._referral(participant, self._partner("Somebody Else"))
        for masks, name in ((True, "So*** El***"), (False, "Somebody Else")):
            self.program.mask_names = masks
            [referral] = participant._personal_data()["referrals"]
            self.assertEqual(referral["client"], name)
            self.assertEqual("Somebody Else" in str(referral), not masks)
