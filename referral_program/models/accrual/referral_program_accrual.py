from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date, ormcache

from ...tools.roles import check_role
from ..earning.conditions import Conditions


class ReferralProgram(models.Model):
    """The program's months: which is next, who may accrue it, on what conditions."""

    _inherit = "referral.program"

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
                    "%(program)s is being accrued by somebody else right now. Please "
                    "try again in a minute.",
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
                    "Give the month of an accrual by its first day, such as 1 May."
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
                    "%(month)s is not over yet: it can be accrued from the first day "
                    "of the next month.",
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
                    "%(later)s exists already, so %(month)s can no longer be accrued: "
                    "its amounts are included in the later accrual.",
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
                    "Post %(earlier)s first: %(month)s builds on it.",
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
                    "create them with the button Set Up Accounting.",
                    program=self.name,
                    missing=", ".join(missing),
                )
            )

    def _is_over(self, period_start):
        return period_start + relativedelta(months=1) <= self._today()

    def _next_period(self):
        """Return the first day of the next month to accrue.

        :return: the oldest month that is not posted, whether it is over or not;
            False before the first referral under the first terms
        """
        self.ensure_one()
        return self._next_periods()[self]

    def _next_periods(self):
        """Return the first day of the next month to accrue of each program.

        :return dict: program → date, or False; see :meth:`_next_period`
        """
        # sudo: what comes next does not depend on who asks
        programs = self.sudo()
        last, posted = {}, {}
        for program, state, period in programs.env["referral.accrual"]._read_group(
            [("program_id", "in", self.ids)],
            ["program_id", "state"],
            ["period_start:max"],
        ):
            last[program.id] = max(period, last.get(program.id, period))
            if state == "posted":
                posted[program.id] = period
        beginning = [program.id for program in self if program.id not in last]
        first_referrals = dict(
            programs.env["referral.referral"]._read_group(
                [
                    ("program_id", "in", beginning),
                    ("state", "in", ("active", "ended")),
                ],
                ["program_id"],
                ["date_start:min"],
            )
        )
        return {
            program: program._period_after(
                last.get(program.id),
                posted.get(program.id),
                first_referrals.get(program),
            )
            for program in self
        }

    def _period_after(self, last, posted, first_referral):
        """Return the month to accrue after these: the last begun, the last posted."""
        if last:
            return last + relativedelta(months=1) if last == posted else last
        first_terms = min(self.terms_ids.mapped("date_from"), default=None)
        if not first_referral or not first_terms:
            return False
        return max(first_referral, first_terms).replace(day=1)

    def _conditions(self, accrual):
        """Return what the program says about a month, as plain data."""
        self.ensure_one()
        # sudo: journals and products count for whoever runs the accrual
        program = self.sudo().with_context(active_test=False)
        return Conditions(
            program_id=self.id,
            end=accrual.period_end,
            company_ids=self._companies()._ids,
            unit=self.currency_id.rounding,
            bonus_journal_ids=program.bonus_journal_ids._ids,
            payment_journal_ids=program.payment_journal_ids._ids,
            bank_only=self.paid_when == "bank",
            by_attribution=self.terms_by == "attribution",
            discount_product_ids=program.discount_product_ids._ids,
            accrual_id=accrual.id,
            has_tiers=bool(program.terms_ids.tier_ids),
            redemptions=self.redemption_counts,
        )

    @ormcache()
    def _counting(self):
        """Return which programs count the invoices of which companies.

        :return: pairs of program's and company's ids, archived ones too; and whether
            any program counts payments only when a bank statement matched them
        """
        # sudo: events of all users leave marks for all programs
        programs = self.sudo().with_context(active_test=False)
        programs = programs.search([])  # pylint: disable=no-search-all
        pairs = tuple(
            (program.id, company_id)
            for program in programs
            for company_id in program._companies()._ids
        )
        return pairs, "bank" in programs.mapped("paid_when")

    @ormcache()
    def _liability_accounts(self):
        """Return the ids of the accounts that hold what participants are owed."""
        # sudo: bills of all users are checked, archived programs' too
        programs = self.sudo().with_context(active_test=False)
        programs = programs.search([])  # pylint: disable=no-search-all
        return frozenset(programs.liability_account_id.ids)

    def _companies(self):
        """Return the companies whose invoices count: the program's and its branches."""
        # sudo: the caller need not have access to all branches
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        return companies.search([("id", "child_of", self.company_id.id)])

    # === ACTION METHODS === #

    def _check_accountant(self):
        """Refuse callers who may see accruals but not run them.

        :raise AccessError: if the user is no accountant of the program
        """
        self.check_access("read")
        check_role(
            self.env,
            self.env._("Only an accountant of the program may run accruals."),
            "referral_program.group_accountant",
        )

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
