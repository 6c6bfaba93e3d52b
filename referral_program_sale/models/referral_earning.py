from odoo import models
from odoo.tools import SQL

#: Kinds of loyalty programs whose rewards are money that a client has from before, or
#: bonus money; the rewards of all others are discounts.
WALLETS = ("ewallet", "gift_card")
BONUSES = (*WALLETS, "loyalty")


class ReferralEarning(models.AbstractModel):
    """What lines of orders are: advances, discounts, or vouchers to pay with later."""

    _inherit = "referral.earning"

    # === OVERRIDE POINTS === #

    def _line_columns(self):
        return {
            **super()._line_columns(),
            "is_advance": SQL(
                "(COALESCE(item.is_downpayment, FALSE) OR %s)",
                self._pays_by_voucher() or SQL("FALSE"),
            ),
            "is_voucher": SQL("item.product_id IN %s", self._voucher_products()),
        }

    def _line_reasons(self):
        return [
            (
                "voucher",
                self.env._("Gift card or top-up of an eWallet"),
                SQL("line.is_voucher"),
            ),
            *super()._line_reasons(),
        ]

    def _discounts(self, conditions):
        """Orders' own discounts, and rewards, need not be listed in the program."""
        return SQL(
            """
            (%(listed)s
             OR item.product_id IN (SELECT sale_discount_product_id FROM res_company
                                     WHERE sale_discount_product_id IS NOT NULL)
             OR item.extra_tax_data->>'computation_key' LIKE 'global_discount,%%'
             OR %(is_reward)s)
            """,
            listed=super()._discounts(conditions),
            is_reward=self._is_reward(),
        )

    # === LOYALTY: where the app is installed === #

    def _has_rewards(self):
        return "reward_id" in self.env["sale.order.line"]._fields

    def _is_reward(self):
        """Return whether a line, ``item``, is a reward that is a discount.

        What is paid with an eWallet, a gift card or points is bonus money instead: it
        lowers what the other lines earn on.
        """
        if not self._has_rewards():
            return SQL("FALSE")
        return self._rewarded_by(SQL("offered.program_type NOT IN %s", BONUSES))

    def _is_bonus(self):
        if not self._has_rewards():
            return super()._is_bonus()
        return self._rewarded_by(SQL("offered.program_type IN %s", BONUSES))

    def _rewarded_by(self, offered):
        """Return whether a line, ``item``, is a reward of certain loyalty programs.

        :param SQL offered: which, over ``offered``, the loyalty program
        """
        return SQL(
            """
            EXISTS (SELECT
                      FROM sale_order_line_invoice_rel sold
                      JOIN sale_order_line ordered ON ordered.id = sold.order_line_id
                      JOIN loyalty_reward reward ON reward.id = ordered.reward_id
                      JOIN loyalty_program offered ON offered.id = reward.program_id
                     WHERE sold.invoice_line_id = item.id AND %s)
            """,
            offered,
        )

    def _voucher_products(self):
        """Return the ids of the products that gift cards and top-ups are sold as."""
        if not self._has_rewards():
            return (0,)
        # sudo: whoever accrues need not see loyalty programs, nor those of all
        # companies; what was sold as a voucher stays one
        programs = self.env["loyalty.program"].sudo().with_context(active_test=False)
        wallets = programs.search([("program_type", "in", WALLETS)])
        return wallets.trigger_product_ids._ids or (0,)
