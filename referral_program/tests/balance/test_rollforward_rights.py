"""Who sees a roll-forward, and of which companies."""

from contextlib import suppress

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from .test_rollforward import BOOK, RollforwardCase

MODULE = "referral_program"


@tagged("post_install", "-at_install")
class TestRollforwardRights(RollforwardCase, HttpCase):
    def _as(self, name, group):
        user = self._user(name, group)
        return user, self.env["referral.rollforward"].with_user(user)

    def test_every_role_sees_it_and_nobody_else(self):
        for role in ("auditor", "officer", "accountant", "administrator"):
            user, rollforwards = self._as(f"roll_{role}", f"{MODULE}.group_{role}")
            with self.on("2026-02-01"):
                rollforward = rollforwards.create({"period": "last_month"})
            rollforward.action_show()
            self.assertEqual(rollforward.total_ids.closing, 90_000, role)
            self.assertEqual(rollforward.line_ids.participant_id, self.participant)
            self.assertTrue(rollforward._read_file("xlsx"))
            movements = self.env["referral.liability.movement"].with_user(user)
            self.assertEqual(movements.search([]).mapped("amount"), [90_000], role)
        for group in (
            "base.group_user",
            "base.group_portal",
            "account.group_account_invoice",
        ):
            user, rollforwards = self._as(f"roll_{group}", group)
            for model in (
                "referral.liability.movement",
                "referral.rollforward",
                "referral.rollforward.line",
                "referral.rollforward.total",
            ):
                for call in (
                    lambda m: m.search([]),
                    lambda m: m.search_count([]),
                    lambda m: m.formatted_read_group([], aggregates=["__count"]),
                ):
                    with self.assertRaises(AccessError):
                        call(self.env[model].with_user(user))
            with self.assertRaises(AccessError):
                rollforwards.create({"period": "last_month"})

    def test_what_is_computed_is_not_edited(self):
        for role in ("auditor", "administrator"):
            _user, rollforwards = self._as(f"edit_{role}", f"{MODULE}.group_{role}")
            with self.on("2026-02-01"):
                rollforward = rollforwards.create({"period": "last_month"})
            rollforward.action_show()
            for row in (rollforward.line_ids, rollforward.total_ids):
                self.assertTrue(row)
                for change in (
                    lambda r: r.write({"closing": 1}),
                    lambda r: r.unlink(),
                    lambda r: r.create({"rollforward_id": r.rollforward_id.id}),
                ):
                    with self.assertRaises(AccessError):
                        change(row)
            movements = self.env["referral.liability.movement"].with_user(_user)
            for change in (
                lambda m: m.search([]).write({"amount": 1}),
                lambda m: m.search([]).unlink(),
                lambda m: m.create({"amount": 1}),
            ):
                with self.assertRaises(AccessError):
                    change(movements)

    def test_other_companies_are_out_of_sight(self):
        program = self._second_company()
        company = program.company_id
        movements = self.env["referral.liability.movement"]
        foreign = movements.search([("company_id", "=", company.id)])
        self.assertEqual(len(foreign), 2)
        user, rollforwards = self._as("roll_own", f"{MODULE}.group_auditor")
        own = movements.with_user(user)
        self.assertEqual(own.search([]).company_id, self.company)
        self.assertFalse(own.search([("id", "in", foreign.ids)]))
        with self.assertRaises(AccessError):
            own.browse(foreign.ids).read(["amount"])
        [[count]] = own._read_group([], [], ["__count"])
        self.assertEqual(count, 1)
        for values in (
            {"program_ids": [Command.set(program.ids)]},
            {"company_ids": [Command.set(company.ids)]},
            {"company_ids": [Command.set((company | self.company).ids)]},
        ):
            rollforward = rollforwards.create(
                {
                    "period": "custom",
                    "date_from": "2026-01-01",
                    "date_to": "2026-12-31",
                }
            )
            with self.assertRaises(AccessError):
                rollforward.write(values)
            # and if they got in all the same, nothing of them would come out
            rollforward.sudo().write(values)
            self.env.invalidate_all()
            with suppress(AccessError):
                rollforward.action_show()
            self.env.invalidate_all()
            shown = rollforward.sudo()
            self.assertNotIn(program, shown.line_ids.program_id)
            self.assertNotIn(program.currency_id, shown.total_ids.currency_id)

    def test_a_branch_that_is_not_ones_own(self):
        self._book()
        user, rollforwards = self._as("roll_parent", f"{MODULE}.group_auditor")
        own = self.env["referral.liability.movement"].with_user(user)
        self.assertEqual(own.search([]).company_id, self.company)
        rollforward = rollforwards.create(
            {"period": "custom", "date_from": "2026-04-01", "date_to": "2026-04-30"}
        )
        rollforward.action_show()
        [total] = rollforward.total_ids
        self.assertEqual(rollforward.company_ids, self.company)
        self.assertAlmostEqual(total.closing, BOOK["2026-04"][-1] + 3_000, 6)
        self.assertEqual(total.difference, 0)
        user.write(
            {
                "company_ids": [Command.set(self.branch.ids)],
                "company_id": self.branch.id,
            }
        )
        self.assertFalse(own.search([]))

    def test_anothers_rollforward_is_closed(self):
        first, rollforwards = self._as("roll_first", f"{MODULE}.group_auditor")
        second, _rollforwards = self._as("roll_second", f"{MODULE}.group_administrator")
        with self.on("2026-02-01"):
            rollforward = rollforwards.create({"period": "last_month"})
        rollforward.action_show()
        for records in (rollforward, rollforward.line_ids, rollforward.total_ids):
            self.assertTrue(records.with_user(first).read(["display_name"]))
            with self.assertRaises(AccessError):
                records.with_user(second).read(["display_name"])
            self.assertFalse(records.with_user(second).search([]))
        employee = self._user("roll_employee", "base.group_user")
        for user, status in ((first, 200), (second, 404), (employee, 404)):
            self.authenticate(user.login, user.login)
            for kind in ("pdf", "xlsx"):
                response = self.url_open(
                    f"/referral/rollforward/{rollforward.id}/{kind}"
                )
                self.assertEqual(response.status_code, status, (user.login, kind))
                if status == 200:
                    self.assertIn(
                        f"rollforward-2026-01-01-2026-01-31.{kind}",
                        response.headers["Content-Disposition"],
                    )
