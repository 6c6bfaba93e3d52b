from odoo import models
from odoo.exceptions import AccessError


def _refused(records, name, result):
    """Return what is refused besides: what stands in lists that the user cannot open.

    :param str name: the field with the name of the list's model
    :param result: what Odoo's own check of access returned
    """
    if records.env.su:
        return result
    env = records.env
    # sudo: which list it is, is asked for whoever asks
    others = records.sudo().filtered(
        lambda one: (one[name] or "").startswith("referral.")
        and not (one[name] in env and env[one[name]].has_access("read"))
    )
    if not others:
        return result
    forbidden = records.browse(others.ids) | (result[0] if result else records.browse())
    return forbidden, lambda: AccessError(
        env._("Only those who see the lists of the referral program add to them.")
    )


class IrFilters(models.Model):
    """Filters of the program's lists are kept by those who see the lists.

    Odoo lets everybody with an account, clients too, hand a filter to whomever they
    name, that their lists begin with: one that hides rows, or that no list opens with.
    """

    _inherit = "ir.filters"

    def _check_access(self, operation):
        result = super()._check_access(operation)
        return result if operation == "read" else _refused(self, "model_id", result)


class IrEmbeddedActions(models.Model):
    """So are the buttons above them: of any name, they call any method."""

    _inherit = "ir.embedded.actions"

    def write(self, vals):
        result = super().write(vals)
        self.check_access("write")  # as Odoo's filters do
        return result

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if operation == "read":
            return result
        return _refused(self, "parent_res_model", result)
