from odoo import models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def _watched_fields(self):
        """Return the fields whose changes have the next accrual look at all invoices
        with a product.

        :rtype: frozenset
        """
        return frozenset({"categ_id"})

    def write(self, vals):
        result = super().write(vals)
        if not self._watched_fields().isdisjoint(vals):
            self.env["referral.mark"]._mark_products(self)
        return result
