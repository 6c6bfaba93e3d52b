"""Amounts as people type them, and as they are in another currency."""

import re
from decimal import Decimal

from odoo.tools import float_round

#: Longest amount that is looked at.
MAX_LENGTH = 30


def parse_amount(text, decimal_point="."):
    """Return the amount that somebody typed.

    Spaces and apostrophes separate thousands. Of a point and a comma, the last one
    begins the decimals if both are there; if one alone stands before three digits,
    the language decides.

    :param str text: such as ``12 500,50``, ``12,500.50`` or ``12500``
    :param str decimal_point: of the language, ``.`` or ``,``
    :return float: the amount
    :raise ValueError: if it is not one amount
    """
    plain = re.sub(r"[\s'’\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]", "", text or "")
    if len(plain) > MAX_LENGTH or not re.fullmatch(r"\d+([.,]\d+)*", plain, re.ASCII):
        raise ValueError(text)
    parts = re.split(r"[.,]", plain)
    signs = re.findall(r"[.,]", plain)
    decimals = ""
    if signs and (len(signs) == 1 or signs[-1] != signs[-2]):
        last_is_point = len(parts[-1]) != 3 or signs[-1] == decimal_point
        if last_is_point or len(set(signs)) > 1:
            decimals = parts.pop()
            signs.pop()
    if len(set(signs)) > 1 or any(len(part) != 3 for part in parts[1:]):
        raise ValueError(text)
    return float(Decimal("".join(parts) + "." + (decimals or "0")))


def exact(amount, decimals):
    """Return an amount as programs exchange it, such as ``"12500.50"``.

    :param float amount: rounded to so many decimals already
    :param int decimals: how many to write
    """
    text = f"{amount:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text


def settled_by(amount, rate, rounding):
    """Return what an amount settles in another currency: never more than it is worth.

    :param float amount: in one's own currency
    :param float rate: units of the other currency for one of the own
    :param float rounding: the other currency's smallest amount
    :return float: a multiple of ``rounding``, zero if it settles nothing
    """
    return float_round(
        amount * rate, precision_rounding=rounding, rounding_method="DOWN"
    )


def taken_for(settled, rate, rounding):
    """Return what has to be taken to settle an amount: never less than it is worth.

    :param float settled: in the other currency
    :param float rate: units of the other currency for one of the own
    :param float rounding: the own currency's smallest amount
    :return float: in the own currency, a multiple of ``rounding``
    """
    return float_round(
        settled / rate, precision_rounding=rounding, rounding_method="UP"
    )
