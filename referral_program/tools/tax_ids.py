"""Tax ids as people write them, brought into the form in which they are compared.

The function and the query are one rule, said in Python and in SQL.
"""

import re

from odoo.tools import SQL


def plain_tax_id(text):
    """Return a tax id without its country's letters, spaces and signs.

    :param text: as it is written, or nothing
    :return str: empty if the number stands for nobody: without digits, or of zeros

    >>> plain_tax_id("RU 7707-083-893")
    '7707083893'
    """
    signs = re.sub(r"[^A-Za-z0-9]", "", text or "").upper()
    plain = re.sub(r"^[A-Z]{2}", "", signs)
    return plain if re.search(r"[1-9]", plain) else ""


def plain_tax_id_query(column):
    """Return the SQL of the same.

    :param SQL column: a text
    """
    return SQL(
        "REGEXP_REPLACE(REGEXP_REPLACE(UPPER("
        "REGEXP_REPLACE(COALESCE(%s, ''), '[^A-Za-z0-9]', '', 'g') COLLATE \"C\"),"
        " '^[A-Z]{2}', ''), '^[^1-9]*$', '')",
        column,
    )
