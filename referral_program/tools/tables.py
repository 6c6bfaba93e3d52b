"""Tables as plain data, which one page and one workbook print, whatever they say.

=============  ==========================================================
``text``       as it is; ``note`` is the same in red
``date``       a day; ``month`` is the first day of one
``count``      whole numbers, which are summed
``money``      with the decimals of the table's currency, summed
``exact``      with up to six decimals, summed
``level``      money that has no sum, as a balance at a moment
``percent``    a number that is a percentage
``across``     the sum of a row's columns, from one to another (``of``)
``share``      one column divided by another (``of``); sums are divided, too
=============  ==========================================================
"""

from odoo import models
from odoo.tools import format_date, formatLang

NUMBERS = ("count", "money", "exact", "level", "percent", "across", "share")
SUMMED = ("count", "money", "exact", "across")


def column(name, label, kind="text", width=16, of=()):
    """Return a column.

    :param str name: its key in the rows
    :param str label: the heading
    :param int width: in letters
    :param of: for computed kinds, the names of the two columns that they are made of
    """
    return {
        "name": name,
        "label": label,
        "kind": kind,
        "width": width,
        "of": of,
        "number": kind in NUMBERS,
    }


def table(columns, rows, currency, title="", total=None, groups=(), **values):
    """Return a table with its totals, by column's name.

    :param rows: dictionaries by column's name; shares need not be in them
    :param currency: that of all its amounts
    :param str total: what the row of the sums is called; without it there is none
    :param groups: pairs of a label and rows, if groups of rows have sums as well
    :param values: ``after``, a list of what stands below the sums of the last column:
        label, value and, if it is computed, a workbook's formula, in which
        ``{total}`` and ``{above}`` are cells; ``live``, whether sums in a workbook
        leave out rows that a reader filters out
    """
    for row in rows:
        _divide(columns, row)
    return {
        "columns": columns,
        "rows": rows,
        "currency": currency,
        "title": title,
        "total": total,
        "totals": sums(columns, rows, currency),
        "groups": groups,
        "after": (),
        "live": False,
        **values,
    }


def rows_of(records, columns, **computed):
    """Return rows of records: of each column, the field of its name as a text or value.

    :param computed: functions that return what is in the columns that are no fields
    """
    labels = {
        name: dict(field._description_selection(records.env))
        for name, field in records._fields.items()
        if field.type == "selection"
    }

    def value(record, name):
        if name in computed:
            return computed[name](record)
        found = record[name]
        if isinstance(found, models.BaseModel):
            # sudo: the names in a row are no secret to who sees the row
            return found.sudo().display_name
        return labels[name].get(found) if name in labels else found

    return [
        {one["name"]: value(record, one["name"]) for one in columns}
        for record in records
    ]


def sums(columns, rows, currency):
    """Return the sums of rows by column's name, rounded as the column is."""
    found = {}
    for one in columns:
        if one["kind"] in SUMMED:
            total = sum(row[one["name"]] for row in rows)
            is_money = one["kind"] in ("money", "across")
            found[one["name"]] = currency.round(total) if is_money else round(total, 6)
    _divide(columns, found)
    return found


def _divide(columns, row):
    for one in columns:
        if one["kind"] == "share":
            part, whole = (row[name] for name in one["of"])
            row[one["name"]] = part / whole if whole else None


def show(env, value, column, currency):
    """Return a cell's text, as the viewer reads it."""
    if value is None or value is False:
        return ""
    kind = column["kind"]
    if kind in ("money", "across", "level"):
        return formatLang(env, value, digits=currency.decimal_places)
    if kind == "share":
        return formatLang(env, 100 * value, digits=2)
    if kind == "month":
        return format_date(env, value, date_format="LLLL y")
    if kind == "date":
        return format_date(env, value)
    return value
