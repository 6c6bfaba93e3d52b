from odoo import api, models
from odoo.tools import SQL


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        result = super()._update_foreign_keys(src_partners, dst_partner)
        # evidence has no foreign key that the wizard could follow
        self.env.cr.execute(
            SQL(
                "UPDATE referral_accrual_line SET partner_id = %s"
                " WHERE partner_id IN %s",
                dst_partner.id,
                tuple(src_partners.ids),
            )
        )
        self.env["referral.statement.mark"]._mark_partner(dst_partner)
        # invoices and bonds change hands in SQL, without an event
        self.env["referral.mark"]._mark_everything()
        return result
