from odoo import api, models


class IrDefault(models.Model):
    _inherit = "ir.default"

    @api.model
    def _get_model_defaults(self, model_name, condition=False):
        """Know no default of what the user may not write, or only the program writes.

        Every employee keeps defaults for themselves, of whatever field, and Odoo takes
        them along into superuser mode. Windows are filled in by what opens them.
        """
        defaults = super()._get_model_defaults(model_name, condition)
        # with the rights of who asks, in superuser mode, too
        model = self.env[model_name].sudo(False)
        of_program = model_name.startswith("referral.")
        if not defaults or model._transient:
            return defaults
        if of_program and not model.has_access("create"):
            return {}
        return {
            name: value
            for name, value in defaults.items()
            if not (of_program or name.startswith("referral_"))
            or self._may_be_filled_in(model, model._fields[name])
        }

    def _may_be_filled_in(self, model, field):
        return (
            field.name != "state"
            and not field.readonly
            and model._has_field_access(field, "write")
        )
