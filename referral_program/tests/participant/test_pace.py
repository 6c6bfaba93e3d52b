"""Uploads and readings in a row: how many within an hour, and that none slip by."""

import fcntl
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from odoo import api
from odoo.exceptions import ValidationError
from odoo.tests import new_test_user, tagged

from ...models.participant import referral_document, referral_document_upload
from ...models.participant.referral_pace import EXPORT_READINGS
from ...tools import uploads
from ..clock import freeze_time
from .crafted import noted_pdf
from .reviewed import ReviewCase


@tagged("post_install", "-at_install")
class TestPace(ReviewCase):
    def test_too_many_files_within_an_hour_have_to_wait(self):
        self.patch(referral_document_upload, "UPLOADS_AN_HOUR", 3)
        document = self._draft().document_ids[0]
        other = self._draft(partner=self._partner("Other")).document_ids[0]
        files = [("a.png", self._picture()), ("b.png", self._picture())]
        with freeze_time("2026-03-02 10:00:00"):
            document._hand_in_files(files)
        with freeze_time("2026-03-02 10:30:30"):
            before = document.page_ids
            with self.assertRefused(ValidationError, "Try again in 30 minutes"):
                document._hand_in_files(files)
            self.assertEqual(document.page_ids, before)
            other._hand_in_files(files)
        with freeze_time("2026-03-02 11:00:00"):
            document._hand_in_files(files)
        self.assertNotEqual(document.page_ids, before)

    def test_refused_files_count_as_well(self):
        self.patch(referral_document_upload, "UPLOADS_AN_HOUR", 3)
        document = self._draft().document_ids[0]
        with freeze_time("2026-03-02 10:00:00"):
            for _attempt in range(3):
                with self.assertRefused(ValidationError, "neither a PDF"):
                    document._hand_in_files([("a.png", b"<html>")])
            with self.assertRefused(ValidationError, "Try again in 60 minutes"):
                document._hand_in_files([("a.png", self._picture())])

    def test_files_of_a_membership_that_was_undone_count_as_well(self):
        self.patch(referral_document_upload, "UPLOADS_AN_HOUR", 1)
        client = self._partner("Came to nothing")
        with freeze_time("2026-03-02 10:00:00"):
            for answer in ("neither a PDF", "Try again in 60 minutes"):
                with self.env.cr.savepoint() as attempt:
                    document = self._draft(partner=client).document_ids[0]
                    with self.assertRefused(ValidationError, answer):
                        document._hand_in_files([("a.png", b"<html>")])
                    # as when the worker is ended by its limits
                    attempt.rollback()

    def test_a_client_hands_in_by_one_request_at_a_time(self):
        document = self._draft().document_ids[0]
        client = document.participant_id.partner_id
        files = [("a.png", self._picture())]
        with self.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            env["referral.document"]._take_turn(client)
            with self.assertRefused(ValidationError, "Try again in a minute"):
                document._hand_in_files(files)
            other = self._draft(partner=self._partner("Other")).document_ids[0]
            other._hand_in_files(files)
        document._hand_in_files(files)
        self.assertTrue(document.page_ids)

    def test_a_file_that_comes_upon_the_limits_counts_as_many(self):
        self.patch(referral_document_upload, "UPLOADS_AN_HOUR", 10)
        document = self._draft().document_ids[0]
        with freeze_time("2026-03-02 10:00:00"):
            with self.assertRefused(ValidationError, "takes too long or too much"):
                document._hand_in_files([("a.pdf", noted_pdf(3_000))])
            with self.assertRefused(ValidationError, "Try again in 60 minutes"):
                document._hand_in_files([("a.png", self._picture())])

    def test_the_time_of_a_file_counts_whatever_becomes_of_it(self):
        """Files that take nearly too long are no cheaper than those that do."""
        self.patch(referral_document_upload, "FREE_SECONDS", 0)
        self.patch(referral_document_upload, "UPLOADS_A_SECOND", 10_000)
        for name, content in (
            ("kept", self._picture()),
            ("refused", b"%PDF-1.7 no more than that %%EOF"),
        ):
            document = self._draft(partner=self._partner(name)).document_ids[0]
            with self.subTest(file=name), freeze_time("2026-03-02 10:00:00"):
                for _attempt in range(2):
                    with self.assertRefused(ValidationError, "Try again in 60 minutes"):
                        document._hand_in_files([("a", content)])

    def test_who_handed_in_much_gives_way(self):
        """One account after the other fills the places, and leaves one to others."""
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.patch(uploads, "config", {"data_dir": folder, "workers": 4})
        self.patch(referral_document_upload, "PATIENT_UPLOADS", 1)
        greedy = self._draft().document_ids[0]
        honest = self._draft(partner=self._partner("Honest")).document_ids[0]
        files = [("a.png", self._picture())]
        greedy._hand_in_files(files)
        with Path(folder, "referral_uploads.0.lock").open("wb") as place:
            fcntl.flock(place, fcntl.LOCK_EX)
            with self.assertRefused(ValidationError, "Try again in a minute"):
                greedy._hand_in_files(files)
            honest._hand_in_files(files)
        greedy._hand_in_files(files)

    def test_too_many_readings_within_an_hour_have_to_wait(self):
        self.patch(referral_document, "READINGS_AN_HOUR", 2)
        participant = self._submitted()
        page = participant.document_ids.page_ids[0]
        readings = self.env["referral.document.reading"].sudo()
        before = readings.search_count([("participant_id", "=", participant.id)])
        first, second = (
            new_test_user(
                self.env,
                f"reader{number}",
                groups="base.group_user,referral_program.group_officer",
            )
            for number in range(2)
        )
        with freeze_time("2026-03-02 10:00:00"):
            for _reading in range(2):
                page.with_user(first).sudo()._read_content("view")
            with self.assertRefused(ValidationError, "Try again in 60 minutes"):
                page.with_user(first).sudo()._read_content("view")
            page.with_user(second).sudo()._read_content("view")
        with freeze_time("2026-03-02 11:00:00"):
            page.with_user(first).sudo()._read_content("view")
        after = readings.search_count([("participant_id", "=", participant.id)])
        self.assertEqual(after - before, 4)

    def test_exports_in_a_row_have_to_wait_sooner(self):
        """Each decrypts all files: five accounts held two workers with theirs."""
        owner = new_test_user(self.env, "exporter", groups="base.group_portal")
        participant = self._submitted()
        most = EXPORT_READINGS + len(participant.document_ids.page_ids)
        self.patch(referral_document, "READINGS_AN_HOUR", most)
        with freeze_time("2026-03-02 10:00:00"):
            own = participant.with_user(owner).sudo()
            own._export_personal_data()
            with self.assertRefused(ValidationError, "Try again in 60 minutes"):
                own._export_personal_data()
            for _person in range(2):
                participant.with_user(self.officer).sudo()._export_personal_data()

    def test_steps_at_the_same_moment_are_all_counted(self):
        subject = self.env.user.copy({"login": "steps"}).id

        def step(_number):
            with self.registry.cursor() as cr:
                env = api.Environment(cr, api.SUPERUSER_ID, {})
                try:
                    env["referral.pace"]._step("upload", -subject, 5)
                except ValidationError:
                    return False
                return True

        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(step, range(40)))
        self.assertEqual(done.count(True), 5)
        with self.registry.cursor() as cr:
            cr.execute(
                "DELETE FROM referral_pace WHERE subject = %s RETURNING steps",
                [-subject],
            )
            self.assertEqual(cr.fetchall(), [(40,)])

    def test_hours_that_are_over_are_forgotten(self):
        paces = self.env["referral.pace"].sudo()
        with freeze_time("2026-03-02 10:00:00"):
            old, new = paces.create(
                [
                    {"kind": "upload", "subject": subject, "since": since, "steps": 1}
                    for subject, since in (
                        (-1, "2026-03-02 08:59:59"),
                        (-2, "2026-03-02 09:00:00"),
                    )
                ]
            )
            paces._gc_over()
        self.assertFalse(old.exists())
        self.assertTrue(new.exists())
