"""Bank accounts that say who somebody is, and those that stand for nobody.

The function and the query are one rule, said in Python and in SQL.
"""

import re

from odoo.tools import SQL

#: Shorter ones are made up, or name an account within some bank that is not told.
SHORTEST = 5


def names_somebody(number):
    """Tell whether an account number is one that only its owner has.

    :param number: letters and digits only, as ``sanitized_acc_number`` has them, or
        nothing
    :return bool: False for none, for fewer than five signs, and for zeros or one sign
        again and again, which people enter where they have to enter something

    >>> names_somebody("40702810938000000001"), names_somebody("00000000")
    (True, False)
    """
    number = number or ""
    return len(number) >= SHORTEST and not re.search(r"^[^1-9]*$|^(.)\1*$", number)


def names_somebody_query(column):
    """Return the SQL of the same, a condition.

    :param SQL column: a text, such as ``sanitized_acc_number``
    """
    return SQL(
        r"(LENGTH(COALESCE(%(number)s, '')) >= %(shortest)s"
        r" AND COALESCE(%(number)s, '') !~ '^[^1-9]*$|^(.)\1*$')",
        number=column,
        shortest=SHORTEST,
    )
