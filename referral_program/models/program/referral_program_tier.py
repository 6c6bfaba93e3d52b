from odoo import api, fields, models
from odoo.tools import formatLang


class ReferralProgramTier(models.Model):
    _name = "referral.program.tier"
    _description = "Referral Program Tier"
    _inherit = ["referral.history.mixin", "referral.sight.mixin"]
    _history_of = "terms_id"
    _order = "above, id"

    terms_id = fields.Many2one(
        "referral.program.terms", required=True, ondelete="cascade", index=True
    )
    currency_id = fields.Many2one(related="terms_id.currency_id")
    above = fields.Monetary(
        required=True,
        tracking=True,
        help="The tier is reached when a client's new base of the month is above this "
        "amount; exactly at it, the tier below still applies.",
    )
    rate = fields.Float(
        "Rate (%)",
        required=True,
        digits="Referral Rate",
        tracking=True,
        help="Percent of the base, for that client's whole month.",
    )

    _above_unique = models.UniqueIndex(
        "(terms_id, above)", "There is a tier with this threshold already."
    )
    _above_not_negative = models.Constraint(
        "CHECK (above >= 0)", "A tier's threshold cannot be negative."
    )
    _rate_is_percent = models.Constraint(
        "CHECK (rate >= 0 AND rate <= 100)", "Enter a rate between 0 and 100 percent."
    )

    @api.depends("above", "rate")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for tier in self:
            tier.display_name = self.env._(
                "%(rate)s %% above %(amount)s",
                rate=f"{tier.rate:g}",
                amount=formatLang(self.env, tier.above, currency_obj=tier.currency_id),
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
