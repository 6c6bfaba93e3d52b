import hashlib
from datetime import timedelta
from typing import NamedTuple

from odoo import fields, models

from odoo.addons.referral_program.tools.batches import batches

from .referral_job_mixin import IN_QUEUE

#: A job that waits for longer than that has nobody to do it.
LATE_JOB = timedelta(hours=1)
#: A job is tried so often, while others are in its way.
MAX_RETRIES = 10


class Job(NamedTuple):
    """How a step is a job: where, of how many records, and what goes on then."""

    channel: str
    size: int
    then: str | None = None


JOBS = {
    "_post_step": Job("root.referral.posting", 1000, "ir_cron_accrue"),
    "_bill_step": Job("root.referral.bills", 50),
    "_mail_step": Job("root.referral.mails", 50),
    "_documents_step": Job("root.referral.documents", 10),
    # a job that is cut short sends its events again
    "_deliver_step": Job("root.referral.events", 20),
}


class ReferralProgram(models.Model):
    """Steps of scheduled actions become jobs."""

    _inherit = "referral.program"

    def _in_steps(self, recordsets, method):
        """Have steps done by the queue, if it is a scheduled action that asks.

        The same step of the same records waits in the queue once.
        """
        job = JOBS.get(method)
        if not job or not self._in_job():
            return super()._in_steps(recordsets, method)
        queued = 0
        for recordset in recordsets:
            for records in batches(recordset, job.size):
                records.with_delay(
                    channel=job.channel,
                    max_retries=MAX_RETRIES,
                    identity_key=self._job_key(records, method),
                    description=f"{records._description}: {method}",
                )._do_step(method, job.then)
            queued += len(recordset)
        # the scheduled action is through with them
        self._checkpoint(queued)
        return None

    def _job_key(self, records, method):
        """Return what is the same of the same work, short enough for an index."""
        work = f"{records._name}.{method}{sorted(records.ids)}"
        return hashlib.sha256(work.encode()).hexdigest()

    def _give_way(self, error, action):
        if self.env.context.get(IN_QUEUE):
            raise error
        return super()._give_way(error, action)

    def _health(self):
        """Add jobs that failed, and those that nobody does."""
        # sudo: whoever watches over the servers is told numbers only
        jobs = self.env["queue.job"].sudo()
        ours = [("channel", "=like", "root.referral.%")]
        return {
            **super()._health(),
            "jobs_failed": jobs.search_count([*ours, ("state", "=", "failed")]),
            "jobs_waiting": jobs.search_count(
                [
                    *ours,
                    ("state", "in", ("pending", "enqueued", "started")),
                    ("date_created", "<", fields.Datetime.now() - LATE_JOB),
                ]
            ),
        }
