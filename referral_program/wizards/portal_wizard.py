from odoo import models


class PortalWizardUser(models.TransientModel):
    _inherit = "portal.wizard.user"

    def action_grant_access(self):
        result = super().action_grant_access()
        self._name_first_owner()
        return result

    def action_revoke_access(self):
        self.env["referral.representative"]._check_contacts_stay(self.partner_id)
        return super().action_revoke_access()

    def _send_email(self):
        # the link in it is not for whoever edits contacts
        self.env["referral.representative"]._check_contacts_stay(self.partner_id)
        return super()._send_email()

    def _name_first_owner(self):
        """Let whom an officer invites own a membership that has nobody yet.

        Others may invite contacts too, which makes nobody act for a participant.
        """
        if not self.env.user.has_group("referral_program.group_officer"):
            return
        participants = self.env["referral.participant"].search(
            [("partner_id", "=", self.partner_id.commercial_partner_id.id)]
        )
        self.invalidate_recordset(["user_id"])  # there was none before
        participants._name_owner(self.user_id)
