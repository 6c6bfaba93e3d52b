from odoo import models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def write(self, vals):
        result = super().write(vals)
        if "categ_id" in vals:
            self.env["referral.mark"]._mark_products(self)
        return result
