from odoo import api, fields, models


class ReferralProgramTier(models.Model):
    _name = "referral.program.tier"
    _description = "Referral Program Tier"
    _order = "above, id"

    terms_id = fields.Many2one(
        "referral.program.terms", required=True, ondelete="cascade", index=True
    )
    currency_id = fields.Many2one(related="terms_id.currency_id")
    above = fields.Monetary(
        required=True,
        help="The tier is reached when a client's new base of the month is above "
        "this amount; exactly at it, the tier below still holds.",
    )
    rate = fields.Float(
        "Rate (%)",
        required=True,
        digits="Referral Rate",
        help="Percent of the base, for all of that client's month.",
    )

    _above_unique = models.UniqueIndex(
        "(terms_id, above)", "There is a tier with this threshold already."
    )
    _above_not_negative = models.Constraint(
        "CHECK (above >= 0)", "A tier's threshold cannot be negative."
    )
    _rate_is_percent = models.Constraint(
        "CHECK (rate >= 0 AND rate <= 100)", "A rate is between 0 and 100 percent."
    )

    @api.model_create_multi
    def create(self, vals_list):
        tiers = super().create(vals_list)
        tiers.terms_id._conditions_changed()
        return tiers

    def write(self, vals):
        self.terms_id._conditions_changed()
        return super().write(vals)

    def unlink(self):
        self.terms_id._conditions_changed()
        return super().unlink()
