from odoo import models

#: Where a transaction keeps what is to be logged, while changes are tracked.
LOGGED = "referral.withdrawal.logged"


class ReferralWithdrawal(models.Model):
    """The history of withdrawals that change together is written together."""

    _inherit = "referral.withdrawal"

    def _message_track(self, fields_iter, initial_values_dict):
        """Log the changes of all at once; Odoo does it for one after the other."""
        data = self.env.cr.precommit.data
        logged = data[LOGGED] = {}
        try:
            tracking = super()._message_track(fields_iter, initial_values_dict)
        finally:
            data.pop(LOGGED, None)
        for options, notes in logged.items():
            self._log_changes(notes, **dict(options))
        return tracking

    def _message_log(self, *, body="", tracking_value_ids=False, **options):
        logged = self.env.cr.precommit.data.get(LOGGED)
        if logged is None:
            return super()._message_log(
                body=body, tracking_value_ids=tracking_value_ids, **options
            )
        notes = logged.setdefault(frozenset(options.items()), {})
        notes[self.id] = (body, tracking_value_ids)
        return self.env["mail.message"]

    def _log_changes(self, notes, **options):
        """Write a note for each withdrawal, with the values that changed.

        :param dict notes: withdrawal's id → text and commands that create the values
        :param options: of all the notes, as of :meth:`_message_log_batch`
        """
        messages = self.browse(notes)._message_log_batch(
            {own_id: body for own_id, (body, _changes) in notes.items()}, **options
        )
        # sudo: whoever changes a withdrawal leaves its history, as Odoo has it
        self.env["mail.tracking.value"].sudo().create(
            [
                {**values, "mail_message_id": message.id}
                for message, (_body, changes) in zip(
                    messages, notes.values(), strict=True
                )
                for _command, _id, values in changes
            ]
        )
