from odoo import models
from odoo.exceptions import AccessError

from ...tools.roles import has_role

#: What the addon's own external ids begin with, and those of the glue addons.
OWN = "referral_program"
#: By this key of the context a request is an import, which names what it makes.
IMPORTING = "_import_current_module"


class IrModelData(models.Model):
    """External ids stay with the records that they came with.

    By a request's context Odoo lets everybody with an account, clients too, give any
    external id to a record that they make: the program's mails would be theirs, which
    are written in superuser mode, and nobody in a role or a company any more.
    """

    _inherit = "ir.model.data"

    def _update_xmlids(self, data_list, update=False):
        # while apps are installed, names are given by their own data
        if self.env.registry.ready and (
            IMPORTING in self.env.context
            # in superuser mode, too: so Odoo imports
            or not has_role(self.sudo(False).env, "base.group_erp_manager")
        ):
            self._check_stay({data["xml_id"]: data["record"] for data in data_list})
        return super()._update_xmlids(data_list, update)

    def _check_stay(self, named):
        """Refuse to give a name that is taken to another record.

        :param dict named: external id → the record that is to have it
        :raise AccessError: if one is another record's, or the program's
        """
        parts = [name.split(".", 1) for name in named]
        # sudo: external ids are not everybody's to read
        rows = self.sudo().search(
            [
                ("module", "in", [module for module, _name in parts]),
                ("name", "in", [name for _module, name in parts]),
            ]
        )
        taken = {f"{row.module}.{row.name}": row for row in rows}
        importing = IMPORTING in self.env.context
        for name, record in named.items():
            row = taken.get(name, self.browse())
            if (row.model, row.res_id) == (record._name, record.id):
                continue
            if name.startswith(OWN) or importing and row._is_there():
                raise AccessError(
                    self.env._(
                        "The external ID %(name)s belongs to another record. Choose "
                        "another one.",
                        name=name,
                    )
                )

    def _is_there(self):
        """Tell whether the record that has the name exists."""
        row = self.sudo()  # sudo: as above
        return row.model in self.env and bool(
            row.env[row.model].browse(row.res_id).exists()
        )
