"""Writing what nobody may write: past the checks, marks and logs of a model."""

from odoo.tools import SQL


def write_columns(records, **values):
    """Write some columns of records in SQL.

    :param values: by the names of the columns
    """
    if not records.ids:
        return
    assignments = SQL(", ").join(
        SQL("%s = %s", SQL.identifier(name), value) for name, value in values.items()
    )
    table = SQL.identifier(records._table)
    update = SQL("UPDATE %s SET %s WHERE id IN %s", table, assignments, records._ids)
    records.env.cr.execute(update)
    records.invalidate_recordset(list(values))
