from odoo import api, models
from odoo.exceptions import UserError


class ProductCategory(models.Model):
    _inherit = "product.category"

    def write(self, vals):
        result = super().write(vals)
        if "parent_id" in vals:
            self.env["referral.mark"]._mark_everything()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_excluded(self):
        # sudo: who deletes categories need not see the terms that list them
        listed = self.env["referral.program.terms"].sudo().search_count(
            [
                "|",
                ("excluded_category_ids", "parent_of", self.ids),
                ("excluded_category_ids", "child_of", self.ids),
            ],
            limit=1,
        )  # fmt: skip
        if listed:
            raise UserError(
                self.env._(
                    "Terms of the referral program exclude these categories: without "
                    "them their products would begin to earn. Move the products to "
                    "another category and take this one off the terms, or keep it."
                )
            )
