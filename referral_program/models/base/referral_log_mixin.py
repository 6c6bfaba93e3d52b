from odoo import api, models
from odoo.exceptions import UserError


class ReferralLogMixin(models.AbstractModel):
    """Rows that say what happened: added by the program, never changed.

    Nobody has the right to create them, so that only the program itself does;
    nobody edits or deletes them, not an administrator, not ``sudo()``.
    """

    _name = "referral.log.mixin"
    _description = "Referral Log Rows"

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self._refusal())

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self._refusal())

    @api.model
    def _refusal(self):
        return self.env._(
            "This is a record of what happened: it cannot be edited or deleted."
        )
