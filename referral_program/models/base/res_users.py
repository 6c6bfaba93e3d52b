import logging

from odoo import api, models
from odoo.http import request

from ...tools.visit_cookie import read_visit

_logger = logging.getLogger(__name__)


class ResUsers(models.Model):
    _inherit = "res.users"

    def action_archive(self):
        # Odoo deletes the activities of who is archived
        self.env["referral.program"]._hand_over_from(self)
        return super().action_archive()

    @api.ondelete(at_uninstall=False)
    def _unlink_hand_over(self):
        self.env["referral.program"]._hand_over_from(self)

    def signup(self, values, token=None):
        """Keep the code that was typed in until there is somebody to bind.

        :param dict values: may have ``referral_code`` besides what Odoo knows
        """
        values = dict(values)
        code = values.pop("referral_code", False)
        if code:
            self = self.with_context(referral_code=code)  # noqa: PLW0642
        return super().signup(values, token)

    def _signup_create_user(self, values):
        user = super()._signup_create_user(values)
        self._bind_new_client(user)
        return user

    def _bind_new_client(self, user):
        """Bind who signed up to the participant whose code or link they used.

        Signing up never fails for it: what speaks against the referral is recorded.
        """
        participants = self.env["referral.participant"].sudo()
        code, source = self.env.context.get("referral_code"), "code"
        participant = participants._find_by_code(code)
        if code and not participant:
            _logger.info("Somebody signed up with an unknown referral code")
        link = self.env["referral.link"]
        if not participant and request:
            participant, link = read_visit(participants, request)
            source = "link"
        if participant:
            self.env["referral.referral"].sudo()._bind(
                participant, user.partner_id, source, link_id=link.id
            )

    def _deactivate_portal_user(self, **post):
        # sudo: they read no participants; these are those that they act for
        people = self.env["referral.representative"].sudo()
        rows = people.search([("user_id", "in", self.ids)]).filtered("acting")
        result = super()._deactivate_portal_user(**post)
        for row in rows:
            row.participant_id._on_account_closed(row.user_id)
        return result
