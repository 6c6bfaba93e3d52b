from odoo import models
from odoo.exceptions import AccessError


class IrSequence(models.Model):
    _inherit = "ir.sequence"

    def _next(self, sequence_date=None):
        """Draw no number of the program's documents for who makes none.

        Odoo lets every employee draw numbers: gaps in those of self-billing documents
        and acts of destruction would look as if some were missing.
        """
        # sudo: which numbers they are, is asked for whoever asks
        if not self.env.su and (self.sudo().code or "").startswith("referral."):
            raise AccessError(
                self.env._("Only the referral program itself draws these numbers.")
            )
        return super()._next(sequence_date)
