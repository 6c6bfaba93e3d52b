from odoo import api, fields, models


class ReferralWithdraw(models.TransientModel):
    """Staff ask for money in a participant's place, as after a participation ended."""

    _name = "referral.withdraw"
    _description = "Withdraw From a Referral Balance"
    _inherit = ["referral.sight.mixin"]
    _check_company_auto = True

    participant_id = fields.Many2one("referral.participant", required=True)
    company_id = fields.Many2one(related="participant_id.company_id")
    partner_id = fields.Many2one(related="participant_id.partner_id", string="Client")
    currency_id = fields.Many2one(related="participant_id.currency_id")
    available_balance = fields.Monetary(related="participant_id.available_balance")
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    bank_account_id = fields.Many2one(
        "res.partner.bank",
        "Payee Account",
        compute="_compute_bank_account_id",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        check_company=True,
        domain="[('partner_id', 'child_of', partner_id)]",
    )

    @api.depends("participant_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.participant_id.available_balance

    @api.depends("participant_id")
    def _compute_bank_account_id(self):
        for wizard in self:
            accounts = wizard.partner_id.bank_ids
            own = accounts._check_company_domain(wizard.company_id)
            wizard.bank_account_id = accounts.filtered_domain(own)[:1]

    def action_confirm(self):
        """Request it, and show what came of it."""
        self.ensure_one()
        self.env["referral.program"]._check_accountant()
        self.participant_id.check_access("read")
        withdrawal = self.env["referral.withdrawal"]._request(
            self.participant_id, self.amount, self.bank_account_id, by_staff=True
        )
        return withdrawal._get_records_action(context={})
