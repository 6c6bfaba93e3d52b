"""The first steps: from an installed addon to the first month that is posted."""

import os
from unittest.mock import patch

from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ...models.program.referral_program_steps import (
    DECISIONS,
    FORMS,
    OPTIONAL,
)
from ...tools.secrets import VARIABLE
from ..common import ReferralCommon

TODAY = "2026-03-05"
#: What a new program of a company without anything has left to do.
ALL = {*DECISIONS, *OPTIONAL, "participant", "month"}


class StepsCase(ReferralCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.mail_server"].search([]).active = False
        cls._sign_up("b2b")
        cls.new_company = cls._create_company(name="New company")
        cls.new_company.country_id = False
        cls.new_company.partner_id.tz = False
        cls.env.user.tz = False
        programs = cls.env["referral.program"]
        cls.new = programs._get_or_create_for_company(cls.new_company)

    @classmethod
    def _sign_up(cls, scope):
        cls.env["ir.config_parameter"].set_param("auth_signup.invitation_scope", scope)
        if "website" in cls.env:
            cls.env["website"].search([]).auth_signup_uninvited = scope

    def _steps(self, program=None, user=None, day=TODAY):
        """Return the steps by name, as a user sees them."""
        program = (program or self.new).with_user(user or self.env.user)
        program.invalidate_recordset(["steps", "is_ready"])
        with self.on(day):
            return {step["name"]: step for step in program.steps["steps"]}

    def _open(self, program=None):
        """Return the names of the steps that are not done."""
        steps = self._steps(program)
        return {name for name, step in steps.items() if not step["done"]}

    def _decide(self):
        """Decide everything that is to be decided in the new company."""
        vera = self._user("steps_vera", "referral_program.group_officer")
        anna = self._user("steps_anna", "referral_program.group_accountant")
        (vera | anna).company_ids += self.new_company
        self.new.write(
            {
                "country_id": self.russia.id,
                "tz": "Europe/Moscow",
                "officer_id": vera.id,
                "responsible_id": anna.id,
            }
        )
        for key in DECISIONS:
            self.new.action_confirm_step(key)


@tagged("post_install", "-at_install")
class TestSteps(StepsCase):
    def test_starter_data_decide_nothing(self):
        self.assertTrue(self.new.terms_ids and self.new.journal_id)
        self.assertEqual(self._open(), ALL)
        self.assertFalse(self.new.is_ready)
        self.assertEqual(self.new.steps["count"], f"0 of {len(ALL)} done")

    def test_what_is_missing_cannot_be_confirmed(self):
        for key in ("place", "people"):
            with self.assertRefused(UserError, "Something is missing"):
                self.new.action_confirm_step(key)
        self.new.write({"tz": "Europe/Moscow", "officer_id": self.env.user.id})
        for key in ("place", "people"):
            with self.assertRefused(UserError, "Something is missing"):
                self.new.action_confirm_step(key)
        self.new.country_id = self.russia
        self.assertEqual(self.new_company.country_id, self.russia)
        self.new.action_confirm_step("place")
        self.assertEqual(self._open(), ALL - {"place"})

    def test_confirmed_ones_are_done_and_in_the_history(self):
        self.assertEqual(
            self.new.action_confirm_step("terms"),
            {"type": "ir.actions.act_window_close"},
        )
        self.assertTrue(self._steps()["terms"]["done"])
        [message] = self.new.message_ids.filtered(lambda m: "Confirmed" in m.body)
        self.assertIn("Rate, first day and minimum withdrawal", message.body)
        self.assertEqual(message.author_id, self.env.user.partner_id)
        self.new.action_confirm_step("terms")
        self.assertEqual(self.new.steps_confirmed, ["terms"])
        for key in ("unlink", "mail", "month", ""):
            with self.assertRefused(UserError, "no such step"):
                self.new.action_confirm_step(key)

    def test_the_first_month_with_money_is_the_last_step(self):
        self._decide()
        self.assertEqual(self._open(), {*OPTIONAL, "participant", "month"})
        self._participant("Draft", self.new, state="draft")
        self.assertIn("participant", self._open(), "a draft takes no part yet")
        self._participant("First", self.new)
        self.assertEqual(self._open(), {*OPTIONAL, "month"})
        self.assertFalse(self.new.is_ready)
        with self.on(TODAY):
            empty = self.new._accrue("2026-02-01")
        self.assertEqual(empty.state, "posted")
        self.assertIn("month", self._open(), "nobody was credited")

    def test_programs_that_credited_months_are_decided_about(self):
        participant = self._participant()
        client = self._partner("Client")
        self._referral(participant, client)
        self._paid("2026-01-10", 1000, client)
        with self.on(TODAY):
            self.program._accrue("2026-01-01")
        self.program.write(
            {
                "tz": "Europe/Moscow",
                "officer_id": self.env.user.id,
                "responsible_id": self.env.user.id,
            }
        )
        self.company.country_id = self.russia
        self.assertEqual(self._open(self.program), set(OPTIONAL))
        self.assertTrue(self.program.is_ready, "they are optional")
        self._sign_up("b2c")
        self.assertEqual(self._open(self.program), {"mail"})

    def test_what_is_taken_away_is_open_again(self):
        self._decide()
        self.new.tz = False
        self.assertIn("place", self._open())
        self.new.officer_id.active = False
        self.assertIn("people", self._open())
        self.assertNotIn("actions", self._steps(), "shown only while it is off")
        action = self.env.ref("referral_program.ir_cron_accrue")
        action.active = False
        self.assertIn("actions", self._open())
        action.active = True
        self.new_company.resource_calendar_id.attendance_ids.unlink()
        self.assertIn("calendar", self._open())
        # no text of the other company stands in for it
        texts = self.env["referral.agreement"].search([("kind", "=", "engagement")])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE referral_agreement SET company_id = %s WHERE id IN %s",
            [self._create_company(name="Elsewhere").id, texts._ids],
        )
        texts.invalidate_recordset()
        self.assertIn("agreements", self._open())
        self.new.terms_ids.copy({"is_draft": True})
        self.new.terms_ids.unlink()
        self.assertIn("terms", self._open(), "a draft holds never")

    def test_without_a_key_the_first_step_says_what_to_do(self):
        self.assertNotIn("key", self._steps())
        with patch.dict(os.environ, {VARIABLE: "no key at all"}):
            first = next(iter(self._steps().values()))
        self.assertEqual(first["name"], "key")
        self.assertFalse(first["done"] or first["open"])
        self.assertEqual(first["who"], "Whoever runs the server")
        for part in (VARIABLE, "python3 -c", "restart Odoo"):
            self.assertIn(part, first["text"])

    # === Who, and where === #

    def test_each_says_who_does_it(self):
        self._decide()
        who = {name: step["who"] for name, step in self._steps().items()}
        self.assertEqual(who["terms"], "Administrator")
        self.assertIn("Verification Officer: steps_vera", who["participant"])
        self.assertIn("Accountant: steps_anna", who["month"])

    def test_each_opens_its_place(self):
        models = {
            **dict.fromkeys(FORMS, "referral.program"),
            "agreements": "referral.agreement",
            "types": "referral.participant.type",
            "calendar": "resource.calendar",
            "mail": "ir.mail_server",
            "sign_up": "res.config.settings",
            "participant": "referral.participant",
            "month": "referral.accrual",
        }
        self.assertEqual(list(self._steps()), list(models))
        for name, model in {**models, "actions": "ir.cron"}.items():
            action = self.new.action_open_figure("step", name)
            self.assertEqual(action["res_model"], model)
            if name in FORMS:
                [(view, _kind)] = action["views"]
                arch = self.env["ir.ui.view"].browse(view).arch
                self.assertIn(f"args=\"['{name}']\"", arch)
        actions = self.new.action_open_figure("step", "actions")["domain"]
        found = self.env["ir.cron"].with_context(active_test=False).search(actions)
        self.assertIn(self.env.ref("referral_program.ir_cron_accrue"), found)

    def test_a_month_that_is_due_is_accrued_where_its_step_leads(self):
        self._referral(self._participant(), self._partner("Client"))
        with self.on(TODAY):
            due = self.program.action_open_figure("step", "month")
            self.assertEqual(
                (due["res_model"], due["res_id"]),
                ("referral.program", self.program.id),
            )
            while self.program.next_period_due:
                self.program._accrue(self.program.next_period)
                self.program.invalidate_recordset()
            over = self.program.action_open_figure("step", "month")
        self.assertEqual(over["res_model"], "referral.accrual")

    def test_whoever_enrolls_somebody_is_offered_to_invite_them(self):
        """Before the participant is saved: a button saves it."""
        arch = self.env["referral.participant"].get_view(view_type="form")["arch"]
        new = {"id": False, "state": "draft", "representative_ids": []}
        header = etree.fromstring(arch).find("header")
        offered = {
            name
            for name in ("action_invite", "action_submit")
            for button in header.findall(f"button[@name='{name}']")
            if not safe_eval(button.get("invisible"), new)
        }
        # to submit, somebody has to have accepted something
        self.assertEqual(offered, {"action_invite"})

    def test_buttons_are_for_those_who_may(self):
        officer = self._user("steps_officer", "referral_program.group_officer")
        steps = self._steps(self.program, officer)
        closed = {name for name, step in steps.items() if not step["open"]}
        self.assertEqual(closed, {*FORMS, *OPTIONAL})
        self.assertFalse(any(step["confirm"] for step in steps.values()))
        with self.assertRaises(AccessError):
            self.program.with_user(officer).action_confirm_step("types")
        confirm = {name for name, step in self._steps().items() if step["confirm"]}
        self.assertEqual(confirm, set(DECISIONS) - set(FORMS))

    # === What is asked for === #

    def test_the_country_is_filled_in_but_changed_only_by_who_may(self):
        admin = self._user("steps_admin", "referral_program.group_administrator")
        admin.company_ids += self.new_company
        new = self.new.with_user(admin).with_context(
            allowed_company_ids=self.new_company.ids
        )
        new.country_id = self.russia
        self.assertEqual(self.new_company.country_id, self.russia)
        with self.assertRaises(AccessError):
            new.country_id = self.env.ref("base.kz")

    def test_a_minimum_is_proposed_in_roubles_only(self):
        programs = self.env["referral.program"]
        for code, minimum in (("RUB", 10_000), ("EUR", 0), ("JPY", 0)):
            currency = self.env["res.currency"].with_context(active_test=False)
            currency = currency.search([("name", "=", code)])
            currency.active = True
            company = self._create_company(name=code, currency_id=currency.id)
            program = programs._get_or_create_for_company(company)
            self.assertEqual(
                (program.currency_id, program.min_withdrawal), (currency, minimum)
            )
            program.min_withdrawal = 500
            program.flush_recordset()
            program.invalidate_recordset()
            self.assertEqual(program.min_withdrawal, 500)

    def test_terms_are_put_in_place_of_the_starters(self):
        self.new.terms_ids = [
            Command.update(
                self.new.terms_ids.id, {"date_from": "2026-01-01", "rate": 5}
            )
        ]
        self.assertIn("terms", self._open(), "changed, not confirmed")
        self.new.action_confirm_step("terms")
        self.assertNotIn("terms", self._open())
