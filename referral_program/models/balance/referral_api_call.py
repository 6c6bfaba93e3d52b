import hashlib
import json

from psycopg2.errors import UniqueViolation

from odoo import fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import mute_logger

from ...tools.refusals import refusal


class ReferralApiCall(models.Model):
    """A call of the API that moved money: its key, what was asked, what was answered.

    Written in the transaction that moved it. The same key is answered from here, so
    that a call that is sent twice moves money once.
    """

    _name = "referral.api.call"
    _description = "Referral API Call"
    _inherit = ["referral.log.mixin"]
    _order = "id desc"
    _rec_name = "key"

    program_id = fields.Many2one("referral.program", required=True)
    company_id = fields.Many2one(related="program_id.company_id")
    participant_id = fields.Many2one("referral.participant", required=True, index=True)
    key = fields.Char(required=True, help="The caller's own.")
    method = fields.Char(required=True)
    arguments = fields.Text(required=True)
    arguments_sha256 = fields.Char("Hash of the Arguments")
    answer = fields.Text(required=True)
    user_id = fields.Many2one("res.users", required=True)
    called_on = fields.Datetime(required=True, default=fields.Datetime.now)

    _key_unique = models.UniqueIndex("(program_id, key)")

    def _once(self, participant, key, method, arguments, step):
        """Do something once for a key, and answer the same whenever it comes again.

        What is refused leaves nothing behind: its key can be sent again.

        :param participant: whose money it is, in superuser mode
        :param str key: the caller's own, of one call in the whole program
        :param dict arguments: what the call asks for, as plain data
        :param step: does it, and returns the answer as plain data
        :return: the answer
        :raise UserError: if the key was used for something else
        """
        participant._lock_money()
        program = participant.program_id
        # sudo: the caller reads no log
        calls = self.sudo()
        asked = json.dumps(arguments, sort_keys=True)
        digest = hashlib.sha256(f"{method} {asked}".encode()).hexdigest()
        done = calls.search([("program_id", "=", program.id), ("key", "=", key)])
        if done:
            if done.arguments_sha256 != digest:
                raise refusal(
                    "key_reused",
                    self.env._(
                        "This key was used for another call. Use a new key for each "
                        "thing you want done."
                    ),
                )
            return json.loads(done.answer)
        answer = step()
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                calls.create(
                    {
                        "program_id": program.id,
                        "participant_id": participant.id,
                        "key": key,
                        "method": method,
                        "arguments": asked,
                        "arguments_sha256": digest,
                        "answer": json.dumps(answer),
                        "user_id": self.env.uid,
                    }
                )
        except UniqueViolation as error:
            # the same key for two participants at once: Odoo runs this one again
            raise ConcurrencyError(key) from error
        return answer
