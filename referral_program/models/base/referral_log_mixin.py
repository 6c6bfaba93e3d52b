from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class ReferralLogMixin(models.AbstractModel):
    """Rows that say what happened: added by the program, never changed.

    Nobody has the right to create them, so that only the program itself does;
    nobody edits or deletes them, not an administrator, not ``sudo()``. What is
    personal in them is erased when its time is over; that it happened stays.
    """

    _name = "referral.log.mixin"
    _description = "Referral Log Rows"
    #: The fields that are erased when their time is over.
    _personal_fields = ()

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self._refusal())

    def _erase(self):
        """Erase what is personal in the rows: the only change that they know."""
        kept = self.filtered(
            lambda row: any(map(row.__getitem__, row._personal_fields))
        )
        # past the refusal; sudo: nobody else has the right to
        return super(ReferralLogMixin, kept.sudo()).write(
            dict.fromkeys(self._personal_fields, False)
        )

    @api.autovacuum
    def _gc_personal(self):
        """Erase daily what is personal and old, in archived programs' rows too."""
        if not self._personal_fields:
            return
        some = Domain.OR(Domain(name, "!=", False) for name in self._personal_fields)
        programs = self.env["referral.program"].with_context(active_test=False)
        for program in programs.search([]):  # pylint: disable=no-search-all
            self.search(some & Domain(self._over_domain(program)))._erase()

    def _over_domain(self, program):
        """Return the domain of a program's rows whose time is over."""
        raise NotImplementedError

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self._refusal())

    def _refusal(self):
        return self.env._(
            "This is a record of what happened: it cannot be edited or deleted."
        )
