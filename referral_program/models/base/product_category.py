import itertools

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG


class ProductCategory(models.Model):
    _inherit = "product.category"

    def write(self, vals):
        if "parent_id" not in vals:
            return super().write(vals)
        moving = self.filtered(
            lambda category: category.parent_id.id != (vals["parent_id"] or False)
        )
        result = super().write(vals)
        moving._mark_products()
        return result

    def _mark_products(self):
        """Have the next accrual look at the products of these and those below them."""
        # sudo: whoever moves a category need not see all of its products
        templates = self.env["product.template"].sudo()
        self.env["referral.mark"]._mark_products(
            templates.with_context(active_test=False).search(
                [("categ_id", "child_of", self.ids)]
            )
        )

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
                    "The terms of the referral program exclude these categories: if "
                    "they were deleted, their products would begin to earn. Move the "
                    "products to another category and remove this one from the terms, "
                    "or keep it."
                )
            )

    @api.ondelete(at_uninstall=True)
    def _unlink_except_used_at_uninstall(self):
        """Keep the starter categories that are in use when the addon is uninstalled.

        Odoo would take the category off their products, and delete the users' own
        categories below. Terms that exclude a category use it, too. What raises here
        stays, with its external id: the addon finds it again when it comes back.
        """
        if not self.env.context.get(MODULE_UNINSTALL_FLAG):
            return
        names = itertools.chain.from_iterable(self._get_external_ids().values())
        ours = any(name.startswith("referral_program.") for name in names)
        if ours and self._is_referred_to():
            raise UserError(self.env._("These product categories are in use."))

    def _is_referred_to(self):
        """Tell whether a row of any table, besides these themselves, refers to one."""
        self.env.flush_all()
        ids = tuple(self.ids)
        merging = self.env["base.partner.merge.automatic.wizard"]
        for table, column in merging._get_fk_on(self._table):
            own = SQL("AND id NOT IN %s", ids) if table == self._table else SQL()
            query = SQL(
                "SELECT FROM %s WHERE %s IN %s %s LIMIT 1",
                SQL.identifier(table),
                SQL.identifier(column),
                ids,
                own,
            )
            if self.env.execute_query(query):
                return True
        return False
