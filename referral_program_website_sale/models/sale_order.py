from odoo import models


class SaleOrder(models.Model):
    """Carts of visitors who came without a link, but know somebody's code."""

    _inherit = "sale.order"

    def _takes_referral_code(self):
        """Tell whether the shop asks for a code: not if somebody's link led here."""
        self.ensure_one()
        if self.referral_by_link:
            return False
        # sudo: visitors read no programs
        programs = self.env["referral.program"].sudo()
        own = [("company_id", "parent_of", self.company_id.id)]
        return bool(programs.search_count(own, limit=1))

    def _enter_referral_code(self, code):
        """Keep a code that a visitor typed; an empty one takes an earlier one off.

        :param str code: as it was typed, whatever that is
        :return bool: whether somebody has it
        """
        self.ensure_one()
        if not code.strip():
            self.referral_code = False
            return True
        # looked for before it is written: not everything that is sent can be
        if found := self._referral_participant(code):
            self.referral_code = found.code
        return bool(found)
