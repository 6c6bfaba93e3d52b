from odoo import api, fields, models

#: Who sees the program's settings; others open Odoo's settings without them.
ADMINISTRATOR = "referral_program.group_administrator"


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    referral_program_id = fields.Many2one(
        "referral.program",
        compute="_compute_referral_program_id",
        groups=ADMINISTRATOR,
    )
    referral_posting_policy = fields.Selection(
        related="referral_program_id.posting_policy",
        readonly=False,
        groups=ADMINISTRATOR,
    )
    referral_paid_when = fields.Selection(
        related="referral_program_id.paid_when",
        readonly=False,
        groups=ADMINISTRATOR,
    )
    referral_terms_by = fields.Selection(
        related="referral_program_id.terms_by",
        readonly=False,
        groups=ADMINISTRATOR,
    )
    referral_credit_day = fields.Integer(
        related="referral_program_id.credit_day",
        readonly=False,
        groups=ADMINISTRATOR,
    )
    referral_currency_id = fields.Many2one(
        related="referral_program_id.currency_id",
        string="Program Currency",
        groups=ADMINISTRATOR,
    )
    referral_min_withdrawal = fields.Monetary(
        related="referral_program_id.min_withdrawal",
        readonly=False,
        groups=ADMINISTRATOR,
        currency_field="referral_currency_id",
    )
    referral_verification_days = fields.Integer(
        related="referral_program_id.verification_days",
        readonly=False,
        groups=ADMINISTRATOR,
    )
    referral_attribution_days = fields.Integer(
        related="referral_program_id.attribution_days",
        readonly=False,
        groups=ADMINISTRATOR,
    )

    @api.depends("company_id")
    def _compute_referral_program_id(self):
        for settings in self:
            settings.referral_program_id = self.env["referral.program"].search(
                [("company_id", "=", settings.company_id.id)], limit=1
            )

    def action_create_referral_program(self):
        """Give the company a program that works, and open it."""
        self.ensure_one()
        program = self.env["referral.program"]._get_or_create_for_company(
            self.company_id
        )
        return program._get_records_action()

    def action_open_referral_program(self):
        """Open the company's program."""
        self.ensure_one()
        return self.referral_program_id._get_records_action()
