import logging
from functools import partial
from math import inf

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import format_date, html2plaintext
from odoo.tools.translate import LazyTranslate

from ...tools.failures import BUSY, failure_text, log_failure

_logger = logging.getLogger(__name__)
# no environment while a module loads: pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)

#: What the accountant is told when a step of a scheduled action fails.
FAILURES = {
    "accrual": _lt("The accrual failed, and nothing of it was saved: %(error)s"),
    "statements": _lt("The participants' statements were not made: %(error)s"),
    "mail": _lt("Participants were not written about their statements: %(error)s"),
    "estimate": _lt("The participants' estimates were not made: %(error)s"),
    "check": _lt("The integrity check could not be done: %(error)s"),
}
#: The activities of failures, where not that of all others.
FAILURE_ACTIVITIES = {"accrual": "referral_program.mail_activity_accrual_failed"}
FAILURE_ACTIVITY = "referral_program.mail_activity_failed"

#: Days before the credit day on which an accrual that is not posted is an alarm.
ALARM_DAYS = 2


class ReferralProgram(models.Model):
    """The daily scheduled action: accrue what is due, report what fails."""

    _inherit = "referral.program"

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
            report = partial(program._report_failure, "accrual")
            program._isolated(program._accrue_due_months, report)
            program._isolated(program._warn_before_credit_day, report)
            self._checkpoint(1)

    @api.model
    def _in_job(self):
        """Tell whether this is the scheduled action's own transaction."""
        return bool(self.env.context.get("ir_cron_progress_id"))

    @api.model
    def _checkpoint(self, processed=0, remaining=None):
        """Commit if this is the scheduled action's own transaction.

        :return float: the seconds that the scheduled action has left
        """
        if not self._in_job():
            return inf
        return self.env["ir.cron"]._commit_progress(processed, remaining=remaining)

    def _isolated(self, step, report):
        """Do one step of a scheduled action: keep it, or undo it and stop no other.

        A step that others are in the way of is left to the next run. Any other one
        that cannot be done has failed, which is logged and told.

        :param step: does it, without arguments
        :param report: tells somebody, given the reason as text
        """
        try:
            self._keep(step)
        except BUSY as error:
            self._undo()
            _logger.info("%s is left to the next run: %s", self, error)
        except Exception as error:  # one failure must not stop the others
            self._undo()
            log_failure(self, error)
            self._isolated_report(report, failure_text(error))

    def _isolated_report(self, report, text):
        try:
            self._keep(lambda: report(text))
        except Exception:  # as above
            self._undo()
            _logger.exception("The failure of %s could not be reported", self)

    def _keep(self, step):
        """Do a step and commit it; inside another transaction, leave it to that."""
        if self._in_job():
            step()
            self._checkpoint()
        else:
            with self.env.cr.savepoint():
                step()

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

    def _report_failure(self, kind, error):
        """Tell the accountant what failed, and why; once until that is looked at.

        :param str kind: a key of ``FAILURES``
        :param str error: why
        """
        self.ensure_one()
        if not self._try_lock_for_accrual():
            return
        self = self.with_context(lang=self._accountant().lang)  # noqa: PLW0642
        told = self.env._(FAILURES[kind])
        text = told % {"error": error}
        self.message_post(body=text)
        self._schedule_once(
            FAILURE_ACTIVITIES.get(kind, FAILURE_ACTIVITY), self._today(), text
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
            and html2plaintext(activity.note) == html2plaintext(note)
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
        return self.responsible_id or self._somebody("group_accountant")

    def _officer(self):
        """Return the user who gets activities about verification."""
        return self.officer_id or self._somebody("group_officer")

    def _somebody(self, group):
        """Return a user of the company in one of the program's groups."""
        self.ensure_one()
        group = self.env.ref(f"referral_program.{group}")
        # sudo: who is told does not depend on who runs the accrual
        users = group.sudo().all_user_ids.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        return users[:1] or self.env.user
