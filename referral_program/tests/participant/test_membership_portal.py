"""A membership in the portal, when somebody tries to move its contact."""

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from ..common import ReferralCommon


@tagged("post_install", "-at_install")
class TestMembershipPortal(ReferralCommon, HttpCase):
    def test_the_membership_stays_in_the_portal(self):
        user = self._user("person", "base.group_portal")
        user.partner_id.write({"email": "person@example.com", "is_company": False})
        self._participant(
            partner_id=user.partner_id.id,
            type_id=self.env.ref(
                "referral_program.participant_type_individual_resident"
            ).id,
        )
        company = self._partner("Company of Person")
        with self.assertRefused(UserError, "takes part"):
            user.partner_id.parent_id = company
        self.authenticate("person", "person")
        self.assertIn("o_referral_balance", self.url_open("/my/referral").text)
