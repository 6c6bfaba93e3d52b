"""What logs tell of people: how long it is kept, and that erasing erases it."""

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..clock import freeze_time
from .reviewed import ReviewCase


@tagged("post_install", "-at_install")
class TestTraces(ReviewCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.write({"trace_days": 10, "retention_days": 30, "active": True})

    def _vacuum(self, moment):
        with freeze_time(moment):
            for model in ("document.reading", "acceptance", "refusal"):
                self.env[f"referral.{model}"]._gc_personal()

    def _joined(self, name="Joiner"):
        """Return a participant with a reading and a claim, of January 1, 9:00."""
        with freeze_time("2026-01-01 09:00:00"):
            participant = self._draft(partner=self._partner(name))
            self._fill(participant)
            participant._accept(
                participant._agreements_to_accept(),
                ip_address="192.0.2.1",
                user_agent="Browser",
            )
            participant._submit()
            participant.document_ids.page_ids[0]._read_content("view")
            self.env["referral.referral"]._claim(
                participant, "nobody@example.com", fields.Datetime.now()
            )
        return participant

    def _claims(self, participant):
        return self.env["referral.refusal"].search(
            [("participant_id", "=", participant.id)]
        )

    def test_readings_and_claims_forget_after_the_programs_days(self):
        participant = self._joined()
        reading, claim = participant.reading_ids, self._claims(participant)
        self._vacuum("2026-01-11 09:00:00")
        self.assertEqual(reading.page_name, "scan.png")
        self.assertEqual(claim.typed, "nobody@example.com")
        self._vacuum("2026-01-11 09:00:01")
        self.assertFalse(reading.page_name or reading.ip_address)
        self.assertTrue(reading.document_name and reading.user_id)
        self.assertFalse(claim.typed)
        self.assertEqual(claim.reason, "unknown_client")
        self.assertEqual(
            set(participant.acceptance_ids.mapped("user_agent")), {"Browser"}
        )

    def test_archived_programs_forget_too(self):
        participant = self._joined()
        self.program.active = False
        self._vacuum("2026-02-01 09:00:00")
        self.assertFalse(participant.reading_ids.page_name)
        self.assertFalse(self._claims(participant).typed)

    def test_acceptances_forget_after_the_end(self):
        participant = self._joined()
        with freeze_time("2026-02-01 09:00:00"):
            participant._update_state("rejected", "On their own wish")
        acceptances = participant.acceptance_ids
        self._vacuum("2026-03-03 09:00:00")
        self.assertEqual(set(acceptances.mapped("ip_address")), {"192.0.2.1"})
        self._vacuum("2026-03-03 09:00:01")
        self.assertEqual(acceptances.mapped("ip_address"), [False, False])
        self.assertEqual(acceptances.mapped("user_agent"), [False, False])
        # what proves the agreement stays
        self.assertTrue(all(acceptances.mapped("text_hash")))
        self.assertTrue(all(acceptances.mapped("user_name")))

    def test_erasing_erases_it_at_once_and_nobody_elses(self):
        participant, other = self._joined(), self._joined("Other")
        participant._update_state("rejected", "On their own wish")
        waiting = (
            self.env["referral.claim"]
            .sudo()
            .create({"participant_id": participant.id, "typed": "later@example.com"})
        )
        self._as_officer(participant).action_destroy_documents()
        self.assertFalse(waiting.exists())
        self.assertFalse(participant.reading_ids.page_name)
        self.assertFalse(self._claims(participant).typed)
        self.assertEqual(
            participant.acceptance_ids.mapped("ip_address"), [False, False]
        )
        self.assertEqual(other.reading_ids.page_name, "scan.png")
        self.assertEqual(self._claims(other).typed, "nobody@example.com")
        self.assertEqual(set(other.acceptance_ids.mapped("user_agent")), {"Browser"})

    def test_logs_are_edited_in_no_other_way(self):
        participant = self._joined()
        for rows in (
            participant.reading_ids,
            participant.acceptance_ids,
            self._claims(participant),
        ):
            for name in rows._personal_fields:
                with self.assertRefused(UserError, "cannot be edited or deleted"):
                    rows.sudo().write({name: False})
