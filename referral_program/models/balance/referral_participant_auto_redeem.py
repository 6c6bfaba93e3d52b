from odoo import fields, models
from odoo.exceptions import UserError

#: Set in the portal only.
AUTO = frozenset({"auto_redeem", "auto_redeem_user_id"})


class ReferralParticipant(models.Model):
    """The participant's wish to have own invoices paid from the balance."""

    _inherit = "referral.participant"

    auto_redeem = fields.Boolean(
        "Pay Invoices Automatically",
        readonly=True,
        copy=False,
        tracking=True,
        help="The participant's own invoices are paid from the balance when they are "
        "posted, as far as it reaches.",
    )
    auto_redeem_user_id = fields.Many2one(
        "res.users",
        "Automatic Payment Switched On By",
        readonly=True,
        copy=False,
        ondelete="set null",
        tracking=True,
    )

    def _start_auto_redeem(self):
        """Have own invoices paid from the balance when they are posted.

        :raise UserError: if the balance pays no invoices, or not theirs
        """
        self.ensure_one()
        if not self.program_id.redemption_allowed:
            raise UserError(
                self.env._("Invoices cannot be paid from the referral balance.")
            )
        if self.state != "active":
            raise UserError(
                self.env._(
                    "Only active participants can pay from the referral balance."
                )
            )
        # sudo: participants write nothing; this is their own
        participant = self.sudo()
        if participant.auto_redeem:
            return
        participant._check_changes_today()
        participant.write({"auto_redeem": True, "auto_redeem_user_id": self.env.uid})
        participant._notify_owners(
            lambda env: env._(
                "%(user)s switched on that your invoices are paid from the referral "
                "balance when they are issued.",
                user=self.env.user.name,
            )
        )

    def _stop_auto_redeem(self):
        """Pay no invoices but those that somebody chooses."""
        # sudo: as above
        for participant in self.sudo().filtered("auto_redeem"):
            participant.write({"auto_redeem": False, "auto_redeem_user_id": False})
            participant._notify_owners(
                lambda env: env._(
                    "Your invoices are not paid from the referral balance by "
                    "themselves any more."
                )
            )
