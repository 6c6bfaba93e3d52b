from odoo import api, models


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        self.env["referral.mark"]._mark_partners(accounts.partner_id)
        # sudo: whoever adds an account need not read participants
        participants = self.env["referral.participant"].sudo()
        for account in accounts:
            participants._tell_of_account(account)
        return accounts

    def write(self, vals):
        watched = {"acc_number", "partner_id", "active"} & vals.keys()
        if watched:
            self.env["referral.mark"]._mark_partners(self.partner_id)
        result = super().write(vals)
        if watched:
            self.env["referral.mark"]._mark_partners(self.partner_id)
        return result

    def unlink(self):
        self.env["referral.mark"]._mark_partners(self.partner_id)
        return super().unlink()
