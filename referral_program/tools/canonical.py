"""Rows as one plain text that anybody can write again, to compare its hash.

Each row is a line that ends with a line feed, its cells are separated by commas.
Texts are in double quotes, with quotes doubled; numbers are plain decimals, rounded
to 6 of them, without exponent, thousands and zeros at the end; dates are written
2026-01-31; an empty cell is nothing.
"""

import re
from datetime import date

#: Control characters that a workbook cannot keep.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
#: A cell of a workbook holds no longer text.
MAX_TEXT = 32_767


def clean_text(text):
    """Return a text as a workbook keeps it: line feeds only, no control characters."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return CONTROL.sub("", plain)[:MAX_TEXT]


def canonical_row(cells):
    """Return one row's line.

    :param cells: ``None``, texts, numbers and dates
    """
    return ",".join(map(_cell, cells)) + "\n"


def _cell(value):
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    return _decimal(value)


def _decimal(number):
    # 15 digits are what a workbook's number holds for certain
    text = f"{float(f'{number:.15g}'):.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
