from odoo import api, models
from odoo.http import request

#: By these keys of its context a request would have its changes told to nobody.
UNTOLD = ("tracking_disable", "mail_notrack")


def told(records):
    """Return records whose changes are told, whatever a request's context says."""
    if not request:
        return records
    return records.with_context(**dict.fromkeys(UNTOLD, False))


class ReferralHistoryMixin(models.AbstractModel):
    """Rows whose changes are told in the history of the record that they belong to.

    A model names that record by ``_history_of`` and gives ``tracking=True`` to what
    matters. A row that is added or deleted is told with all its values.
    """

    _name = "referral.history.mixin"
    _description = "Referral History Rows"

    #: The many2one field of the record with the chatter.
    _history_of = None

    def _valid_field_parameter(self, field, name):
        return name == "tracking" or super()._valid_field_parameter(field, name)

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        empty = dict.fromkeys(self._history_fields())
        for row in rows:
            row._tell_history(
                self.env._("%(row)s added", row=row._history_name()), empty
            )
        return rows

    def write(self, vals):
        names = [name for name in self._history_fields() if name in vals]
        before = [(row, {name: row[name] for name in names}) for row in self]
        result = super().write(vals)
        for row, values in before:
            row._tell_history(
                self.env._("%(row)s changed", row=row._history_name()), values
            )
        return result

    def unlink(self):
        names = self._history_fields()
        empty = self.new()
        for row in self:
            before = {name: row[name] for name in names}
            changes = empty._mail_track(self.fields_get(names), before)[1]
            self._log_history(
                row[self._history_of],
                self.env._("%(row)s deleted", row=row._history_name()),
                changes,
            )
        return super().unlink()

    def _history_fields(self):
        return [
            name
            for name, field in self._fields.items()
            if getattr(field, "tracking", False)
        ]

    def _history_name(self):
        """Return how the history calls this row."""
        self.ensure_one()
        return f"{self.env['ir.model']._get(self._name).name}: {self.display_name}"

    def _tell_history(self, title, before):
        self.ensure_one()
        changes = self._mail_track(self.fields_get(list(before)), before)[1]
        if changes:
            self._log_history(self[self._history_of], title, changes)

    def _log_history(self, record, title, changes):
        if not any(map(told(self).env.context.get, UNTOLD)):
            record._message_log(body=title, tracking_value_ids=changes)
