from odoo import api, fields, models

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


class ReferralRollforwardTotal(models.TransientModel):
    """A currency's sums, beside what the general ledger says."""

    _name = "referral.rollforward.total"
    _description = "Total of a Referral Roll-Forward"
    _inherit = ["referral.rollforward.figures"]
    _order = "currency_id"

    ledger = fields.Monetary(
        "General Ledger",
        help="The balance of the liability accounts on the last day, summed from the "
        "journal items regardless of their kind.",
    )
    difference = fields.Monetary(
        help="The closing balance less the general ledger's; must be zero."
    )
    open_items = fields.Monetary(
        help="The amount still open on the last day, of the items on the liability "
        "accounts. It differs from the balance if items of these companies are "
        "reconciled with items of companies that are not in the roll-forward."
    )


class ReferralRollforwardLine(models.TransientModel):
    """What was owed to one partner, what moved it, and what is owed after that."""

    _name = "referral.rollforward.line"
    _description = "Participant in a Referral Roll-Forward"
    _inherit = ["referral.rollforward.figures"]
    _order = "currency_id, program_id, name, id"

    program_id = fields.Many2one("referral.program", required=True)
    participant_id = fields.Many2one(
        "referral.participant",
        ondelete="cascade",
        help="Empty if the items' partner does not take part in the program.",
    )
    partner_id = fields.Many2one("res.partner", "Client", ondelete="cascade")
    name = fields.Char()

    @api.depends("name", "participant_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for line in self:
            line.display_name = line._label()
            if not line.participant_id:
                line.display_name = self.env._(
                    "%(partner)s (not a participant)", partner=line._label()
                )

    def _label(self):
        """Return whose row it is, as people read it."""
        self.ensure_one()
        return self.name or self.env._("Without a partner")

    def _movement_domain(self):
        return [
            *super()._movement_domain(),
            ("program_id", "=", self.program_id.id),
            ("partner_id", "=", self.partner_id.id),
        ]
