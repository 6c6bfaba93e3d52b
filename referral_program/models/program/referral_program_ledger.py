from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

#: In a domain: the journals in which clients of the program may pay: those of its
#: company, of the companies above it and of its branches.
JOURNALS = (
    "'|', ('company_id', 'parent_of', company_id),"
    " ('company_id', 'child_of', company_id)"
)


#: The minimum withdrawal to begin with, in the currency that it was meant for.
MINIMUMS = {"RUB": 10_000}


class ReferralProgram(models.Model):
    """The program's journals and accounts, what it owes and how that is paid out."""

    _inherit = "referral.program"

    journal_id = fields.Many2one(
        "account.journal",
        "Accrual Journal",
        tracking=True,
        check_company=True,
        domain=[("type", "=", "general")],
        help="The journal of the accruals' entries.",
    )
    expense_account_id = fields.Many2one(
        "account.account",
        tracking=True,
        check_company=True,
        domain=[("account_type", "in", ("expense", "expense_direct_cost"))],
        help="Debited with the participants' compensations.",
    )
    liability_account_id = fields.Many2one(
        "account.account",
        tracking=True,
        check_company=True,
        domain=[("account_type", "=", "liability_current"), ("reconcile", "=", True)],
        help="Credited with the participants' compensations: its balance is what the "
        "company owes them.",
    )
    bill_journal_id = fields.Many2one(
        "account.journal",
        "Vendor Bill Journal",
        tracking=True,
        check_company=True,
        domain=[("type", "=", "purchase")],
        help="The journal of the bills that pay withdrawals.",
    )
    self_billing = fields.Boolean(
        "Self-Billing",
        compute="_compute_self_billing",
        inverse="_inverse_self_billing",
        help="The bills are documents that the company issues in the participants' "
        "names: each participant's are numbered for themselves, and they are sent "
        "when they are posted. They need a journal of their own, with Self Billing.",
    )
    bonus_journal_ids = fields.Many2many(
        "account.journal",
        "referral_program_bonus_journal_rel",
        string="Bonus Journals",
        domain=f"[{JOURNALS}]",
        tracking=True,
        help="Payments in these journals are bonuses, not money: they earn nothing.",
    )
    payment_journal_ids = fields.Many2many(
        "account.journal",
        "referral_program_payment_journal_rel",
        string="Further Payment Journals",
        domain=f"[('type', '=', 'general'), {JOURNALS}]",
        tracking=True,
        help="Miscellaneous entries in these journals count as money. Those in other "
        "miscellaneous journals, such as write-offs, do not.",
    )
    # Money out
    min_withdrawal = fields.Monetary(
        "Minimum Withdrawal",
        compute="_compute_min_withdrawal",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="The least that participants may withdraw, in the company's currency.",
    )
    withdrawal_policy = fields.Selection(
        [
            ("automatic", "Automatically"),
            ("review", "After approval by the accountant"),
        ],
        "Withdrawals Are Billed",
        required=True,
        default="review",
        tracking=True,
        help="Whether the scheduled action bills all requested withdrawals, or only "
        "those that an accountant has approved.",
    )
    bill_policy = fields.Selection(
        [("posted", "Posted"), ("draft", "Left as drafts")],
        "Withdrawal Bills Are",
        required=True,
        default="posted",
        tracking=True,
    )
    bill_payment_term_id = fields.Many2one(
        "account.payment.term",
        "Bills' Payment Terms",
        tracking=True,
        check_company=True,
        help="When the bills of withdrawals are due. If empty, the vendor's own terms "
        "apply.",
    )
    redemption_allowed = fields.Boolean(
        "Pay Invoices from the Balance",
        default=True,
        tracking=True,
        help="Participants may pay their own invoices with their referral balance.",
    )
    min_redemption = fields.Monetary(
        "Minimum Payment from the Balance",
        default=0,
        tracking=True,
        help="The least that participants may pay of an own invoice, unless less is "
        "still to be paid.",
    )
    redemption_counts = fields.Boolean(
        "Redemptions Count as Payments",
        default=True,
        tracking=True,
        help="An invoice paid from a referral balance earns a compensation for "
        "whoever referred the paying participant.",
    )
    foreign_redemption = fields.Selection(
        [
            ("convert", "Converted at the day's rate"),
            ("refuse", "Not paid with the balance"),
        ],
        "Invoices in Other Currencies",
        required=True,
        default="convert",
        tracking=True,
    )
    liability = fields.Monetary(
        compute="_compute_liability",
        help="What the company owes all participants, from the general ledger.",
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_min_withdrawal(self):
        """Propose a minimum where one is known; elsewhere somebody has to choose."""
        for program in self:
            program.min_withdrawal = program.min_withdrawal or MINIMUMS.get(
                program.company_id.currency_id.name, 0
            )

    def _compute_liability(self):
        liabilities = self._liabilities()
        for program in self:
            program.liability = liabilities.get(program, 0.0)

    def _liabilities(self):
        """Return what each company owes all participants, from the general ledger.

        :return dict: program → amount in the company's currency
        """
        # sudo: staff of the program see the sum without seeing the items
        programs = self.sudo()
        balances = defaultdict(float)
        for account, company, balance in programs.env["account.move.line"]._read_group(
            [
                ("account_id", "in", programs.liability_account_id.ids),
                ("company_id", "child_of", programs.company_id.ids),
                ("parent_state", "=", "posted"),
            ],
            ["account_id", "company_id"],
            ["balance:sum"],
        ):
            # a branch's items belong to the program of one of its parents
            for parent_id in company.parent_ids.ids:
                balances[account.id, parent_id] += balance
        return {
            program: program.currency_id.round(
                -balances[program.sudo().liability_account_id.id, program.company_id.id]
            )
            for program in self
        }

    def _ledger_domain(self):
        """Return the domain of the items that the balances consist of."""
        self.ensure_one()
        return [
            ("account_id", "=", self.sudo().liability_account_id.id),
            ("company_id", "child_of", self.company_id.id),
            ("parent_state", "=", "posted"),
        ]

    # === CONSTRAINT METHODS === #

    @api.constrains("liability_account_id", "expense_account_id")
    def _check_liability_account(self):
        for program in self:
            account = program.liability_account_id
            if not account:
                continue
            if account.account_type != "liability_current" or not account.reconcile:
                raise ValidationError(
                    self.env._(
                        "%(account)s cannot hold what the participants are owed: "
                        "choose a current liability account that allows "
                        "reconciliation.",
                        account=account.display_name,
                    )
                )

    @api.constrains("company_id", "bonus_journal_ids", "payment_journal_ids")
    def _check_journals(self):
        """Refuse journals in which nobody pays an invoice that counts."""
        for program in self:
            # sudo: the user need not have access to all branches
            journals = (
                program.sudo().bonus_journal_ids | program.sudo().payment_journal_ids
            )
            related = program._companies() | program.company_id.sudo().parent_ids
            if foreign := journals.filtered(lambda j, c=related: j.company_id not in c):
                raise ValidationError(
                    self.env._(
                        "%(journals)s: choose journals of %(company)s, of its "
                        "branches or of the companies above it.",
                        journals=", ".join(foreign.mapped("display_name")),
                        company=program.company_id.name,
                    )
                )

    # === CRUD METHODS === #

    def _check_ledger_can_change(self, vals):
        """Refuse to move the balances to an account that does not hold them."""
        for program in self:
            changed = any(
                program[name].id != vals[name]
                for name in ("liability_account_id", "company_id")
                if name in vals
            )
            if changed and program.sudo().accrual_ids.move_ids:
                raise UserError(
                    self.env._(
                        "The balances of the participants are on %(account)s: neither "
                        "that account nor the company can be changed any more.",
                        account=program.liability_account_id.display_name,
                    )
                )
