import logging

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.actions import run_soon
from ...tools.batches import batches
from ...tools.columns import write_columns
from ...tools.failures import BUSY, failure_text

_logger = logging.getLogger(__name__)

#: Mails that are written together and kept together: until then nobody else changes
#: what they are about.
MAIL_BATCH_SIZE = 50
MAILS = "ir_cron_mails"


class ReferralMailMixin(models.AbstractModel):
    """What participants are written about: soon, once, and stopping nothing.

    Writing takes a fifth of the time that billing does, and a template that somebody
    broke must not keep money back: both wait for a scheduled action. A model's own
    ``_by_mail_template`` returns its records by the external ids of their templates.
    """

    _name = "referral.mail.mixin"
    _description = "Referral Mails"

    to_mail = fields.Boolean("To E-mail", copy=False)

    _to_mail_idx = models.Index("(id) WHERE to_mail")

    def _mail_soon(self):
        """Have the scheduled action write about these, in the state of that moment."""
        write_columns(self, to_mail=True)
        run_soon(self.env, MAILS)

    @api.model
    def _cron_mail(self):
        """Write about what is due, committing each batch."""
        programs = self.env["referral.program"]
        try:
            for name in ("referral.withdrawal", "referral.redemption"):
                # sudo: written by the scheduled action
                self.env[name].sudo()._mail_due()
        except BUSY as error:
            if not programs._in_job():
                raise
            programs._give_way(error, MAILS)

    def _mail_due(self):
        """Write to those who want it, a batch at a time, once each."""
        due = self.search([("to_mail", "=", True)], order="id")
        programs = self.env["referral.program"]
        programs._in_steps(batches(due, MAIL_BATCH_SIZE), "_mail_step")

    def _mail_step(self):
        """Write about those that nobody wrote about yet, and keep that."""
        due = self._still_to_mail()
        for name, records in due._by_mail_template().items():
            # nothing, if somebody deleted it
            if template := self.env["referral.program"]._mail_template(name):
                records._mail(template)
        write_columns(due, to_mail=False)
        self.env["referral.program"]._checkpoint()

    def _still_to_mail(self):
        """Return those that nobody wrote about, or is at, and take them."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM %s
                 WHERE to_mail AND id IN %s
                 ORDER BY id
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                SQL.identifier(self._table),
                self._ids,
            )
        )
        return self.browse(id_ for (id_,) in rows)

    def _mail(self, template):
        """Queue the mails of a batch; one that cannot be written stops no other."""
        try:
            with self.env.cr.savepoint():
                self._queue_mails(template)
            return
        except BUSY:
            raise
        except Exception:  # whatever somebody has made of the template
            self.env.invalidate_all()
        failures = {}
        for record in self:
            try:
                with self.env.cr.savepoint():
                    record._queue_mails(template)
            except BUSY:
                raise
            except Exception as error:  # as above
                self.env.invalidate_all()
                _logger.exception("No mail about %s", record)
                failures.setdefault(record.program_id, failure_text(error))
        for program, error in failures.items():
            program._report_failure("mail", error)

    def _queue_mails(self, template):
        for program, records in self.grouped("program_id").items():
            template.send_mail_batch(
                records.ids,
                email_values=program._prepare_mail_vals(),
                email_layout_xmlid="referral_program.mail_layout",
            )
