from odoo import fields, models


class ReferralProgram(models.Model):
    _inherit = "referral.program"

    bind_by_order = fields.Boolean(
        "Orders Bind Guests",
        default=True,
        tracking=True,
        help="A visitor who came by a participant's link and orders without signing up "
        "counts as that participant's client from the order on.",
    )
    vouchers_are_money = fields.Boolean(
        "Gift Cards and eWallets Are Money",
        tracking=True,
        help="What clients pay with a gift card or an eWallet earns like money, "
        "because they bought it: whether they paid for it is not looked at, so let "
        "nobody use what is not paid. By default it is bonus money, which earns "
        "nothing. Buying a gift card or a top-up never earns anything.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "vouchers_are_money" in vals:
            self._mark_everything()
        return result
