from odoo import models


class ReferralReferral(models.Model):
    _inherit = "referral.referral"

    def _is_customer(self, participant, partner, referral=None):
        """Whoever ordered by a participant's link was no customer before that day,
        although the order is invoiced before they sign up."""
        result = super()._is_customer(participant, partner, referral)
        if not result or referral:
            return result
        # sudo: who asks need not see orders
        orders = self.env["sale.order"].sudo()
        first = orders.search(
            [
                ("partner_id.commercial_partner_id", "=", partner.id),
                ("referral_code", "=", participant.code),
                ("referral_ordered_on", "!=", False),
                ("state", "=", "sale"),
                ("company_id", "child_of", participant.program_id.company_id.id),
            ],
            order="referral_ordered_on",
            limit=1,
        )
        if not first:
            return result
        day = first.referral_ordered_on
        return super()._is_customer(participant, partner, self.new({"date_start": day}))
