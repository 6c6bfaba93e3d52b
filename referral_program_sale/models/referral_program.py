from odoo import fields, models


class ReferralProgram(models.Model):
    _inherit = "referral.program"

    bind_by_order = fields.Boolean(
        "Orders Bind Guests",
        default=True,
        help="A visitor who came by a participant's link and orders without signing up "
        "counts as that participant's client from the order on.",
    )
