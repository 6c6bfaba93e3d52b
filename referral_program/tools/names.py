"""Finding records by the name that people read, where no column has it."""

from odoo.fields import Domain


def search_by_display_name(model, operator, value):
    """Return the domain of a model's few records with such a display name.

    :param model: an empty recordset; all records that its user may read are looked at
    :param str operator: any operator of a text
    :param value: what is typed
    """
    found = model.search([]).filtered_domain([("display_name", operator, value)])
    return Domain("id", "in", found.ids)
