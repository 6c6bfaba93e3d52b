from odoo import api, models

from .referral_history_mixin import told


class ReferralSightMixin(models.AbstractModel):
    """Records whose editors have to see every record that they name.

    Related and computed fields are read in superuser mode: without this, a form
    would tell what it knows of any record whose number somebody guessed. Nor does a
    record leave the sight of whoever edits it.
    """

    _name = "referral.sight.mixin"
    _description = "Referral Records Naming What One May See"

    def onchange(self, values, field_names, fields_spec):
        self._check_sight(values if self else self._with_defaults(values))
        return super().onchange(values, field_names, fields_spec)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            for vals in vals_list:
                self._check_sight(self._with_defaults(vals))
        return super().create(vals_list)

    def write(self, vals):
        self._check_sight(vals)
        self = told(self)  # noqa: PLW0642
        result = super().write(vals)
        if not self._relations().isdisjoint(vals):
            self.check_access("write")  # superuser mode passes
        return result

    @api.model
    def new(self, values=None, origin=None, ref=None):
        """Make a draft, of a form or of a line in one, of records that are seen."""
        draft = super().new(values, origin, ref)
        if not self.env.su:
            for name in self._relations() & (values or {}).keys():
                named = draft.with_context(active_test=False)[name]
                named._origin.check_access("read")
        return draft

    def _check_sight(self, values):
        """Refuse values that name, on a line even, what the user may not read.

        :raise AccessError: if they do
        """
        named = self._relations() & values.keys()
        if named and not self.env.su:
            self.browse().new({name: values[name] for name in named})

    def _with_defaults(self, values):
        """Return the values with the defaults, which a request can name as well."""
        missing = self._relations() - values.keys()
        return {**self.default_get(list(missing)), **values}

    def _relations(self):
        """Return the names of the fields that lead to other records."""
        return {name for name, field in self._fields.items() if field.relational}
