from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    referral_program_ids = fields.One2many(
        "referral.program", "company_id", "Referral Programs"
    )
