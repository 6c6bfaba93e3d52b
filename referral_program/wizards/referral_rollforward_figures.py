from odoo import fields, models

from ..tools.actions import window


class ReferralRollforwardFigures(models.AbstractModel):
    """The figures of a roll-forward's row, each of which opens what it consists of."""

    _name = "referral.rollforward.figures"
    _description = "Figures of a Referral Roll-Forward"

    rollforward_id = fields.Many2one(
        "referral.rollforward", "Roll-Forward", required=True, ondelete="cascade"
    )
    currency_id = fields.Many2one("res.currency", required=True, ondelete="cascade")
    opening = fields.Monetary("Opening Balance")
    accrued = fields.Monetary()
    reversed = fields.Monetary()
    withdrawn = fields.Monetary()
    used_for_invoices = fields.Monetary("Used for invoices")
    adjusted = fields.Monetary()
    closing = fields.Monetary("Closing Balance")

    def _movement_domain(self):
        """Return the domain of the row's movements, of all days."""
        self.ensure_one()
        return [
            *self.rollforward_id._movement_domain(),
            ("currency_id", "=", self.currency_id.id),
        ]

    def action_view_movements(self):
        """Open the journal items that a figure consists of.

        The context's ``referral_figure`` is the figure's name; without it all of the
        period's items are shown.
        """
        figure = self.env.context.get("referral_figure", "period")
        rollforward = self.rollforward_id
        domain = [*self._movement_domain(), *rollforward._figure_domain(figure)]
        return window(self.env, "referral_liability_movement_action", domain)
