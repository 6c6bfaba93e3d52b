from odoo import models


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def _load_module_terms(self, modules, langs, *args, **kwargs):
        """Name the documents that are there already in a language that comes later."""
        result = super()._load_module_terms(modules, langs, *args, **kwargs)
        if "referral_program" in modules:
            self.env["referral.document"]._take_translations()
        return result
