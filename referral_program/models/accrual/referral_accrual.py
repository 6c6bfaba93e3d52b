from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...tools.actions import run_soon, window_of
from ...tools.counting import count_of
from ...tools.names import search_by_display_name

#: The scheduled actions that have something to do once a month is posted.
FOLLOWING = (
    "ir_cron_statements",
    "ir_cron_integrity_accruals",
    "ir_cron_estimate",
    "ir_cron_standing",
)
#: Written by computing and posting only.
OWN_FIELDS = frozenset(
    {
        "program_id",
        "company_id",
        "period_start",
        "period_end",
        "state",
        "computed_on",
        "posted_on",
        "terms_ids",
        "line_ids",
        "not_earned",
        "compensation_ids",
        "move_ids",
        "statement_ids",
        "statements_on",
        "statements_hash",
        "chain_number",
        "hash",
        "previous_hash",
        "hash_version",
        "terms_hash",
        "compensations_hash",
        "lines_hash",
        "items_hash",
        "checked_on",
    }
)
TRANSITIONS = {
    "draft": {"computed"},
    "computed": {"computed", "posted"},
    "posted": set(),
}


class ReferralAccrual(models.Model):
    """One month's run of a program.

    ``draft`` until it is computed; ``computed``, and computable anew, until it is
    posted; ``posted`` for good. Its period stays that month, whatever the date of
    its journal entries.
    """

    _name = "referral.accrual"
    _description = "Referral Accrual"
    _inherit = ["referral.sight.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "period_start desc, program_id, id desc"

    program_id = fields.Many2one("referral.program", required=True, readonly=True)
    company_id = fields.Many2one(
        related="program_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="program_id.currency_id")
    period_start = fields.Date(
        "Month", required=True, readonly=True, help="The month's first day."
    )
    period_end = fields.Date(
        compute="_compute_period_end",
        store=True,
        help="The month's last day: what was paid and rendered by then counts.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("computed", "Computed"), ("posted", "Posted")],
        required=True,
        default="draft",
        readonly=True,
        tracking=True,
        copy=False,
        index=True,
    )
    computed_on = fields.Datetime(readonly=True, copy=False)
    posted_on = fields.Datetime(readonly=True, copy=False)
    credit_date = fields.Date(
        "Credit Due",
        compute="_compute_credit_date",
        help="The day by which the month has to be credited.",
    )
    compensation_ids = fields.One2many(
        "referral.compensation", "accrual_id", "Compensations"
    )
    line_ids = fields.One2many("referral.accrual.line", "accrual_id", "Lines")
    move_ids = fields.One2many("account.move", "referral_accrual_id", "Journal Entries")
    terms_ids = fields.Many2many(
        "referral.program.terms",
        "referral_accrual_terms_rel",
        "accrual_id",
        "terms_id",
        "Terms Used",
        readonly=True,
        ondelete="restrict",
        help="The terms of this accrual's lines: locked once it is posted.",
    )
    base = fields.Monetary(compute="_compute_totals")
    amount = fields.Monetary("Compensation", compute="_compute_totals")
    compensation_count = fields.Integer(compute="_compute_totals")
    line_count = fields.Integer(
        compute=count_of("line_count", "referral.accrual.line", "accrual_id")
    )
    # sudo: the number of entries is no secret to who may see the accrual
    move_count = fields.Integer(
        compute=count_of("move_count", "account.move", "referral_accrual_id"),
        compute_sudo=True,
    )

    # One accrual for a month, however many workers begin one.
    _period_unique = models.UniqueIndex(
        "(program_id, period_start)",
        "The program already has an accrual for this month.",
    )
    _period_is_month = models.Constraint(
        "CHECK (EXTRACT(day FROM period_start) = 1)",
        "Give the month of an accrual by its first day.",
    )

    # === COMPUTE METHODS === #

    @api.depends("period_start")
    def _compute_period_end(self):
        for accrual in self:
            accrual.period_end = accrual.period_start + relativedelta(months=1, days=-1)

    @api.depends("period_start", "program_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for accrual in self:
            accrual.display_name = self.env._(
                "Accrual of %(month)s", month=accrual._month()
            )

    def _month(self):
        """Return the month as the viewer reads it: January 2026."""
        self.ensure_one()
        return format_date(self.env, self.period_start, date_format="LLLL y")

    def _search_display_name(self, operator, value):
        return search_by_display_name(self, operator, value)

    @api.depends("period_start", "program_id.credit_day")
    def _compute_credit_date(self):
        for accrual in self:
            accrual.credit_date = accrual.program_id._credit_date(accrual.period_start)

    def _compute_totals(self):
        totals = {
            accrual: values
            for accrual, *values in self.env["referral.compensation"]._read_group(
                [("accrual_id", "in", self.ids)],
                ["accrual_id"],
                ["base:sum", "amount:sum", "__count"],
            )
        }
        for accrual in self:
            accrual.base, accrual.amount, accrual.compensation_count = totals.get(
                accrual, (0.0, 0.0, 0)
            )

    # === CRUD METHODS === #

    def write(self, vals):
        if not OWN_FIELDS.isdisjoint(vals):
            raise UserError(
                self.env._(
                    "An accrual cannot be edited. Use its buttons to compute and post "
                    "it."
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_computed(self):
        kept = self.filtered(lambda accrual: accrual.state != "draft")
        if kept:
            raise UserError(
                self.env._(
                    "%(accruals)s cannot be deleted. An accrual that is not posted "
                    "can be recomputed.",
                    accruals=", ".join(kept.mapped("display_name")),
                )
            )

    # === STATE === #

    def _update_state(self, state, **values):
        """Bring the accrual into a state: the only way to change it.

        :param str state: the state to go to
        :param values: further values to write with it
        :raise UserError: if the present state does not allow it
        """
        self.ensure_one()
        if state not in TRANSITIONS[self.state]:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(accrual)s is %(old)s and cannot become %(new)s.",
                    accrual=self.display_name,
                    old=labels[self.state].lower(),
                    new=labels[state].lower(),
                )
            )
        result = super().write({"state": state, **values})
        if state == "posted":
            self._on_posted()
        return result

    def _on_posted(self):
        """Do what follows posting, in this order, in the transaction that posts.

        Further steps are added by ``super()``.
        """
        self.env["referral.referral.month"]._store(self)
        self._seal()
        for action in FOLLOWING:
            run_soon(self.env, action)
        self.activity_feedback(["referral_program.mail_activity_accrual_review"])

    # === ACTION METHODS === #

    def action_compute(self):
        """Compute the month anew from what is in the books now."""
        self.ensure_one()
        self.program_id._check_accountant()
        self.program_id._lock_for_accrual()
        self.program_id._check_can_accrue(self.period_start)
        if self.move_ids:
            raise UserError(
                self.env._(
                    "Some entries of %(accrual)s are posted, so it cannot be "
                    "recomputed. Post the rest.",
                    accrual=self.display_name,
                )
            )
        # sudo: accruals are made by the program, nobody may write them
        self.sudo()._compute_if_possible()

    def action_post(self):
        """Post the computed month."""
        self.ensure_one()
        self.program_id._check_accountant()
        self.program_id._lock_for_accrual()
        # sudo: accruals are made by the program, nobody may write them
        self.sudo()._post()
        # what is credited now is not to come any more, on the dashboard too
        self.env["referral.estimate"].sudo()._estimate(self.program_id.sudo())

    def action_view_entries(self):
        """Open the journal entries of these accruals."""
        return self.move_ids._get_records_action(name=self.env._("Journal Entries"))

    def action_view_compensations(self):
        """Open what the participants earned."""
        return window_of(self, "referral_compensation_action", "accrual_id")

    def action_view_lines(self):
        """Open the evidence."""
        return window_of(self, "referral_accrual_line_action", "accrual_id")
