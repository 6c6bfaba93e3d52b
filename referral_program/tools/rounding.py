"""The one rounding of amounts: half up, to the currency's unit.

The unit is not always one of its decimals: Swiss cash has steps of 0.05.
"""

from odoo.tools import SQL


def rounded_query(amount, unit):
    """Return the SQL of an amount as ``res.currency.round`` would round it, exactly.

    Half a unit goes away from zero.

    :param SQL amount: a ``numeric``
    :param unit: the currency's ``rounding``
    """
    exact = SQL("%s::numeric", str(unit))
    return SQL("ROUND((%s) / %s) * %s", amount, exact, exact)
