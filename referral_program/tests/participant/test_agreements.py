"""Agreements: what is accepted, versions and their grace period, what never changes."""

import hashlib

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..clock import freeze_time
from .reviewed import ReviewCase


@tagged("post_install", "-at_install")
class TestAgreements(ReviewCase):
    def _publish(self, day, kind="participation"):
        agreement = self.env["referral.agreement"].create(
            {"kind": kind, "name": "New", "body": "<p>New text</p>", "date_from": day}
        )
        agreement.action_publish()
        return agreement

    def test_acceptance_keeps_who_when_and_what(self):
        participant = self._draft()
        agreement = participant._agreements_to_accept()[0]
        with freeze_time("2026-03-02 09:00:00"):
            participant._accept(agreement, ip_address="192.0.2.1", user_agent="Browser")
        acceptance = participant.acceptance_ids
        self.assertEqual(acceptance.user_id, self.env.user)
        self.assertEqual(str(acceptance.accepted_on), "2026-03-02 09:00:00")
        self.assertEqual(acceptance.ip_address, "192.0.2.1")
        self.assertEqual(
            acceptance.text_hash,
            hashlib.sha256(f"{agreement.name}\n{agreement.body}".encode()).hexdigest(),
        )
        participant._accept(agreement)
        self.assertEqual(len(participant.acceptance_ids), 1)
        for records in (acceptance, acceptance.sudo()):
            with self.assertRefused(UserError, "cannot be edited or deleted"):
                records.write({"version": 2})
            with self.assertRefused(UserError, "cannot be edited or deleted"):
                records.unlink()

    def test_both_agreements_are_needed(self):
        participant = self._draft()
        self._fill(participant)
        participant._accept(participant._agreements_to_accept()[0])
        with self.assertRefused(ValidationError, "accept both"):
            participant._submit()

    def test_new_version_asks_again_and_blocks_after_the_grace_period(self):
        participant = self._submitted()
        self._approve_all(participant)
        with freeze_time("2026-03-01 09:00:00"):
            agreement = self._publish("2026-03-01")
        self.assertEqual(agreement.version, 2)
        self.assertEqual(
            self._mails(participant)[-1], "Please accept the new agreement"
        )
        for day, allowed in (("2026-03-30", True), ("2026-03-31", False)):
            with freeze_time(f"{day} 09:00:00"):
                participant.invalidate_recordset()
                self.assertEqual(participant.payout_allowed, allowed, day)
                self.assertEqual(participant._agreements_to_accept(), agreement)
        participant._accept(agreement)
        participant.invalidate_recordset()
        self.assertTrue(participant.payout_allowed)

    def test_published_text_never_changes(self):
        agreement = self._publish("2026-03-01")
        for vals in (
            {"body": "<p>x</p>"},
            {"date_from": "2026-01-01"},
            {"state": "draft"},
        ):
            with self.assertRefused(UserError, "cannot be changed"):
                agreement.write(vals)
        with self.assertRefused(UserError, "cannot be changed"):
            agreement.update_field_translations("body", {"en_US": {"New text": "x"}})
        with self.assertRefused(UserError, "cannot be changed"):
            agreement.unlink()

    def test_a_companys_own_text_comes_before_the_common_one(self):
        own = self.env["referral.agreement"].create(
            {
                "kind": "participation",
                "name": "Own",
                "body": "<p>Own</p>",
                "company_id": self.company.id,
                "date_from": "2026-01-01",
            }
        )
        own.action_publish()
        current = own._current(self.company, own.date_from)
        self.assertIn(own, current)
        self.assertEqual(len(current), 2)
        other = self.env["res.company"].create({"name": "Other"})
        self.assertNotIn(own, own._current(other, own.date_from))

    def test_agreements_are_published_by_their_button(self):
        agreements = self.env["referral.agreement"]
        vals = {"kind": "engagement", "name": "Rules", "body": "<p>x</p>"}
        for further in ({"state": "published"}, {"version": 9}):
            with self.assertRefused(UserError, "publish it afterwards"):
                agreements.create({**vals, **further})
        two = agreements.create([vals, vals])
        self.assertEqual(two.mapped("version"), [2, 3])
        with self.assertRefused(UserError, "publish it afterwards"):
            two.write({"state": "published"})
        two[0].date_from = "2020-01-01"
        with freeze_time("2026-03-01 09:00:00"):
            two[0].action_publish()
        self.assertEqual(str(two[0].date_from), "2026-03-01")

    def test_a_text_that_is_not_in_force_is_not_accepted(self):
        participant = self._submitted()
        text = self.env["referral.agreement"].create(
            {"kind": "engagement", "name": "Draft", "body": "<p>Draft</p>"}
        )
        participant._accept(text)
        self.assertNotIn(text, participant.acceptance_ids.agreement_id)
