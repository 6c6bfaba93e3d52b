from odoo import api, models
from odoo.exceptions import UserError


class ReferralImmutableMixin(models.AbstractModel):
    """Rows that accruals write in SQL, and that nobody creates, edits or deletes.

    Not by RPC, not by an administrator, not by ``sudo()``: a ledger is corrected by
    further rows.
    """

    _name = "referral.immutable.mixin"
    _description = "Referral Immutable Rows"
    _inherit = ["referral.log.mixin"]

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(self._refusal())

    def _refusal(self):
        """Return why, and what to do instead."""
        return self.env._(
            "These records are written by accruals and cannot be edited or deleted. "
            "Late facts are included in the next accrual; correct anything else by an "
            "entry on the liability account."
        )
