"""Drafts of terms: no accrual looks at them until they are put in force."""

from datetime import date

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import OneReferralCase


@tagged("post_install", "-at_install")
class TestTermsDrafts(OneReferralCase):
    def _draft(self, day="2026-01-01", **values):
        return self.env["referral.program.terms"].create(
            {
                "program_id": self.program.id,
                "date_from": day,
                "rate": 20,
                "is_draft": True,
                **values,
            }
        )

    def _marks(self):
        self.env["referral.mark"]._write_marks()
        return self.env["referral.mark"].search_count(
            [("program_id", "=", self.program.id), ("group_id", "=", False)]
        )

    def test_terms_are_in_force_at_once_by_default(self):
        before = self._marks()
        terms = self.env["referral.program.terms"].create(
            {"program_id": self.program.id, "date_from": "2026-01-01", "rate": 20}
        )
        self.assertFalse(terms.is_draft)
        self.assertGreater(self._marks(), before)
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.participant, 200)

    def test_a_draft_earns_nothing_and_marks_nothing(self):
        before = self._marks()
        draft = self._draft(tier_ids=[(0, 0, {"above": 10, "rate": 30})])
        draft.rate = 25
        draft.tier_ids.rate = 35
        draft.tier_ids.unlink()
        draft.excluded_category_ids = self._category("vps")
        self.assertEqual(self._marks(), before)
        self.assertEqual(self.program.terms_ids._in_force(date(2026, 6, 1)).rate, 9)
        self._paid("2026-01-10")
        self.assertEarned("2026-01", self.participant, 90)
        draft.unlink()
        self.assertEqual(self._marks(), 0)

    def test_a_draft_does_not_begin_the_program(self):
        self.program.terms_ids.unlink()
        self._draft()
        self.assertFalse(self.program._next_period())
        self.assertFalse(
            self.program._conditions(
                self.env["referral.accrual"].new(
                    {"program_id": self.program.id, "period_start": "2026-01-01"}
                )
            ).has_tiers
        )

    def test_a_program_tells_terms_from_drafts(self):
        terms = self.program.terms_ids
        draft = self._draft()
        self.assertEqual(self.program.terms_ids, terms)
        self.assertEqual(self.program.draft_terms_ids, draft)
        self.program.invalidate_recordset()
        self.assertEqual(self.program.terms_ids, terms)
        self.assertEqual(self.program.draft_terms_ids, draft)
        self.program.draft_terms_ids = [Command.create({"date_from": "2026-03-01"})]
        self.assertEqual(self.program.draft_terms_ids.mapped("is_draft"), [True] * 2)
        self.assertEqual(self.program.terms_ids, terms)
        draft.action_put_in_force()
        self.assertEqual(self.program.terms_ids, terms | draft)
        self.assertNotIn(draft, self.program.draft_terms_ids)

    def test_put_in_force(self):
        draft = self._draft()
        self._paid("2026-01-10")
        self._accrue("2026-01")
        draft.date_from = "2026-02-01"
        self.assertEqual(self._marks(), 0)
        self.assertEqual(draft.action_ask_to_put_in_force()["res_id"], draft.id)
        draft = draft.with_context(tracking_disable=False, mail_notrack=False)
        self.env.cr.precommit.run()  # what is made in a transaction has no history
        draft.action_put_in_force()
        self.assertEqual(self._marks(), 1)
        self.env.cr.precommit.run()  # the history is written at the end
        draft.invalidate_recordset()
        changes = self.env["mail.tracking.value"].search(
            [("mail_message_id", "in", draft.message_ids.ids)]
        )
        self.assertIn("is_draft", changes.field_id.mapped("name"))
        self.assertIn("put in force: 20", self.program.message_ids[0].body)
        with self.assertRefused(UserError, "in force already"):
            draft.action_put_in_force()
        self._paid("2026-02-10")
        self.assertEarned("2026-02", self.participant, 200)

    def test_the_state_has_one_door(self):
        draft = self._draft()
        with self.assertRefused(UserError, "button Put in Force"):
            draft.is_draft = False
        with self.assertRefused(UserError, "cannot become drafts"):
            self.program.terms_ids.is_draft = True

    def test_days_are_unique_in_force_only(self):
        self._draft()
        draft = self._draft()
        self._draft(is_draft=False)
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            draft.action_put_in_force()
            self.env.flush_all()

    def test_copies_are_drafts(self):
        copy = self.program.terms_ids.copy()
        self.assertTrue(copy.is_draft)
        self.assertIn("(draft)", copy.display_name)

    def test_only_administrators_put_in_force(self):
        draft = self._draft()
        for group in ("accountant", "auditor", "officer", "reader"):
            user = self._user(f"drafts_{group}", f"referral_program.group_{group}")
            with self.assertRaises(AccessError):
                draft.with_user(user).action_put_in_force()
        self.assertTrue(draft.is_draft)

    def test_an_accrual_waiting_for_review_is_outdated(self):
        self.program.posting_policy = "review"
        draft = self._draft()
        self._paid("2026-01-10")
        accrual = self._accrue("2026-01")
        self.assertFalse(accrual._is_outdated())
        draft.action_put_in_force()
        self.assertTrue(accrual._is_outdated())
