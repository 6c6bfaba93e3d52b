"""What one test looked up is there for the next, and what it changed is not."""

from odoo.tests import tagged

from .. import kept, remembering
from ..common import ReferralCommon

NAME = "referral_program.tried_out"


@tagged("post_install", "-at_install")
class TestRemembering(ReferralCommon):
    def _try_out(self):
        """Change what is cached, and look it up before and after."""
        parameters = self.env["ir.config_parameter"].sudo()
        self.assertFalse(parameters.get_param(NAME))
        parameters.set_param(NAME, "changed")
        self.assertEqual(parameters.get_param(NAME), "changed")

    # whichever of them is the second one would see what the first one changed

    def test_a_change_is_forgotten(self):
        self._try_out()

    def test_a_change_is_forgotten_in_any_order(self):
        self._try_out()

    def test_what_was_looked_up_is_remembered_unless_code_was_patched(self):
        if not kept.is_for(type(self), ReferralCommon):
            return  # in a database that is not the tests' own, nothing is
        parameters = self.env["ir.config_parameter"].sudo()
        for is_remembered in (False, True):
            self.is_remembered = is_remembered
            parameters.get_param(f"{NAME} {is_remembered}")
            remembering._end_test(self)
            found = {part for key in self.remembered["stable"] for part in key}
            with self.subTest(is_remembered=is_remembered):
                self.assertEqual(f"{NAME} {is_remembered}" in found, is_remembered)
            remembering._fill(self.registry, {}, remembering.OF_TEST)
