from odoo import models

from ...tools.roles import check_role


class ReferralProgram(models.Model):
    """Who may accrue months on paper: forecasts and simulations."""

    _inherit = "referral.program"

    def _check_may_dry_run(self):
        """Refuse callers who have no business with what participants will get.

        :raise AccessError: if the user is neither accountant nor auditor of the
            programs
        """
        self.check_access("read")
        check_role(
            self.env,
            self.env._(
                "Only accountants and auditors of the program may use forecasts and "
                "simulations."
            ),
            "referral_program.group_accountant",
            "referral_program.group_auditor",
        )

    def action_forecast(self):
        """Forecast what will be due to the participants, and open it.

        :raise AccessError: if the user is neither accountant nor auditor
        """
        return self.env["referral.forecast"]._open(self)
