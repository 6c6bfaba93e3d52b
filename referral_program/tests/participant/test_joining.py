"""Joining: what each type hands in, submission, review, states, deadlines."""

import io
from datetime import datetime

from PIL import Image

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ..clock import freeze_time
from .reviewed import ReviewCase

#: The checklist: type, what is asked for (alternatives together), link at once.
CHECKLIST = {
    "individual_resident": (
        [{"passport_data_page"}, {"passport_registration_page"}, {"snils"}],
        False,
    ),
    "individual_tax_resident": (
        [
            {"identity"},
            {"passport_number"},
            {"residence_permit", "temporary_residence_permit", "work_certificate"},
        ],
        False,
    ),
    "individual_nonresident": ([], False),
    "legal_entity_resident": ([{"form_26_2_1", "form_26_2_7"}], True),
    "legal_entity_nonresident": ([{"tax_residence_certificate"}], True),
    "sole_trader_resident": ([{"form_26_2_1", "form_26_2_7"}], True),
    "state_organization_resident": ([{"form_26_2_1", "form_26_2_7"}], True),
}


@tagged("post_install", "-at_install")
class TestJoining(ReviewCase):
    # === The checklist === #

    def test_each_type_is_asked_for_what_the_checklist_says(self):
        for name, (asked, at_once) in CHECKLIST.items():
            with self.subTest(type=name):
                participant = self._draft(name, self._partner(name))
                missing = participant._missing_documents()
                self.assertEqual(
                    [set(d.requirement_id.mapped("code")) for d in missing], asked
                )
                self._fill(participant)
                self._accept_all(participant)
                self.assertFalse(participant.link_active)
                participant._submit()
                self.assertEqual(participant.state, "submitted")
                self.assertEqual(participant.link_active, at_once)
                self.assertFalse(participant.payout_allowed)

    def test_each_document_is_needed(self):
        for name, (asked, _at_once) in CHECKLIST.items():
            for missing in range(len(asked)):
                with self.subTest(type=name, missing=asked[missing]):
                    participant = self._draft(name, self._partner(name))
                    groups = participant._missing_documents()
                    for number, (document, *_others) in enumerate(groups):
                        if number == missing:
                            continue
                        if document.kind == "text":
                            document._hand_in_text("AB 1234567")
                        else:
                            document._hand_in_files([("a.png", self._picture())])
                    self._accept_all(participant)
                    with self.assertRefused(ValidationError, "Still missing"):
                        participant._submit()
                    self.assertEqual(participant.state, "draft")

    def test_any_of_the_alternatives_will_do(self):
        for code in ("form_26_2_1", "form_26_2_7"):
            participant = self._draft(partner=self._partner(code))
            document = participant.document_ids.filtered(
                lambda d, c=code: d.requirement_id.code == c
            )
            document._hand_in_files([("form.pdf", self._pdf(2))])
            self._accept_all(participant)
            participant._submit()
            self.assertEqual(document.state, "submitted")

    def test_who_cannot_join_is_refused(self):
        for name in ("sole_trader_nonresident", "state_organization_nonresident"):
            with self.assertRefused(ValidationError, "cannot join"):
                self._draft(name, self._partner(name))
            self.assertTrue(self._type(name).reason_not_joining)

    def test_link_at_once_is_a_switch(self):
        self._type("legal_entity_resident").link_at_once = False
        participant = self._submitted()
        self.assertFalse(participant.link_active)
        self._approve_all(participant)
        self.assertTrue(participant.link_active)

    def test_changed_requirements_touch_drafts_only(self):
        submitted = self._submitted()
        draft = self._draft(partner=self._partner("Later"))
        kind = self._type("legal_entity_resident")
        kind.requirement_ids.unlink()
        self.env["referral.document.requirement"].create(
            {"type_id": kind.id, "code": "charter", "name": "Charter"}
        )
        (submitted | draft)._sync_documents()
        self.assertEqual(
            set(submitted.document_ids.mapped("name")), {"Form 26.2-1", "Form 26.2-7"}
        )
        self.assertIn("Charter", draft.document_ids.mapped("name"))
        self._approve_all(submitted)
        self.assertEqual(submitted.state, "active")

    def _words(self, document):
        """Return what is read of a document in English and in Russian."""
        return [
            (self._in(document, lang).name, self._in(document, lang).note)
            for lang in ("en_US", "ru_RU")
        ]

    def test_documents_are_named_in_the_readers_language(self):
        requirement = self._russian()
        expected = [(requirement.name, "Of this year"), ("Справка", "За этот год")]
        for lang in ("en_US", "ru_RU", None):
            joining = self.env["referral.participant"].with_context(lang=lang)
            partner = self._partner("Joiner", lang=lang)
            participant = joining._draft(self.program, partner, requirement.type_id)
            document = participant.document_ids
            with self.subTest(begun_in=lang):
                self.assertEqual(self._words(document), expected)
                self.assertEqual(self._words(self._as_officer(document)), expected)

    def test_documents_keep_the_words_that_they_were_asked_for_with(self):
        requirement = self._russian()
        expected = [(requirement.name, "Of this year"), ("Справка", "За этот год")]
        participant = self._submitted("legal_entity_nonresident")
        self._in(requirement, "ru_RU").write({"name": "Устав", "hint": "Копия"})
        self.env["referral.document"]._take_translations()
        self.assertEqual(self._words(participant.document_ids), expected)
        requirement.write({"name": "Charter", "hint": "A copy"})
        self.env["referral.document"]._take_translations()
        self.assertEqual(self._words(participant.document_ids), expected)
        requirement.unlink()
        self.assertEqual(self._words(participant.document_ids), expected)

    def test_a_language_that_comes_later_names_documents_too(self):
        before = self._submitted("individual_resident")
        renamed = before.document_ids[0].requirement_id
        old_name = renamed.name
        renamed.name = "Identity card"
        self.env["res.lang"]._activate_lang("ru_RU")
        self.env["ir.module.module"]._load_module_terms(["referral_program"], ["ru_RU"])
        names = self._in(before.document_ids, "ru_RU").mapped("name")
        self.assertEqual(names[0], old_name)
        self.assertEqual(names[1], "Паспорт: страница с регистрацией")

    def test_what_an_officer_asks_for_has_their_words_in_every_language(self):
        requirement = self._russian()
        participant = self._draft("legal_entity_nonresident")
        documents = self._in(self._as_officer(self.env["referral.document"]), "ru_RU")
        asked = documents.create(
            {"participant_id": participant.id, "name": "Права", "note": "Обе стороны"}
        )
        self.assertEqual(self._words(asked), [("Права", "Обе стороны")] * 2)
        for document in asked, documents.browse(participant.document_ids[0].id):
            document.write({"name": "Паспорт", "note": False})
            self.assertEqual(self._words(document), [("Паспорт", False)] * 2)
        requirement.name = "Паспорт"
        # translated by the officer, but not once it is handed in
        asked.update_field_translations("name", {"en_US": "Passport"})
        self.assertEqual(self._in(asked, "en_US").name, "Passport")
        with self.assertRefused(UserError, "^Изменить можно только запрос"):
            asked.update_field_translations("reason", {"en_US": "Other"})
        asked.sudo()._hand_in_files([("a.png", self._picture())])
        with self.assertRefused(UserError, "^Изменить можно только запрос"):
            asked.update_field_translations("name", {"en_US": "Other"})

    def test_membership_is_the_companys(self):
        company = self._partner("Company")
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": company.id}
        )
        participant = self._draft(partner=contact)
        self.assertEqual(participant.partner_id, company)
        self.assertEqual(self._draft(partner=company), participant)

    # === Handing in === #

    def test_a_refused_file_leaves_the_document_as_it_was(self):
        participant = self._draft()
        document = participant.document_ids[0]
        document._hand_in_files([("a.png", self._picture())])
        before = document.page_ids.mapped("sha256")
        with self.assertRefused(ValidationError, "neither a PDF"):
            document._hand_in_files(
                [("good.png", self._picture()), ("bad.png", b"<html>")]
            )
        self.assertEqual(document.page_ids.mapped("sha256"), before)

    def test_several_pages_and_their_names(self):
        document = self._draft().document_ids[0]
        document._hand_in_files(
            [
                ("../../etc/passwd.php", self._picture("JPEG")),
                ("C:\\scans\\page two.PNG", self._picture()),
                ("", self._pdf()),
            ]
        )
        self.assertEqual(
            document.page_ids.mapped("name"),
            ["passwd.jpg", "page two.png", "document.pdf"],
        )
        self.assertEqual(
            document.page_ids.mapped("mimetype"),
            ["image/jpeg", "image/png", "application/pdf"],
        )

    def test_all_files_together_are_limited(self):
        self.program.write({"max_file_size": 1, "max_total_size": 1})
        participant = self._draft("individual_resident")
        target = io.BytesIO()
        Image.effect_noise((900, 700), 90).save(target, "PNG")
        big = target.getvalue()
        self.assertAlmostEqual(len(big), 600_000, delta=50_000)
        participant.document_ids[0]._hand_in_files([("a.png", big)])
        with self.assertRefused(ValidationError, "All files together"):
            participant.document_ids[1]._hand_in_files([("b.png", big)])
        with self.assertRefused(ValidationError, "up to 1 MB"):
            participant.document_ids[1]._hand_in_files([("c.png", big * 2)])
        self.assertFalse(participant.document_ids[1].page_ids)

    def test_a_wrong_number_is_refused(self):
        participant = self._draft("individual_tax_resident")
        document = participant.document_ids.filtered(lambda d: d.kind == "text")
        with self.assertRefused(ValidationError, "number is not valid"):
            document._hand_in_text("none")
        document._hand_in_text(" ab-1234567 ")
        self.assertEqual(document._read_text("text"), "AB 1234567")
        document._hand_in_text("")
        self.assertEqual(document.state, "requested")

    def test_handing_in_nothing_is_nothing(self):
        participant = self._draft()
        document = participant.document_ids[0]
        for hand_in in (
            lambda: document._hand_in_files([]),
            lambda: document._hand_in_text("x"),
        ):
            with self.assertRefused(ValidationError, "Choose a file"):
                hand_in()
        with self.assertRefused(ValidationError, "Up to 20 files"):
            document._hand_in_files([("a.png", self._picture())] * 21)

    # === Review === #

    def test_approval_of_all_lets_take_part(self):
        participant = self._submitted("individual_resident")
        first, *others = participant.document_ids
        self._approve(first)
        self.assertEqual(participant.state, "submitted")
        for document in others:
            self._approve(document)
        self.assertEqual(participant.state, "active")
        self.assertTrue(participant.link_active)
        self.assertTrue(participant.payout_allowed)
        self.assertTrue(participant.verified_on)
        self.assertFalse(participant.verification_deadline)
        self.assertEqual(
            self._mails(participant),
            ["We received your documents", "Welcome to the referral program"],
        )

    def test_rejection_and_resubmission(self):
        participant = self._submitted("individual_resident")
        document = participant.document_ids[1]
        with self.assertRefused(UserError, "Say what is wrong"):
            self._as_officer(document)._reject("  ")
        action = self._as_officer(document).action_reject()
        wizard = (
            self._as_officer(self.env["referral.reason"])
            .with_context(**action["context"])
            .create({"reason": "The stamp is cut off"})
        )
        wizard.action_confirm()
        self.assertEqual(
            (document.state, document.reason), ("rejected", "The stamp is cut off")
        )
        self.assertEqual(participant.state, "submitted")
        self.assertFalse(participant.verification_deadline)
        self.assertEqual(
            self._mails(participant)[-1], "Referral program: document needed"
        )
        mail = self.env["mail.mail"].search([], order="id desc", limit=1)
        self.assertIn("The stamp is cut off", mail.body_html)
        with self.assertRefused(UserError, "Approve the documents"):
            self._as_officer(participant).action_activate()
        with self.assertRefused(ValidationError, "Still missing"):
            participant._submit()
        document._hand_in_files([("again.png", self._picture())])
        participant._submit()
        self.assertEqual((document.state, document.reason), ("submitted", False))
        self.assertTrue(participant.verification_deadline)
        self._approve_all(participant)
        self.assertEqual(participant.state, "active")

    def test_nobody_approves_what_they_have_not_opened(self):
        participant = self._submitted("individual_resident")
        waiting = participant.document_ids
        self._open(waiting[1:])
        for approve in (
            self._as_officer(participant).action_approve_documents,
            self._as_officer(waiting[0]).action_approve,
        ):
            with self.assertRefused(UserError, f"not opened {waiting[0].name} yet"):
                approve()
        self.assertEqual(set(waiting.mapped("state")), {"submitted"})
        # opened by somebody else, or what was there before, is not opened
        peer = self._user("peer", "referral_program.group_officer")
        waiting[0].with_user(peer)._log_reading("view")
        with self.assertRefused(UserError, "not opened"):
            self._as_officer(waiting[0]).action_approve()
        self._open(waiting[0])
        self._as_officer(waiting[0])._reject("Unreadable")
        with freeze_time("2030-01-01"):
            waiting[0]._hand_in_files([("b.png", self._picture())])
            participant._submit()
        with self.assertRefused(UserError, "not opened"):
            self._as_officer(participant).action_approve_documents()
        with freeze_time("2030-01-02"):
            self._open(waiting[0])
        self._as_officer(participant).action_approve_documents()
        self.assertEqual(participant.state, "active")

    def test_what_is_waited_for_is_counted(self):
        participant = self._submitted("individual_resident")
        self._open(participant.document_ids)
        self._as_officer(participant.document_ids[0])._reject("Unreadable")
        own = self._as_officer(participant)
        self.assertEqual((own.documents_to_verify, own.documents_awaited), (2, 1))
        own.document_ids[1:].action_approve()
        self.assertEqual((own.documents_to_verify, own.documents_awaited), (0, 1))
        with self.assertRefused(UserError, "Approve the documents"):
            own.action_activate()

    def test_where_the_country_decides_nobody_is_active_without(self):
        kind = self._type("individual_nonresident")
        self.assertTrue(kind.territory_restricted)
        partner = self._partner("Nowhere", country_id=False)
        draft = self._draft("individual_nonresident", partner)
        self._accept_all(draft)
        for refused in (draft._submit, self._as_officer(draft).action_activate):
            with self.assertRefused(ValidationError, "country of Nowhere is missing"):
                refused()
        self.assertEqual(draft.state, "draft")
        partner.country_id = self.env.ref("base.ru")
        draft._submit()
        self._as_officer(draft).action_activate()
        self.assertEqual(draft.state, "active")

    def test_further_documents_are_requested_one_by_one(self):
        participant = self._submitted("individual_nonresident")
        document = self._as_officer(self.env["referral.document"]).create(
            {"participant_id": participant.id, "name": "Driving licence"}
        )
        self.assertEqual(document.state, "requested")
        self.assertEqual(
            self._mails(participant)[-1], "Referral program: document needed"
        )
        self.assertFalse(participant.verification_deadline)
        document.sudo()._hand_in_files([("a.png", self._picture())])
        participant._submit()
        self._approve(document)
        self.assertEqual(participant.state, "active")
        # asked again later: payout waits for it, the participation does not
        later = self._as_officer(self.env["referral.document"]).create(
            {"participant_id": participant.id, "name": "Certificate"}
        )
        self.assertEqual(participant.state, "active")
        self.assertFalse(participant.payout_allowed)
        later.sudo()._hand_in_files([("a.png", self._picture())])
        participant._submit()
        self._approve(later)
        self.assertTrue(participant.payout_allowed)

    def test_documents_have_one_door_for_their_state(self):
        participant = self._submitted()
        document = participant.document_ids.filtered(lambda d: d.state == "submitted")
        for records in (document, self._as_officer(document), document.sudo()):
            with self.assertRefused(UserError, "cannot be edited"):
                records.write({"state": "approved"})
            with self.assertRefused(UserError, "until the document is uploaded"):
                records.write({"text": "other"})
        with self.assertRefused(UserError, "cannot become"):
            document._update_state("draft")
        with self.assertRefused(UserError, "before their retention period"):
            document.unlink()
        with self.assertRefused(UserError, "cannot be edited"):
            document.page_ids.write({"name": "other.pdf"})

    def test_officers_begin_with_drafts(self):
        vals = {
            "program_id": self.program.id,
            "partner_id": self._partner("Friend").id,
            "type_id": self._type("legal_entity_resident").id,
        }
        participants = self._as_officer(self.env["referral.participant"])
        with self.assertRefused(UserError, "Create a participant as a draft"):
            participants.create({**vals, "state": "active"})
        participant = participants.create(vals)
        with self.assertRefused(UserError, "Approve the documents"):
            participant.action_activate()
        with self.assertRefused(UserError, "Approve the documents"):
            participant.write({"state": "active"})
        with self.assertRefused(UserError, "are set by the program"):
            participant.write({"verified_on": "2026-01-01 00:00:00"})

    def test_an_alternative_handed_in_later_waits_for_review(self):
        participant = self._submitted()
        participant.action_approve_documents()
        self.assertEqual(participant.state, "active")
        other = participant.document_ids.filtered(lambda d: d.state != "approved")[:1]
        self.assertTrue(other.one_of)
        other._hand_in_files([("scan.png", self._picture())])
        participant._submit()
        self.assertEqual(other.state, "submitted")
        self.assertEqual(participant._open_documents(), other)

    # === States === #

    def test_the_rejected_submit_nothing(self):
        participant = self._submitted()
        participant._update_state("rejected", "Test")
        with self.assertRefused(UserError, "."):
            participant._submit()

    def test_suspend_resume_close_with_reasons(self):
        participant = self._submitted()
        self._approve_all(participant)
        for state, mail in (
            ("suspended", "Your participation is suspended"),
            ("active", "Your participation has been resumed"),
            ("closed", "Your participation has ended"),
        ):
            if state != "active":
                with self.assertRefused(UserError, "Give the reason"):
                    participant._update_state(state)
            self._as_officer(participant)._update_state(state, "A reason")
            self.assertEqual(self._mails(participant)[-1], mail)
        self.assertEqual(participant.state_reason, "A reason")

    def test_reasons_are_asked_for(self):
        participant = self._submitted()
        for action, state in (
            ("action_suspend", "suspended"),
            ("action_close", "closed"),
        ):
            context = getattr(self._as_officer(participant), action)()["context"]
            self.assertEqual(context["default_action"], state)
        wizard = (
            self.env["referral.reason"]
            .with_user(self.officer)
            .create(
                {
                    "action": "rejected",
                    "reason": "A forged stamp",
                    "participant_ids": [Command.set(participant.ids)],
                }
            )
        )
        wizard.action_confirm()
        self.assertEqual(participant.state, "rejected")

    # === The promised time === #

    def test_deadline_counts_working_days_after_the_day_of_submission(self):
        calendar = self.company.resource_calendar_id
        calendar.tz = "Europe/Moscow"
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": calendar.id,
                "company_id": self.company.id,
                "date_from": "2026-03-08 21:00:00",
                "date_to": "2026-03-09 20:59:59",
            }
        )
        end = max(calendar.attendance_ids.mapped("hour_to"))
        for submitted, due in (
            ("2026-03-02 09:00:00", "2026-03-04"),  # Monday: Wednesday
            ("2026-03-02 21:30:00", "2026-03-05"),  # in Moscow that is Tuesday
            ("2026-03-05 09:00:00", "2026-03-10"),  # Thursday, a free Monday
            ("2026-03-07 09:00:00", "2026-03-11"),  # Saturday
        ):
            with self.subTest(submitted=submitted):
                deadline = self._draft(partner=self._partner(submitted))._deadline(
                    datetime.fromisoformat(submitted)
                )
                local = datetime.fromisoformat(due).replace(hour=int(end) - 3)
                self.assertEqual(deadline, local)

    def test_late_ones_are_found(self):
        with freeze_time("2026-03-02 09:00:00"):
            participant = self._submitted()
            self.assertFalse(participant.is_late)
        activity = participant.activity_ids
        self.assertEqual(activity.user_id, self.officer)
        self.assertEqual(str(activity.date_deadline), "2026-03-04")
        with freeze_time("2026-03-05 09:00:00"):
            participant.invalidate_recordset(["is_late"])
            self.assertTrue(participant.is_late)
            late = self.env["referral.participant"].search([("is_late", "=", True)])
            self.assertIn(participant, late)
            on_time = self.env["referral.participant"].search([("is_late", "=", False)])
            self.assertNotIn(participant, on_time)
            self._approve_all(participant)
            self.assertFalse(participant.is_late)
        self.assertFalse(participant.activity_ids)

    # === Duplicates === #

    def test_duplicates_are_shown_to_the_officer(self):
        one = self._submitted("individual_tax_resident", self._partner("One"))
        two = self._submitted("individual_tax_resident", self._partner("Two"))
        self.assertEqual(one.duplicate_ids, two)
        self.assertEqual(one.duplicate_note, "document number")
        (one | two).partner_id.vat = "RU7707083893"
        one.invalidate_recordset()
        self.assertEqual(one.duplicate_note, "document number, tax id")
        for vats, note in (
            (("RU 7707 083893", "7707083893"), "document number, tax id"),
            (("RU0000000000", "0000000000"), "document number"),
            (("None", "none"), "document number"),
        ):
            one.partner_id.vat, two.partner_id.vat = vats
            one.invalidate_recordset()
            self.assertEqual(one.duplicate_note, note, vats)
        accountant = self._user("join_acc", "referral_program.group_accountant")
        with self.assertRaises(AccessError):
            one.with_user(accountant).duplicate_note  # noqa: B018

    def test_duplicates_are_of_the_same_program(self):
        partner = self._partner("Both", vat="RU7707083893")
        participant = self._draft(partner=partner)
        other = self._program(self.setup_other_company()["company"])
        self.env["referral.participant"]._draft(
            other, partner, self._type("legal_entity_resident")
        )
        participant.invalidate_recordset()
        self.assertFalse(participant.duplicate_ids)

    # === Mails === #

    def test_mails_are_in_the_language_of_those_who_get_them(self):
        self._russian()
        self.env["ir.module.module"]._load_module_terms(["referral_program"], ["ru_RU"])
        company = self._partner("Firm", lang="en_US", email="firm@example.com")
        contact = self.env["res.partner"].create(
            {
                "name": "Anna",
                "parent_id": company.id,
                "lang": "ru_RU",
                "email": "anna@example.com",
            }
        )
        with freeze_time("2026-11-12 09:00:00"):
            before = self._submitted(partner=company)
        self.assertIn("Nov 16, 2026, ", before._promise())
        self.assertEqual(self._mails(before), ["We received your documents"])
        before._name_owner(
            new_test_user(
                self.env, "mail_anna", "base.group_portal", partner_id=contact.id
            )
        )
        before._send("referral_program.mail_template_submitted")
        mail = self.env["mail.mail"].search(
            [("res_id", "=", before.id)], order="id desc", limit=1
        )
        self.assertEqual(mail.subject, "Мы получили ваши документы")
        self.assertEqual(mail.recipient_ids, contact)
        self.assertIn("16 нояб. 2026 г., ", mail.body_html)
        self.assertNotIn("Your", mail.body_html)
