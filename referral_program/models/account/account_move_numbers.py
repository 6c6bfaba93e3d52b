from odoo import models


class AccountMove(models.Model):
    """Bills of withdrawals that are posted together are numbered together."""

    _inherit = "account.move"

    def _get_next_sequence_format(self):
        """Look for the last number of a journal once for all bills that go on from it.

        For each further one Odoo would find the number that it has just given, of
        which it needs the form only: it goes on counting in the same place.
        """
        if not self._pays_withdrawals():
            return super()._get_next_sequence_format()
        found, counted_as = self._get_sequence_cache(), self._counted_as()
        if counted_as not in found:
            found[counted_as] = super()._get_next_sequence_format()
        form, values = found[counted_as]
        return form, dict(values)

    def _counted_as(self):
        """Return what decides after which others of all this one is counted."""
        journal, document_type = self.journal_id, "l10n_latam_document_type_id"
        return (
            journal,
            self.date,
            self.move_type,
            # in journals of self-billing each vendor's are counted for themselves
            journal.is_self_billing and self.commercial_partner_id,
            # as are in Latin America those of each type
            document_type in self._fields and self[document_type],
        )
