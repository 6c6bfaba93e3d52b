import logging
from datetime import timedelta
from functools import partial
from math import inf

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from ...tools.actions import run_soon
from ...tools.failures import BUSY, failure_text, log_failure

_logger = logging.getLogger(__name__)
# no environment while a module loads: pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)

#: What the accountant is told when a step of a scheduled action fails.
FAILURES = {
    "documents": _lt("Documents of statements were not created: %(error)s"),
    "accrual": _lt("The accrual failed, and nothing of it was saved: %(error)s"),
    "statements": _lt("The participants' statements were not made: %(error)s"),
    "mail": _lt("Participants were not written to: %(error)s"),
    "estimate": _lt("The participants' estimates were not made: %(error)s"),
    "check": _lt("The integrity check could not be done: %(error)s"),
    "claim": _lt("A participant's claim of a client was not checked: %(error)s"),
    "events": _lt("An event was not delivered to your own system: %(error)s"),
    "news": _lt("Participants were not written about their clients: %(error)s"),
    "standing": _lt("A monthly withdrawal could not be made: %(error)s"),
    "redeem": _lt("An invoice was not paid from the balance: %(error)s"),
    "watch": _lt("Reminders to colleagues could not be checked: %(error)s"),
}
#: The activities of failures, where not that of all others.
FAILURE_ACTIVITIES = {"accrual": "referral_program.mail_activity_accrual_failed"}
FAILURE_ACTIVITY = "referral_program.mail_activity_failed"
ACCRUE = "ir_cron_accrue"

#: After that time, what others were in the way of is tried again.
RETRY_DELAY = timedelta(minutes=1)


class ReferralProgram(models.Model):
    """The daily scheduled action: accrue what is due, report what fails."""

    _inherit = "referral.program"

    @api.model
    def _close_scheduled_actions(self):
        """Keep the scheduled actions for whoever may change them anyway.

        Odoo lets everybody with an account run an action that is for no group in
        particular, and these act in superuser mode.
        """
        actions = self.env["ir.cron"].with_context(active_test=False)
        open_ones = [
            ("model_id.model", "=like", "referral.%"),
            ("group_ids", "=", False),
        ]
        actions.search(open_ones).group_ids = self.env.ref("base.group_system")

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
            program._isolated(program._accrue_due_months, report, ACCRUE)
            program._isolated(program._warn_before_credit_day, report, ACCRUE)
            self._checkpoint(1)

    def _in_job(self):
        """Tell whether this is the scheduled action's own transaction."""
        return bool(self.env.context.get("ir_cron_progress_id"))

    def _checkpoint(self, processed=0, remaining=None):
        """Commit if this is the scheduled action's own transaction.

        :return float: the seconds that the scheduled action has left
        """
        if not self._in_job():
            return inf
        return self.env["ir.cron"]._commit_progress(processed, remaining=remaining)

    def _in_steps(self, batches, method):
        """Have a scheduled action's steps done: here, one batch after the other.

        What is installed beside this addon may override it to have them done later
        and elsewhere, in parts, several at once: a step finds out for itself what is
        still to do, and ends with a checkpoint.

        :param batches: recordsets
        :param str method: that of the records that does the step, without arguments
        """
        for batch in batches:
            getattr(batch, method)()
            # ids only: a batch forgets what it loaded
            self.env.invalidate_all()

    def _in_turn(self, steps, failure, action):
        """Do the steps of a scheduled action one after the other, each for itself.

        :param steps: pairs of the program and what does the step, without arguments
        :param str failure: a key of ``FAILURES``
        :param str action: as in :meth:`_isolated`
        """
        self._checkpoint(remaining=len(steps))
        for program, step in steps:
            program._isolated(step, partial(program._report_failure, failure), action)
            self._checkpoint(1)

    def _isolated(self, step, report, action):
        """Do one step of a scheduled action: keep it, or undo it and stop no other.

        A step that others are in the way of is tried again soon. Any other one that
        cannot be done has failed, which is logged and told.

        :param step: does it, without arguments
        :param report: tells somebody, given the reason as text
        :param str action: the scheduled action's external id, without the module
        """
        try:
            self._keep(step)
        except BUSY as error:
            self._give_way(error, action)
        except Exception as error:  # one failure must not stop the others
            self._undo()
            log_failure(self, error)
            self._isolated_report(report, failure_text(error), action)

    def _isolated_report(self, report, text, action):
        try:
            self._keep(lambda: report(text))
        except BUSY as error:
            self._give_way(error, action)
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

    def _give_way(self, error, action):
        """Undo what others are in the way of, and have it tried again soon.

        :param error: one of ``BUSY``
        :param str action: as in :meth:`_isolated`
        """
        self._undo()
        _logger.info("%s is tried again soon: %s", self, error)
        run_soon(self.env, action, fields.Datetime.now() + RETRY_DELAY)
        self._checkpoint()

    def _take_for_step(self):
        """Take the program for a step of a scheduled action.

        :raise ConcurrencyError: if somebody else has it; the step is tried again soon
        """
        if not self._try_lock_for_accrual():
            raise ConcurrencyError(f"somebody else is at {self}")

    def _share_for_step(self):
        """Take the program for a step that others may do with other records.

        :raise ConcurrencyError: if somebody has it for themselves
        """
        self.ensure_one()
        taken = self.env.execute_query(
            SQL(
                "SELECT id FROM referral_program WHERE id = %s FOR SHARE SKIP LOCKED",
                self.id,
            )
        )
        if not taken:
            raise ConcurrencyError(f"somebody else is at {self}")

    def _accrue_due_months(self):
        while True:
            self._take_for_step()
            period = self._next_period()
            if not period or not self._is_over(period):
                return
            accrual = self._get_or_create_accrual(period)
            if accrual.state == "draft" or accrual._is_outdated():
                accrual._compute_if_possible()
                self._checkpoint()
            if self.posting_policy == "review" and not accrual.move_ids:
                return
            self._in_steps(accrual._batches_to_post(), "_post_step")
            self._take_for_step()
            if not accrual._end():
                return  # others are at it still
            self._checkpoint()

    def _report_failure(self, kind, error):
        """Tell the accountant what failed, and why; once until that is looked at.

        :param str kind: a key of ``FAILURES``
        :param str error: why
        """
        self.ensure_one()
        self._take_for_step()
        self = self.with_context(lang=self._accountant().lang)  # noqa: PLW0642
        told = self.env._(FAILURES[kind])
        text = told % {"error": error}
        self.message_post(body=text)
        self._schedule_once(
            FAILURE_ACTIVITIES.get(kind, FAILURE_ACTIVITY), self._today(), text
        )
