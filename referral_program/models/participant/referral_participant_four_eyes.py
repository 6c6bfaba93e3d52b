from odoo import models


class ReferralParticipant(models.Model):
    """Staff decide nothing about a participation of their own."""

    _inherit = "referral.participant"

    def _is_ones_own(self, user):
        """Tell whether a user is of the client who takes part."""
        self.ensure_one()
        # sudo: whoever asks need not read contacts
        return self.sudo().partner_id == user.sudo().partner_id.commercial_partner_id

    def _check_not_ones_own(self):
        """Refuse officers who decide about their own participation.

        The program itself may: clients are bound and files handed in by anybody.

        :raise UserError: saying who else can
        """
        if self.env.su:
            return
        for participant in self:
            if participant._is_ones_own(self.env.user):
                participant.program_id._refuse_alone(
                    "group_officer",
                    self.env.user,
                    self.env._(
                        "%(participant)s is your own participation.",
                        participant=participant.display_name,
                    ),
                )
