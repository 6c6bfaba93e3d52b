"""What others put on the screens of the program's staff: nothing."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_odoos_doors import DoorsCase


@tagged("post_install", "-at_install")
class TestScreens(DoorsCase):
    """Odoo lets everybody, clients too, put things on others' screens."""

    def _filter_for(self, user, model, others):
        vals = {
            "name": "Mine",
            "model_id": model,
            "is_default": True,
            "domain": "[('nothing', '=', 1)]",
            "context": "{'default_state': 'active'}",
            "user_ids": [Command.set([*user.ids, *others.ids])],
        }
        return self._call(user, "ir.filters", "create", [vals])

    def test_no_client_chooses_what_staff_see(self):
        lists = [name for name in self.registry if name.startswith("referral.")]
        self.assertGreater(len(lists), 30)
        for user in self._everybody():
            for model in lists:
                with (
                    self.subTest(user=user.login, model=model),
                    self.assertRaises(AccessError),
                ):
                    self._filter_for(user, model, self.accountant)
            # nor by a filter of another list
            [other] = self._filter_for(user, "res.partner", user.browse())
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                change = {"model_id": "referral.referral"}
                self._call(user, "ir.filters", "write", [other], change)
        for model in lists:
            found = self._call(self.accountant, "ir.filters", "get_filters", model)
            self.assertFalse(found, model)

    def test_staff_keep_filters(self):
        self._filter_for(self.officer, "referral.withdrawal", self.accountant)
        found = self._call(
            self.accountant, "ir.filters", "get_filters", "referral.withdrawal"
        )
        self.assertEqual(len(found), 1)

    def test_no_employee_adds_a_button_that_staff_press(self):
        action = self.env["ir.actions.act_window"].search(
            [("res_model", "=", "referral.withdrawal")], limit=1
        )
        vals = {
            "name": "Help",
            "parent_action_id": action.id,
            "parent_res_model": "referral.withdrawal",
            "python_method": "action_approve",
        }
        with self.assertRaises(AccessError):
            self._call(self.employee, "ir.embedded.actions", "create", [vals])
        [own] = self._call(
            self.employee,
            "ir.embedded.actions",
            "create",
            [{**vals, "parent_res_model": "res.partner"}],
        )
        with self.assertRaises(AccessError):
            self._call(
                self.employee,
                "ir.embedded.actions",
                "write",
                [own],
                {"parent_res_model": "referral.withdrawal"},
            )
