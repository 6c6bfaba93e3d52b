import ast
import re

from odoo import SUPERUSER_ID, api, models

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

#: How Odoo's models name any record: by the name of its model, and its number.
NAMED_MODEL = ("res_model", "model")
NAMED_IDS = ("res_id", "res_ids")
#: Odoo's own models of which the program says what is not deleted.
GUARDED = ("product.category",)


def _numbers(value):
    """Return the ids that a number, or a text with a list of them, may stand for.

    Odoo reads such a text as Python does, where a number can be hexadecimal.
    """
    text = str(value or "")
    try:
        read = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        read = re.findall(r"\d+", text)
    numbers = read if isinstance(read, (list, tuple, set)) else [read]
    return [int(n) for n in numbers if isinstance(n, int) or str(n).isdecimal()]


class Base(models.AbstractModel):
    """Whoever names a record of the program has to see it: on Odoo's models, too.

    Odoo's activities, mails, ratings and the like read the name of a record in
    superuser mode, and tell it to whoever guesses its number.
    """

    _inherit = "base"

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(vals_list)._naming_in_sight()

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint((*NAMED_MODEL, *NAMED_IDS)):
            self._naming_in_sight()
        return result

    def unlink(self):
        """Delete nothing that is guarded because a request says it is an uninstall.

        Odoo asks no guard by that key of the context, which everybody can send; it
        uninstalls as OdooBot.
        """
        guarded = self._name.startswith("referral.") or self._name in GUARDED
        if (
            guarded
            and self.env.uid != SUPERUSER_ID
            and self.env.context.get(MODULE_UNINSTALL_FLAG)
        ):
            self = self.with_context(**{MODULE_UNINSTALL_FLAG: False})  # noqa: PLW0642
        return super().unlink()

    @api.model
    def new(self, values=None, origin=None, ref=None):
        return super().new(values, origin, ref)._naming_in_sight()

    def onchange(self, values, field_names, fields_spec):
        naming = (*NAMED_MODEL, *NAMED_IDS, "res_model_id")
        if named := {name: values[name] for name in naming if name in values}:
            self.new(named, origin=self)  # refuses
        return super().onchange(values, field_names, fields_spec)

    def _naming_in_sight(self):
        """Return these records, unless one names what the user may not read.

        :raise AccessError: if one does
        """
        by_number = [name for name in NAMED_IDS if name in self._fields]
        if self.env.su or not by_number:
            return self
        for record in self.sudo():
            ids = [i for name in by_number for i in _numbers(record[name])]
            for name in NAMED_MODEL:
                model = record[name] if name in self._fields else ""
                if ids and isinstance(model, str) and model.startswith("referral."):
                    self.env[model].browse(ids).check_access("read")
        return self
