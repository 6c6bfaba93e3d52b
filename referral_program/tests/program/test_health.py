"""A monitor is told what is wrong, in numbers; strangers that there is no such page."""

import os
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import HttpCase, tagged

from ...models.program.referral_program_health import PARAMETER
from ...tools import secrets
from ..common import OneReferralCase

WORD = "a-long-word-of-the-monitor"


@tagged("post_install", "-at_install")
class TestHealth(OneReferralCase, HttpCase):
    def setUp(self):
        super().setUp()
        self._say(WORD)
        names = self.env["ir.model.data"].search(
            [("module", "=", "referral_program"), ("model", "=", "ir.cron")]
        )
        self.actions = self.env["ir.cron"].browse(names.mapped("res_id"))
        soon = fields.Datetime.now() + timedelta(hours=1)
        self.actions.write({"active": True, "nextcall": soon, "failure_count": 0})
        others = self.env["referral.program"].search([("id", "!=", self.program.id)])
        others.active = False
        self.program.terms_ids.date_from = self.program._today().replace(day=1)
        self.participant.referral_ids.date_start = self.program._today()

    def _say(self, word):
        self.env["ir.config_parameter"].sudo().set_param(PARAMETER, word)

    def _ask(self, word=WORD, kind="Bearer"):
        headers = {"Authorization": f"{kind} {word}"} if word is not None else {}
        return self.url_open("/referral/health", headers=headers)

    def assertProblems(self, **problems):
        response = self._ask()
        answer = response.json()
        found = {name: count for name, count in answer["problems"].items() if count}
        self.assertEqual(found, problems)
        self.assertEqual(response.status_code, 503 if problems else 200)
        self.assertEqual(answer["status"], "alert" if problems else "ok")

    def test_strangers(self):
        nowhere = self.url_open("/referral/health/that/is/not/there")
        self.assertEqual(nowhere.status_code, 404)
        for word in (None, "", "wrong", WORD[:-1], WORD + "x", "é"):
            with self.subTest(word=word):
                word = word if word is None else word.encode().decode("latin-1")
                response = self._ask(word)
                self.assertEqual(response.status_code, 404)
                self.assertNotIn("problems", response.text)
        self.assertEqual(self._ask(kind="Basic").status_code, 404)
        # a word that could be guessed is none, nor is none at all
        for short in ("", "short"):
            self._say(short)
            self.assertEqual(self._ask(short).status_code, 404)
        # nor does a staff member's session open it
        self.authenticate("admin", "admin")
        self.assertEqual(self._ask(None).status_code, 404)

    def test_no_link_is_there(self):
        with self.assertRefused(ValidationError, "another alias"):
            self.participant.alias = "health"

    def test_all_is_well(self):
        self.assertProblems()

    def test_scheduled_actions(self):
        off, late, failing = self.actions[:3]
        off.active = False
        late.nextcall = fields.Datetime.now() - timedelta(hours=4)
        failing.failure_count = 2
        self.assertProblems(scheduled_actions=3)

    def test_a_month_that_should_have_been_credited(self):
        self.program.terms_ids.date_from = "2026-01-01"
        self.participant.referral_ids.date_start = "2026-01-01"
        with self.on("2026-02-15"):
            self.assertFalse(self.program._is_credit_late())
        with self.on("2026-02-16"):
            self.assertTrue(self.program._is_credit_late())
        self.assertProblems(months_late=1)

    def test_the_nightly_check(self):
        self.program.action_check_integrity()
        self.assertProblems()
        run = self.program.integrity_run_id
        self.env.flush_all()
        before = run.started_on - timedelta(hours=37)
        self.env.cr.execute(
            "UPDATE referral_integrity_run SET started_on = %s WHERE id = %s",
            [before, run.id],
        )
        self.env.invalidate_all()
        self.assertProblems(integrity_failed=1)

    def test_events(self):
        self.program.action_new_event_secret()
        self.program.event_url = "https://panel.example.com/events"
        events = self.env["referral.event"]
        for _number in range(3):
            events._record("participant.joined", self.participant)
        self.assertProblems()
        first, second, _third = events.sudo().search([("kind", "!=", False)])
        first.state = "failed"
        second.occurred_on = fields.Datetime.now() - timedelta(hours=2)
        self.assertProblems(events_given_up=1, events_waiting=1)

    def test_the_key_of_documents(self):
        with patch.dict(os.environ, {secrets.VARIABLE: "no key"}):
            self.assertProblems(document_key=1)
