import logging
import time
from datetime import timedelta
from functools import partial
from http.client import HTTPException

from odoo import fields, models
from odoo.exceptions import ValidationError

from ...tools import webhooks
from .referral_event import DELIVER

_logger = logging.getLogger(__name__)

#: Events of one run; what is left is for the next one, which begins at once.
BATCH = 500
#: Minutes until the second attempt; each further one waits twice as long, up to the
#: last number. All in all that is more than three days.
FIRST_WAIT = 5
LONGEST_WAIT = 12 * 60
MAX_ATTEMPTS = 14
#: The parameter that lets tests have events sent to this very machine.
LOOPBACK = "referral_program.events_to_loopback"
SIGNATURE = "Referral-Signature"
EVENT_ID = "Referral-Event-Id"


class ReferralEvent(models.Model):
    """Delivering what happened, and trying again."""

    _inherit = "referral.event"

    def _cron_deliver(self):
        """Deliver what is due, of each program in the order in which it happened.

        As a scheduled action it commits each event. An address that does not answer
        keeps the events of its program for the next run, and no others.
        """
        programs = self.env["referral.program"]
        # sudo: events are the program's own
        events = self.sudo()
        due = events.search(self._due_domain(), order="id", limit=BATCH)
        programs._checkpoint(remaining=events.search_count(self._due_domain()))
        programs._in_steps(due.grouped("program_id").values(), "_deliver_step")

    def _deliver_step(self):
        """Deliver a program's events in their order, until nobody answers."""
        program = self.program_id
        report = partial(program._report_failure, "events")
        for event in self:
            program._isolated(event._deliver, report, DELIVER)
            unanswered = event.state == "pending" and not event.status
            if not program._checkpoint(1) or unanswered:
                break

    def _due_domain(self):
        return [
            ("state", "=", "pending"),
            ("next_attempt_on", "<=", fields.Datetime.now()),
            ("program_id.event_url", "!=", False),
            ("program_id.active", "=", True),
        ]

    def _deliver(self):
        """Send the event, and keep what came of it."""
        self.ensure_one()
        if not self.try_lock_for_update() or self.state != "pending":
            return
        status, problem = self._send()
        if 200 <= status < 300:
            self._update_state(
                "delivered",
                attempts=self.attempts + 1,
                delivered_on=fields.Datetime.now(),
                next_attempt_on=False,
                status=status,
                error=False,
            )
        else:
            self._put_off(status, problem)

    def _send(self):
        """Post the event once.

        :return: a pair of the answer's status, 0 without one, and what was wrong
        """
        program, body = self.program_id, self.body.encode()
        try:
            key = program._event_key()
        except ValidationError as error:  # the server's own key is missing
            return 0, error.args[0][:200]
        signature = webhooks.sign(key, int(time.time()), body)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Odoo-Referral-Program",
            EVENT_ID: self.uid,
            SIGNATURE: signature,
        }
        try:
            status = webhooks.post(
                program.event_url, body, headers, program._events_to_loopback()
            )
        except webhooks.BadAddress as error:
            return 0, program._explain_address(error.args[0])
        except (OSError, HTTPException) as error:
            return 0, f"{type(error).__name__}: {error}"[:200]
        if 300 <= status < 400:
            return status, self.env._("Redirects are not followed.")
        return status, self.env._("The answer was %(status)s.", status=status)

    def _put_off(self, status, problem):
        """Try again later, each time later than before; give up at last."""
        attempts = self.attempts + 1
        wait = min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)
        given_up = attempts >= MAX_ATTEMPTS
        again_on = fields.Datetime.now() + timedelta(minutes=wait)
        self._update_state(
            "failed" if given_up else "pending",
            attempts=attempts,
            next_attempt_on=not given_up and again_on,
            status=status,
            error=problem,
        )
        _logger.info("Event %s was not delivered: %s", self.uid, problem)
        if given_up:
            self.program_id._report_failure("events", problem)
