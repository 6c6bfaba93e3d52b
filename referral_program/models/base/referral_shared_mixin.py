from odoo import models
from odoo.exceptions import AccessError


class ReferralSharedMixin(models.AbstractModel):
    """Records of one company, or else of all, which those of all companies change.

    Companies concerned are those that have a program, archived or not. Whoever may
    not access all of them makes a copy, which is their own company's.
    """

    _name = "referral.shared.mixin"
    _description = "Records Shared by Referral Programs"
    _inherit = ["referral.sight.mixin"]

    #: The field that says whose a record is; empty, it is everybody's.
    _owner = "company_id"

    def _check_access(self, operation):
        refused = super()._check_access(operation)
        if refused or operation == "read":
            return refused
        shared = self.filtered(lambda record: not record.sudo()[self._owner])
        if not shared or self._may_change_shared():
            return None
        return shared, lambda: AccessError(
            self.env._(
                "This is shared by all companies that have a referral program, and "
                "you may not access all of them. Duplicate it: the copy is your "
                "company's own."
            )
        )

    def _may_change_shared(self):
        """Tell whether the user may access all companies that have a program."""
        # sudo: which companies there are, is asked for those that one cannot see
        programs = self.env["referral.program"].sudo().with_context(active_test=False)
        others = [("company_id", "not in", self.env.user.company_ids.ids)]
        return self.env.su or not programs.search_count(others, limit=1)

    def _own(self):
        """Return whose a record is that the user makes."""
        if self._may_change_shared():
            return self.env[self._fields[self._owner].comodel_name]
        return self._of_own_company()

    def _of_own_company(self):
        return self.env.company

    def copy_data(self, default=None):
        """Return the values of copies: the own company's, if one may not share them."""
        if not self._may_change_shared():
            default = {self._owner: self._of_own_company().id, **(default or {})}
        return super().copy_data(default)
