import hmac
from datetime import timedelta

from odoo import fields, models

from ...tools import secrets

#: The parameter with the word that a monitor says.
PARAMETER = "referral_program.health_token"
#: Shortest word that is one: nobody guesses it.
LEAST_LENGTH = 20
#: A scheduled action that is later than that is not running, and an event not leaving.
LATE_ACTION = timedelta(hours=3)
LATE_EVENT = timedelta(hours=1)
#: The nightly check has missed a night.
OLD_CHECK = timedelta(hours=36)


class ReferralProgram(models.Model):
    """Whether everything runs, for whoever watches over the servers."""

    _inherit = "referral.program"

    def _knows_health_token(self, token):
        """Tell whether a monitor may be told.

        :param str token: what it says; nothing is right before there is a token
        """
        # sudo: a parameter of the server
        known = self.env["ir.config_parameter"].sudo().get_param(PARAMETER) or ""
        return len(known) >= LEAST_LENGTH and hmac.compare_digest(
            known.encode(), token.encode()
        )

    def _health(self):
        """Return how many things are wrong, of each kind, in all programs.

        :return dict: kind → number; all zero if nothing is
        """
        # sudo: whoever watches over the servers is told numbers only
        programs = self.sudo().search([])  # pylint: disable=no-search-all
        now = fields.Datetime.now()
        events = [("program_id", "in", programs.ids)]
        event_count = self.env["referral.event"].sudo().search_count
        return {
            "scheduled_actions": self._ailing_actions(now),
            "months_late": len(programs.filtered(lambda p: p._is_credit_late())),
            "integrity_failed": len(programs.filtered(lambda p: p._is_unsound(now))),
            "events_given_up": event_count([*events, ("state", "=", "failed")]),
            "events_waiting": event_count(
                [
                    *events,
                    ("state", "=", "pending"),
                    ("program_id.event_url", "!=", False),
                    ("occurred_on", "<", now - LATE_EVENT),
                ]
            ),
            "document_key": int(not secrets.is_ready()),
        }

    def _ailing_actions(self, now):
        """Return how many of our scheduled actions are off, late or failing."""
        actions = self._scheduled_actions()
        return len(
            actions.filtered(
                lambda action: not action.active
                or action.failure_count
                or action.nextcall < now - LATE_ACTION
            )
        )

    def _is_credit_late(self):
        """Tell whether a month is not posted although its credit day has passed."""
        period = self._next_period()
        if not period or not self._is_over(period):
            return False
        return self._today() > self._credit_date(period)

    def _is_unsound(self, now):
        """Tell whether the last check of everything failed, or is long ago."""
        run = self._last_integrity_runs().get(self)
        if not run:
            return bool(self.accrual_ids)
        return run.state == "failed" or run.started_on < now - OLD_CHECK
