from odoo import models

from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.referral_program.models.program.referral_program_cron import (
    FAILURE_ACTIVITY,
)
from odoo.addons.referral_program.tools.failures import BUSY

#: Says that a step is a job, so that what is in its way has the job done again.
IN_QUEUE = "referral_in_queue"


class ReferralJobMixin(models.AbstractModel):
    """Records on which steps of scheduled actions are done as jobs."""

    _name = "referral.job.mixin"
    _description = "Steps That Are Jobs"

    def _do_step(self, method, then=None):
        """Do a step; have it done again if others are in its way.

        :param str method: as of ``referral.program._in_steps``
        :param str then: the scheduled action that goes on when the step is done: its
            external id, without the module
        :raise RetryableJobError: if others are in the way
        """
        try:
            getattr(self.exists().with_context(**{IN_QUEUE: True}), method)()
            self.env.flush_all()
        except BUSY as error:
            raise RetryableJobError(f"Others are at it: {error}") from error
        if then:
            # sudo: whoever does a job need not be allowed to start scheduled actions
            self.env.ref(f"referral_program.{then}").sudo()._trigger()

    def _on_step_failed(self, exc_message=None, **_failure):
        """Tell the accountants of a job that is not tried again."""
        for program in self.exists().program_id:
            told = program.with_context(lang=program._accountant().lang)
            text = told.env._(
                "A job in the background failed and is not tried again: %(error)s",
                error=exc_message,
            )
            told.message_post(body=text)
            told._schedule_once(FAILURE_ACTIVITY, told._today(), text)
