from odoo import models
from odoo.tools import SQL

from .referral_earning import WALLETS


class ReferralEarning(models.AbstractModel):
    """Gift cards and eWallets that are money: an advance, paid when they were bought.

    Only where the program says so; otherwise what they pay is bonus money, which
    lowers what the other lines earn on.
    """

    _inherit = "referral.earning"

    def _pays_by_voucher(self):
        """Return whether a line, ``item``, is what a voucher pays like money.

        :return SQL: nothing, where no program says so
        """
        # sudo: whoever accrues one company's months need not see other programs
        programs = self.env["referral.program"].sudo()
        saying = programs.search([("vouchers_are_money", "=", True)])
        companies = [company.id for own in saying for company in own._companies()]
        if not companies or not self._has_rewards():
            return SQL()
        return SQL(
            "(item.company_id IN %s AND %s)",
            tuple(companies),
            self._rewarded_by(SQL("offered.program_type IN %s", WALLETS)),
        )

    def _advances(self, conditions):
        """What a voucher paid is money from the invoice's date on."""
        others = super()._advances(conditions)
        by_voucher = self._pays_by_voucher()
        if not by_voucher:
            return others
        paid = SQL(
            """
            SELECT charge.group_id,
                   -charge.amount AS amount,
                   %(end)s::date AS date,
                   -charge.amount AS deducted,
                   0 AS invoiced
              FROM (%(charges)s) charge
             WHERE charge.amount < 0
            """,
            end=conditions.end,
            charges=self._charge_query(
                conditions,
                SQL(),
                SQL("member.currency_id"),
                SQL("COALESCE(member.per_unit, member.invoice_currency_rate)"),
                by_voucher,
            ),
        )
        return SQL(" UNION ALL ").join(part for part in (others, paid) if part)
