from odoo import fields, models


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
