from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import NO_ACCESS
from odoo.tools import html2plaintext

from ...tools.actions import window_of
from ...tools.counting import count_of


class ReferralProgram(models.Model):
    """One company's referral program: terms, accounts, limits."""

    _name = "referral.program"
    _description = "Referral Program"
    _inherit = ["referral.sight.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "company_id, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        tracking=True,
        default=lambda self: self.env.company,
        help="Invoices of this company and of its branches count.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    responsible_id = fields.Many2one(
        "res.users",
        "Responsible Accountant",
        tracking=True,
        check_company=True,
        domain=lambda self: [
            (
                "all_group_ids",
                "in",
                self.env.ref("referral_program.group_accountant").ids,
            )
        ],
        help="Gets the activities about accruals.",
    )
    officer_id = fields.Many2one(
        "res.users",
        "Verification Officer",
        tracking=True,
        check_company=True,
        domain=lambda self: [
            ("all_group_ids", "in", self.env.ref("referral_program.group_officer").ids)
        ],
        help="Gets the activities about verification.",
    )

    # Terms
    terms_ids = fields.One2many(
        "referral.program.terms",
        "program_id",
        "Terms",
        domain=[("is_draft", "=", False)],
        help="The terms that hold, or will from their first day on. Drafts are not "
        "among them.",
    )
    draft_terms_ids = fields.One2many(
        "referral.program.terms",
        "program_id",
        "Drafts of Terms",
        domain=[("is_draft", "=", True)],
        context={"default_is_draft": True},
        help="Terms that hold never, until they are put in force.",
    )
    terms_by = fields.Selection(
        [
            ("invoice", "The invoice's date"),
            ("attribution", "The day the referral began"),
        ],
        "Terms in Force On",
        required=True,
        default="invoice",
        tracking=True,
        help="Which terms apply to a line: those in force on the invoice's date, or "
        "those in force when the referral began (cohorts).",
    )
    discount_product_ids = fields.Many2many(
        "product.product",
        string="Discount Products",
        tracking=True,
        help="An invoice with one of these products is discounted as a whole.",
    )

    # Payments
    paid_when = fields.Selection(
        [
            ("registered", "The payment is registered"),
            ("bank", "The bank statement has matched it"),
        ],
        "An Invoice Is Paid When",
        required=True,
        default="registered",
        tracking=True,
    )

    posting_policy = fields.Selection(
        [
            ("automatic", "Automatically"),
            ("review", "After review by the accountant"),
        ],
        "Accruals Are Posted",
        required=True,
        default="automatic",
        tracking=True,
    )
    credit_day = fields.Integer(
        default=15,
        required=True,
        tracking=True,
        help="The day of the next month by which the month is credited.",
    )

    mask_names = fields.Boolean(
        "Hide Clients' Names",
        default=True,
        tracking=True,
        help="Participants see only the beginnings of the names of the clients they "
        "referred.",
    )

    # Limits
    verification_days = fields.Integer(
        default=2,
        tracking=True,
        help="Working days within which documents are verified.",
    )

    # Joining
    description = fields.Html(
        translate=True, help="What the program offers, for clients who may join."
    )
    welcome = fields.Html(
        "Welcome Page",
        translate=True,
        help="What whoever opens a referral link reads about you, above the button to "
        "sign up.",
    )
    agreement_grace_days = fields.Integer(
        "Grace Period",
        default=30,
        tracking=True,
        help="Days after a new version of an agreement comes into force during which "
        "participants are still paid although they have not accepted it yet.",
    )
    max_file_size = fields.Integer(
        "Maximum File Size (MB)", default=10, tracking=True, help="For one file."
    )
    max_total_size = fields.Integer(
        "Maximum Total Size (MB)",
        default=50,
        tracking=True,
        help="For all files of a participant together.",
    )
    retention_days = fields.Integer(
        "Retention Period",
        default=1095,
        tracking=True,
        help="Days between the end of the participation and the destruction of the "
        "documents.",
    )

    # Links
    attribution_days = fields.Integer(
        "Attribution Window",
        default=30,
        tracking=True,
        help="Days after a click on a referral link within which a sign-up counts.",
    )
    attribution_click = fields.Selection(
        [("first", "The first"), ("last", "The last")],
        "Click That Counts",
        required=True,
        default="last",
        tracking=True,
        help="Which participant gets the client if several participants' links were "
        "clicked.",
    )
    target_url = fields.Char(
        "Links Lead To",
        required=True,
        default="/referral-program",
        tracking=True,
        help="The page that referral links lead to: the program's own, or any other. "
        "What a link has after a question mark is kept.",
    )
    claim_days = fields.Integer(
        "Claim Period",
        default=7,
        tracking=True,
        help="Days after a client's registration within which a participant may claim "
        "to have referred them.",
    )

    trace_days = fields.Integer(
        "Traces Kept",
        default=180,
        tracking=True,
        help="Days after which the log of who read documents no longer names files and "
        "addresses, and refused referrals no longer name what somebody entered.",
    )
    accrual_steps = fields.Integer(
        default=0,
        required=True,
        readonly=True,
        copy=False,
        groups=NO_ACCESS,  # as the participant's
        help="Steps taken so far.",
    )
    participant_ids = fields.One2many(
        "referral.participant", "program_id", "Participants"
    )
    accrual_ids = fields.One2many("referral.accrual", "program_id", "Accruals")
    participant_count = fields.Integer(
        compute=count_of("participant_count", "referral.participant", "program_id")
    )
    accrual_count = fields.Integer(
        compute=count_of("accrual_count", "referral.accrual", "program_id")
    )
    next_period = fields.Date(
        "Next Month", compute="_compute_next_period", help="The next month to accrue."
    )
    next_period_due = fields.Boolean(compute="_compute_next_period")

    _company_unique = models.UniqueIndex(
        "(company_id) WHERE active",
        "The company has a referral program already.",
    )
    _credit_day_in_month = models.Constraint(
        "CHECK (credit_day BETWEEN 1 AND 28)", "Choose a credit day between 1 and 28."
    )
    _limits_not_negative = models.Constraint(
        "CHECK (min_withdrawal >= 0 AND min_redemption >= 0 "
        "AND verification_days >= 0 "
        "AND attribution_days >= 0 AND agreement_grace_days >= 0 "
        "AND retention_days >= 0 AND claim_days >= 0 AND trace_days >= 0)",
        "Limits cannot be negative.",
    )
    _sizes_positive = models.Constraint(
        "CHECK (max_file_size > 0 AND max_total_size >= max_file_size)",
        "Allow at least 1 MB for a file, and no less than that for all files together.",
    )

    # === COMPUTE METHODS === #

    def _compute_next_period(self):
        periods = self._next_periods()
        for program in self:
            period = periods[program]
            program.next_period = period
            program.next_period_due = bool(period) and program._is_over(period)

    # === CONSTRAINT METHODS === #

    @api.constrains("company_id", "active")
    def _check_companies_do_not_overlap(self):
        """Refuse a branch's program beside its company's: a line would count twice."""
        for program in self.filtered("active"):
            others = self.sudo().with_context(active_test=False)
            others = others.search(
                [
                    ("id", "!=", program.id),
                    # an archived one gave for the same invoices already
                    "|",
                    ("active", "=", True),
                    ("accrual_ids", "!=", False),
                    "|",
                    ("company_id", "parent_of", program.company_id.id),
                    ("company_id", "child_of", program.company_id.id),
                ],
                limit=1,
            )
            if others:
                raise ValidationError(
                    self.env._(
                        "%(other)s of %(company)s counts the invoices of its "
                        "branches too, so there cannot be another program for them.",
                        other=others.name,
                        company=others.company_id.name,
                    )
                )

    @api.constrains("target_url")
    def _check_target_url(self):
        """Refuse what browsers do not take for a page, or for one somewhere else."""
        for program in self:
            url = program.target_url or ""
            try:
                scheme, host, *_rest = urlsplit(url)
            except ValueError:
                scheme, host = "", "?"
            is_own = url.startswith("/") and not host
            is_other = scheme in ("https", "http") and host
            if not (is_own or is_other) or "\\" in url:
                raise ValidationError(
                    self.env._(
                        "Links lead to a page of this website, such as "
                        "/referral-program, or to an address that begins with https://."
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        programs = super().create(vals_list)
        self.env.registry.clear_cache()  # of `_counting`
        return programs

    def unlink(self):
        self.env.registry.clear_cache()  # of `_counting`
        return super().unlink()

    def write(self, vals):
        if "liability_account_id" in vals or "company_id" in vals:
            self._check_ledger_can_change(vals)
        if "company_id" in vals:
            moved = self.filtered(lambda p: p.company_id.id != vals["company_id"])
            moved.sudo().participant_ids._check_nothing_kept()
        descriptions = {program: program.description for program in self}
        result = super().write(vals)
        if "description" in vals:
            self._log_description(descriptions)
        if {"company_id", "paid_when", "liability_account_id"} & vals.keys():
            self.env.registry.clear_cache()  # of `_counting`, `_liability_accounts`
        if {
            "terms_by",
            "discount_product_ids",
            "paid_when",
            "bonus_journal_ids",
            "payment_journal_ids",
            "redemption_counts",
            "company_id",
        } & vals.keys():
            self._mark_everything()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.sudo().accrual_ids or self.sudo().participant_ids:
            raise UserError(
                self.env._(
                    "The program has participants or accruals, so it cannot be "
                    "deleted. Archive it instead."
                )
            )

    def _log_description(self, before):
        """Tell in the history what the description was: Odoo tracks no formatted text.

        :param dict before: program → its description
        """
        for program in self:
            old, new = map(html2plaintext, (before[program] or "", program.description))
            if old != new:
                program._message_log(
                    body=self.env._(
                        "Description changed from “%(old)s” to “%(new)s”",
                        old=old,
                        new=new,
                    )
                )

    def _mark_everything(self):
        """Have the next accrual compute these programs anew, from the beginning."""
        self.env["referral.mark"]._mark_everything(self)

    # === ACTION METHODS === #

    def action_view_participants(self):
        """Open the program's participants."""
        return window_of(self, "referral_participant_action", "program_id")

    def action_view_accruals(self):
        """Open the program's accruals."""
        return window_of(self, "referral_accrual_action", "program_id")
