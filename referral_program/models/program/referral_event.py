import json
import uuid
from datetime import timedelta

from odoo import api, fields, models

from ...tools.actions import run_soon
from ...tools.roles import check_role

DELIVER = "ir_cron_deliver_events"


class ReferralEvent(models.Model):
    """Something that happened, to be told to the provider's own system.

    Written in the transaction in which it happened, and delivered after its commit:
    what was undone is never told, what happened is never forgotten. A row is also the
    log of its delivery.
    """

    _name = "referral.event"
    _description = "Referral Event"
    _order = "id desc"
    _rec_name = "uid"

    uid = fields.Char(
        "Event ID",
        required=True,
        help="The same however often it is sent: your system knows by it what it has "
        "already.",
    )
    kind = fields.Char("Event", required=True)
    program_id = fields.Many2one("referral.program", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="program_id.company_id")
    participant_id = fields.Many2one(
        "referral.participant", index=True, ondelete="cascade"
    )
    occurred_on = fields.Datetime(required=True)
    body = fields.Text(required=True, help="What is sent.")
    state = fields.Selection(
        [("pending", "To Deliver"), ("delivered", "Delivered"), ("failed", "Given Up")],
        required=True,
        default="pending",
    )
    attempts = fields.Integer()
    next_attempt_on = fields.Datetime("Next Attempt")
    delivered_on = fields.Datetime()
    status = fields.Integer("HTTP Status", help="The last answer; 0 if there was none.")
    error = fields.Char("Problem", help="Of the last attempt.")

    _uid_unique = models.UniqueIndex("(uid)")
    _pending_idx = models.Index("(next_attempt_on, id) WHERE state = 'pending'")
    _program_idx = models.Index("(program_id, occurred_on)")

    # === RECORDING === #

    def _record(self, kind, records):
        """Write down what happened, if the program has an address to tell it to.

        :param str kind: such as ``withdrawal.paid``
        :param records: to which it happened, participants or what is theirs: they have
            ``program_id`` and ``_event_data()``
        """
        # sudo: whoever causes an event neither reads programs nor writes events
        records = records.sudo()
        told = records.filtered("program_id.event_url")
        if not told:
            return
        now = fields.Datetime.now()
        self.sudo().create(
            [self._prepare_event_vals(kind, record, now) for record in told]
        )
        self._deliver_soon()

    def _prepare_event_vals(self, kind, record, now):
        uid = uuid.uuid4().hex
        is_participant = record._name == "referral.participant"
        participant = record if is_participant else record.participant_id
        body = {
            "id": uid,
            "type": kind,
            "occurred_on": f"{now.replace(microsecond=0).isoformat()}Z",
            "data": {
                "partner_id": participant.partner_id.id,
                "code": participant.code,
                **record._event_data(),
            },
        }
        return {
            "uid": uid,
            "kind": kind,
            "program_id": record.program_id.id,
            "participant_id": participant.id,
            "occurred_on": now,
            "next_attempt_on": now,
            "body": json.dumps(body),
        }

    def _deliver_soon(self):
        """Have the scheduled action run after this transaction, once."""
        noted = self.env.cr.precommit.data
        if noted.get("referral.event"):
            return
        noted["referral.event"] = True
        run_soon(self.env, DELIVER)

    # === STATE === #

    def _update_state(self, state, **values):
        """Bring events into a state: the only way to change it.

        Any state may follow any: what was given up, or delivered, is sent again.

        :param values: what else is kept of it
        """
        self.write({"state": state, **values})

    @api.autovacuum
    def _gc_events(self):
        """Forget what was delivered, or given up, as long ago as traces are kept."""
        programs = self.env["referral.program"].with_context(active_test=False)
        for program in programs.search([]):  # pylint: disable=no-search-all
            limit = fields.Datetime.now() - timedelta(days=program.trace_days)
            # sudo: nobody else may
            self.sudo().search(
                [
                    ("program_id", "=", program.id),
                    ("occurred_on", "<", limit),
                    ("state", "!=", "pending"),
                ]
            ).unlink()

    # === ACTION METHODS === #

    def action_send_again(self):
        """Deliver these events, whatever came of them before."""
        check_role(
            self.env,
            self.env._("Only an administrator may send events again."),
            "referral_program.group_administrator",
        )
        self.check_access("read")
        # sudo: nobody writes events but by this button
        self.sudo()._update_state(
            "pending", attempts=0, next_attempt_on=fields.Datetime.now()
        )
        self._deliver_soon()
