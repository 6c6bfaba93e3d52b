from odoo import api, fields, models


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    referral_bic = fields.Char(
        "BIC as Entered",
        readonly=True,
        copy=False,
        help="What the participant entered in the portal. Compare it with a document "
        "before you choose the bank.",
    )
    referral_bank_name = fields.Char("Bank as Entered", readonly=True, copy=False)

    def _referral_bank(self):
        """Return the bank's name and BIC, as text; empty if nothing is known.

        What the participant entered counts until staff say that it is another bank.
        """
        bank = self.bank_id
        if self.referral_bic and bank.bic in (False, self.referral_bic):
            names = (self.referral_bank_name, self.referral_bic)
        else:
            names = (bank.name or self.referral_bank_name, bank.bic)
        return " ".join(filter(None, names))

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
