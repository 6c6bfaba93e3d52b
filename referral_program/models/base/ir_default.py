from odoo import api, models


class IrDefault(models.Model):
    _inherit = "ir.default"

    @api.model
    def _get_model_defaults(self, model_name, condition=False):
        """Know no default of what only the program writes.

        Every employee keeps defaults for themselves, of whatever field, and Odoo takes
        them along into superuser mode. What opens a window fills in its fields.
        """
        defaults = super()._get_model_defaults(model_name, condition)
        model = self.env[model_name]
        of_program = model_name.startswith("referral.") and not model._transient
        return {
            name: value
            for name, value in defaults.items()
            if not (of_program or name.startswith("referral_"))
            or name != "state"
            and not model._fields[name].readonly
        }
