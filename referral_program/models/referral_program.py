import logging

from dateutil.relativedelta import relativedelta
from psycopg2.errors import SerializationFailure

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date

from ..tools.earned import Conditions

_logger = logging.getLogger(__name__)

#: Shipped categories whose services earn nothing.
EXCLUDED_CATEGORIES = (
    "product_category_colocation_racks",
    "product_category_focl_rental",
    "product_category_fibre_maintenance",
    "product_category_transit_connections",
    "product_category_qrator_filtering",
    "product_category_api_security",
    "product_category_public_clouds",
    "product_category_domains",
)
#: Days before the credit day on which an accrual that is not posted is an alarm.
ALARM_DAYS = 2


class ReferralProgram(models.Model):
    """One company's referral program: terms, accounts, limits."""

    _name = "referral.program"
    _description = "Referral Program"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "company_id, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
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

    # Terms
    terms_ids = fields.One2many("referral.program.terms", "program_id", "Terms")
    terms_by = fields.Selection(
        [
            ("invoice", "The invoice's date"),
            ("attribution", "The day the referral began"),
        ],
        "Terms in Force On",
        required=True,
        default="invoice",
        tracking=True,
        help="Which terms a line falls under: those in force on the invoice's date, "
        "or those in force when the referral began (cohorts).",
    )
    discount_product_ids = fields.Many2many(
        "product.product",
        string="Discount Products",
        help="An invoice that carries one of these products is discounted as a whole.",
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
    bonus_journal_ids = fields.Many2many(
        "account.journal",
        "referral_program_bonus_journal_rel",
        string="Bonus Journals",
        check_company=True,
        help="Payments in these journals are bonuses, not money: they earn nothing.",
    )
    payment_journal_ids = fields.Many2many(
        "account.journal",
        "referral_program_payment_journal_rel",
        string="Further Payment Journals",
        check_company=True,
        domain=[("type", "=", "general")],
        help="Miscellaneous entries in these journals count as money. Those in other "
        "miscellaneous journals, such as write-offs, do not.",
    )

    # Accounting
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
        help="Debited by what the participants earn.",
    )
    liability_account_id = fields.Many2one(
        "account.account",
        tracking=True,
        check_company=True,
        domain=[("account_type", "=", "liability_current"), ("reconcile", "=", True)],
        help="Credited by what the participants earn: its balance is what the company "
        "owes them.",
    )
    bill_journal_id = fields.Many2one(
        "account.journal",
        "Vendor Bill Journal",
        tracking=True,
        check_company=True,
        domain=[("type", "=", "purchase")],
        help="The journal of the bills that pay withdrawals.",
    )
    posting_policy = fields.Selection(
        [
            ("automatic", "At once"),
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

    # Limits
    min_withdrawal = fields.Monetary("Minimum Withdrawal", default=10000, tracking=True)
    verification_days = fields.Integer(
        default=2,
        tracking=True,
        help="Working days within which documents are verified.",
    )
    attribution_days = fields.Integer(
        "Attribution Window",
        default=30,
        tracking=True,
        help="Days after a click on a referral link within which a sign-up counts.",
    )

    accrual_steps = fields.Integer(
        default=0, required=True, readonly=True, copy=False, help="Steps taken so far."
    )
    participant_ids = fields.One2many(
        "referral.participant", "program_id", "Participants"
    )
    accrual_ids = fields.One2many("referral.accrual", "program_id", "Accruals")
    participant_count = fields.Integer(compute="_compute_counts")
    accrual_count = fields.Integer(compute="_compute_counts")
    next_period = fields.Date(
        "Next Month", compute="_compute_next_period", help="The next month to accrue."
    )
    next_period_due = fields.Boolean(compute="_compute_next_period")
    liability = fields.Monetary(
        compute="_compute_liability",
        help="What the company owes all participants, from the general ledger.",
    )

    _company_unique = models.UniqueIndex(
        "(company_id) WHERE active",
        "The company has a referral program already.",
    )
    _credit_day_in_month = models.Constraint(
        "CHECK (credit_day BETWEEN 1 AND 28)", "The credit day is between 1 and 28."
    )
    _limits_not_negative = models.Constraint(
        "CHECK (min_withdrawal >= 0 AND verification_days >= 0 "
        "AND attribution_days >= 0)",
        "Limits cannot be negative.",
    )

    # === COMPUTE METHODS === #

    def _compute_counts(self):
        participants = dict(
            self.env["referral.participant"]._read_group(
                [("program_id", "in", self.ids)], ["program_id"], ["__count"]
            )
        )
        accruals = dict(
            self.env["referral.accrual"]._read_group(
                [("program_id", "in", self.ids)], ["program_id"], ["__count"]
            )
        )
        for program in self:
            program.participant_count = participants.get(program, 0)
            program.accrual_count = accruals.get(program, 0)

    def _compute_next_period(self):
        for program in self:
            period = program._next_period()
            program.next_period = period
            program.next_period_due = bool(period) and program._is_over(period)

    def _compute_liability(self):
        for program in self:
            # sudo: staff of the program see the sum without seeing the items
            [[balance]] = (
                self.env["account.move.line"]
                .sudo()
                ._read_group(
                    [
                        ("account_id", "=", program.liability_account_id.id),
                        ("company_id", "child_of", program.company_id.id),
                        ("parent_state", "=", "posted"),
                    ],
                    [],
                    ["balance:sum"],
                )
            )
            program.liability = -(balance or 0.0)

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

    # === CRUD METHODS === #

    def write(self, vals):
        if "liability_account_id" in vals or "company_id" in vals:
            self._check_ledger_can_change(vals)
        result = super().write(vals)
        if {
            "terms_by",
            "discount_product_ids",
            "paid_when",
            "bonus_journal_ids",
            "payment_journal_ids",
            "company_id",
        } & vals.keys():
            self._mark_everything()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.sudo().accrual_ids or self.sudo().participant_ids:
            raise UserError(
                self.env._(
                    "The program has participants or accruals, so it stays. Archive it "
                    "instead."
                )
            )

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
                        "that account nor the company can change any more.",
                        account=program.liability_account_id.display_name,
                    )
                )

    def _mark_everything(self):
        """Have the next accrual compute these programs anew, from the beginning."""
        if self:
            self.env["referral.mark"]._mark_everything(self)

    # === SET-UP === #

    @api.model
    def _get_or_create_for_company(self, company):
        """Return the company's program, made with a working default if it has none.

        :param company: a ``res.company``, with or without a chart of accounts
        :return: the ``referral.program``
        """
        program = self.with_context(active_test=False).search(
            [("company_id", "=", company.id)], order="active desc, id", limit=1
        )
        program.active = True
        if not program:
            program = self.create(
                {
                    "name": self.env._("Referral Program"),
                    "company_id": company.id,
                    "terms_ids": [Command.create({})],
                }
            )
        program._set_up_accounting()
        return program

    def _set_up_accounting(self):
        """Make the journal and the accounts that the program still lacks.

        Works for any chart of accounts: the codes are free ones beside those of
        the company's own accounts of the same type.
        """
        for program in self:
            program._set_up("journal_id", "account.journal", "_prepare_journal_vals")
            program._set_up(
                "expense_account_id", "account.account", "_prepare_expense_vals"
            )
            program._set_up(
                "liability_account_id", "account.account", "_prepare_liability_vals"
            )
            if not program.bill_journal_id:
                journals = self.env["account.journal"]
                program.bill_journal_id = journals.search(
                    [
                        *journals._check_company_domain(program.company_id),
                        ("type", "=", "purchase"),
                    ],
                    limit=1,
                )

    def _set_up(self, field, model, prepare):
        """Fill a field with the company's own record, made if there is none."""
        if self[field]:
            return
        name = f"referral_program.{self.company_id.id}_{field}"
        record = self.env.ref(name, raise_if_not_found=False)
        if not record:
            record = (
                self.env[model]
                .with_company(self.company_id)
                .create(getattr(self, prepare)())
            )
            self.env["ir.model.data"]._update_xmlids(
                [{"xml_id": name, "record": record, "noupdate": True}]
            )
        self[field] = record

    def _prepare_journal_vals(self):
        taken = set(
            self.env["account.journal"]
            .with_context(active_test=False)
            .search(self.env["account.journal"]._check_company_domain(self.company_id))
            .mapped("code")
        )
        codes = ["REF", *(f"REF{number}" for number in range(1, 100))]
        return {
            "name": self.env._("Referral Program"),
            "type": "general",
            "code": next(code for code in codes if code not in taken),
            "company_id": self.company_id.id,
            "show_on_dashboard": False,
        }

    def _prepare_expense_vals(self):
        return {
            "name": self.env._("Referral Compensation"),
            "code": self._free_account_code("expense", "650000"),
            "account_type": "expense",
            "company_ids": [Command.link(self.company_id.root_id.id)],
        }

    def _prepare_liability_vals(self):
        return {
            "name": self.env._("Referral Balances"),
            "code": self._free_account_code("liability_current", "250000"),
            "account_type": "liability_current",
            "reconcile": True,
            "company_ids": [Command.link(self.company_id.root_id.id)],
        }

    def _free_account_code(self, account_type, default):
        """Return a free code beside the chart's last account of a type."""
        accounts = self.env["account.account"].with_company(self.company_id)
        last = accounts.search(
            [
                *accounts._check_company_domain(self.company_id),
                ("account_type", "=", account_type),
            ],
            order="code desc",
            limit=1,
        )
        return accounts._search_new_account_code(last.code or default)

    # === ACCRUAL === #

    def _accrue(self, period_start):
        """Compute a month and, if the policy is automatic, post it.

        Nothing is committed: it is the caller's transaction. Running a posted
        month again changes nothing; running a computed one computes it anew,
        unless some of its entries are posted.

        :param period_start: the month's first day, a date or its ISO text
        :return: the month's ``referral.accrual``
        :raise UserError: if the month is not over, earlier months are not posted,
            later ones exist, accounts are missing, or another process is at it
        """
        self.ensure_one()
        self._lock_for_accrual()
        accrual = self._get_or_create_accrual(period_start)
        if accrual.state != "posted":
            accrual._compute_if_possible()
            if self.posting_policy == "automatic":
                accrual._post()
        return accrual.with_env(self.env)

    def _lock_for_accrual(self):
        """Let one process at a time accrue the program.

        :raise UserError: if another one is at it
        """
        if not self._try_lock_for_accrual():
            raise UserError(
                self.env._(
                    "%(program)s is being accrued by somebody else at this moment. "
                    "Wait a little and look again.",
                    program=self.name,
                )
            )

    def _try_lock_for_accrual(self):
        """Take the program for one step of an accrual, until the transaction ends.

        The lock alone would not do: whoever got it just after another process's
        commit could still look at the books from before. Counting the step makes
        PostgreSQL refuse such a one.

        :return bool: False if another process has it
        :raise SerializationFailure: if another process did a step since this
            transaction began
        """
        self.ensure_one()
        if not self.try_lock_for_update(allow_referencing=True):
            return False
        self.env.cr.execute(
            SQL(
                "UPDATE referral_program SET accrual_steps = accrual_steps + 1"
                " WHERE id = %s",
                self.id,
            )
        )
        return True

    def _get_or_create_accrual(self, period_start):
        """Return the month's accrual if it may be worked on now."""
        period_start = fields.Date.to_date(period_start)
        if not period_start or period_start.day != 1:
            raise UserError(
                self.env._(
                    "An accrual's month is given by its first day, such as 1 May."
                )
            )
        # sudo: accruals are made by the program, nobody may write them
        accruals = self.env["referral.accrual"].sudo()
        accrual = accruals.search(
            [("program_id", "=", self.id), ("period_start", "=", period_start)]
        )
        if accrual.state == "posted":
            return accrual
        self._check_can_accrue(period_start)
        return accrual or accruals.create(
            {"program_id": self.id, "period_start": period_start}
        )

    def _check_can_accrue(self, period_start):
        """Refuse months out of order, too early, or without accounts."""
        self._check_accounting()
        month = format_date(self.env, period_start, date_format="LLLL y")
        if not self._is_over(period_start):
            raise UserError(
                self.env._(
                    "%(month)s is not over: it is accrued from the first of the next "
                    "month on.",
                    month=month,
                )
            )
        accruals = self.env["referral.accrual"].sudo()
        of_program = ("program_id", "=", self.id)
        later = accruals.search(
            [of_program, ("period_start", ">", period_start)], limit=1
        )
        if later:
            raise UserError(
                self.env._(
                    "%(later)s exists already, so %(month)s cannot be accrued any "
                    "more: whatever belongs to it is in the later one.",
                    later=later.display_name,
                    month=month,
                )
            )
        earlier = accruals.search(
            [
                of_program,
                ("period_start", "<", period_start),
                ("state", "!=", "posted"),
            ],
            limit=1,
        )
        if earlier:
            raise UserError(
                self.env._(
                    "Post %(earlier)s first: %(month)s builds upon it.",
                    earlier=earlier.display_name,
                    month=month,
                )
            )

    def _check_accounting(self):
        """Refuse to accrue without accounts, saying which are missing."""
        missing = [
            self._fields[name]._description_string(self.env)
            for name in ("journal_id", "expense_account_id", "liability_account_id")
            if not self.sudo()[name]
        ]
        if missing:
            raise UserError(
                self.env._(
                    "%(program)s has no %(missing)s. Choose them in the program, or "
                    "have them made with the button Set Up Accounting.",
                    program=self.name,
                    missing=", ".join(missing),
                )
            )

    def _today(self):
        """Return today's date where the company is."""
        timezone = self.company_id.partner_id.tz or self.env.context.get("tz")
        return fields.Date.context_today(self.with_context(tz=timezone))

    def _is_over(self, period_start):
        return period_start + relativedelta(months=1) <= self._today()

    def _next_period(self):
        """Return the first day of the next month to accrue.

        :return: the oldest month that is not posted, whether it is over or not;
            False before the first referral under the first terms
        """
        self.ensure_one()
        last = (
            self.env["referral.accrual"]
            .sudo()
            .search([("program_id", "=", self.id)], order="period_start desc", limit=1)
        )
        if last:
            step = 1 if last.state == "posted" else 0
            return last.period_start + relativedelta(months=step)
        [[first_bond]] = (
            self.env["referral.referral"]
            .sudo()
            ._read_group(
                [("program_id", "=", self.id), ("state", "in", ("active", "ended"))],
                [],
                ["date_start:min"],
            )
        )
        first_terms = min(self.terms_ids.mapped("date_from"), default=None)
        if not first_bond or not first_terms:
            return False
        return max(first_bond, first_terms).replace(day=1)

    def _conditions(self, accrual):
        """Return what the program says about a month, as plain data."""
        self.ensure_one()
        # sudo: journals and products count for whoever runs the accrual
        program = self.sudo().with_context(active_test=False)
        return Conditions(
            program_id=self.id,
            end=accrual.period_end,
            company_ids=self._companies()._ids,
            decimals=self.currency_id.decimal_places,
            bonus_journal_ids=program.bonus_journal_ids._ids,
            payment_journal_ids=program.payment_journal_ids._ids,
            bank_only=self.paid_when == "bank",
            by_attribution=self.terms_by == "attribution",
            discount_product_ids=program.discount_product_ids._ids,
            accrual_id=accrual.id,
            has_tiers=bool(program.terms_ids.tier_ids),
        )

    def _companies(self):
        """Return the companies whose invoices count: the program's and its branches."""
        # sudo: the caller need not have access to all branches
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        return companies.search([("id", "child_of", self.company_id.id)])

    # === SCHEDULED ACTION === #

    @api.model
    def _cron_accrue(self):
        """Catch up all due months of all programs, oldest first.

        As a scheduled action it commits each step: a computed month, a batch of
        entries. Called otherwise it leaves the transaction to its caller. A
        program that fails does not stop the others: the failure is reported in
        its chatter and to its accountant.
        """
        programs = self.search([])  # pylint: disable=no-search-all
        self._checkpoint(remaining=len(programs))
        for program in programs:
            program._isolated(program._accrue_due_months)
            program._isolated(program._warn_before_credit_day)
            self._checkpoint(1)

    @api.model
    def _in_job(self):
        """Tell whether this is the scheduled action's own transaction."""
        return bool(self.env.context.get("ir_cron_progress_id"))

    @api.model
    def _checkpoint(self, processed=0, remaining=None):
        """Commit if this is the scheduled action's own transaction."""
        if self._in_job():
            self.env["ir.cron"]._commit_progress(processed, remaining=remaining)

    def _isolated(self, step):
        """Do a step for one program; undo and report it if it fails."""
        self.ensure_one()
        try:
            if self._in_job():
                step()
                self._checkpoint()
            else:
                with self.env.cr.savepoint():
                    step()
        except SerializationFailure:
            # another worker did the same step first; nothing of ours is kept
            self._undo()
            _logger.info("%s is being accrued by another worker", self)
        except Exception as error:  # a program's failure must not stop the others
            self._undo()
            if not isinstance(error, UserError | ValidationError):
                _logger.exception("Accrual of %s failed", self)
            self._report_failure(error)

    def _undo(self):
        if self._in_job():
            self.env.cr.rollback()
        self.env.invalidate_all()

    def _accrue_due_months(self):
        while True:
            if not self._try_lock_for_accrual():
                return
            period = self._next_period()
            if not period or not self._is_over(period):
                return
            accrual = self._get_or_create_accrual(period)
            if accrual.state == "draft" or accrual._is_outdated():
                accrual._compute_if_possible()
                self._checkpoint()
            if self.posting_policy == "review" and not accrual.move_ids:
                return
            while accrual.state != "posted":
                if not self._try_lock_for_accrual():
                    return
                accrual._post_batch()
                self._checkpoint()

    def _report_failure(self, error):
        """Tell the accountant why the program was not accrued."""
        if not self._try_lock_for_accrual():
            return
        self = self.with_context(lang=self._accountant().lang)  # noqa: PLW0642
        text = self.env._(
            "The accrual failed and nothing of it was kept: %(error)s", error=error
        )
        self.message_post(body=text)
        self._schedule_once(
            "referral_program.mail_activity_accrual_failed", self._today(), text
        )

    def _warn_before_credit_day(self):
        """Raise an alarm if a month is not posted shortly before its credit day."""
        self.ensure_one()
        if not self._try_lock_for_accrual():
            return
        period = self._next_period()
        if not period or not self._is_over(period):
            return
        deadline = self._credit_date(period)
        if self._today() < deadline - relativedelta(days=ALARM_DAYS):
            return
        self = self.with_context(lang=self._accountant().lang)  # noqa: PLW0642
        self._schedule_once(
            "referral_program.mail_activity_credit_alarm",
            deadline,
            self.env._(
                "%(month)s has to be credited by %(date)s and is not posted.",
                month=format_date(self.env, period, date_format="LLLL y"),
                date=format_date(self.env, deadline),
            ),
        )

    def _credit_date(self, period_start):
        """Return the day by which a month has to be credited."""
        return (period_start + relativedelta(months=1)).replace(day=self.credit_day)

    def _schedule_once(self, activity_type, deadline, note):
        """Plan an activity for the accountant unless the same is open already."""
        kind = self.env.ref(activity_type)
        same = self.activity_ids.filtered(
            lambda activity: activity.activity_type_id == kind
            and activity.date_deadline == deadline
        )
        if not same:
            self.activity_schedule(
                activity_type,
                date_deadline=deadline,
                note=note,
                user_id=self._accountant().id,
            )

    def _accountant(self):
        """Return the user who gets activities about accruals."""
        self.ensure_one()
        if self.responsible_id:
            return self.responsible_id
        group = self.env.ref("referral_program.group_accountant")
        # sudo: who is told does not depend on who runs the accrual
        users = group.sudo().all_user_ids.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        return users[:1] or self.env.user

    # === ACTION METHODS === #

    def _check_accountant(self):
        """Refuse callers who may see accruals but not run them.

        :raise AccessError: if the user is no accountant of the program
        """
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(
            "referral_program.group_accountant"
        ):
            raise AccessError(
                self.env._("Only an accountant of the program may run accruals.")
            )

    def action_set_up_accounting(self):
        """Make the journal and the accounts that are missing."""
        self._set_up_accounting()

    def action_accrue_next(self):
        """Accrue the next month that is over and open it."""
        self.ensure_one()
        self._check_accountant()
        period = self._next_period()
        if not period:
            raise UserError(
                self.env._(
                    "There is nothing to accrue yet: the program needs terms and a "
                    "first referral."
                )
            )
        accrual = self._accrue(period)
        return accrual._get_records_action()

    def action_view_participants(self):
        """Open the program's participants."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "referral_program.referral_participant_action"
        )
        action["domain"] = [("program_id", "in", self.ids)]
        return action

    def action_view_accruals(self):
        """Open the program's accruals."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "referral_program.referral_accrual_action"
        )
        action["domain"] = [("program_id", "in", self.ids)]
        return action
