"""What each invoice line has earned by a day: the rule of accrual as SQL.

One query serves whoever asks: the accrual stores what it finds, and an
explanation shows it. It comes in three parts, each a plain ``SELECT``:

* :func:`root_query` has a row for each invoice to look at;
* :func:`group_query` has a row for each *group*, an invoice with the credit
  notes that reverse it: how much of it is paid, whose bond it falls under,
  which terms hold;
* :func:`line_query` has a row for each line of those groups: what it has earned
  by the day, what earlier accruals gave, and the difference with its amount.

Each reads the part before it under a name (``referral_root``,
``referral_group``): a temporary table with statistics for a month, a common
table expression for a few invoices (:func:`whole_query`).

A line that earns nothing has a reason: ``no_terms``, ``no_referral`` (nobody brought
the client), ``before_referral`` and ``after_referral`` (no bond on the invoice's
date), ``self_referral``, ``territory``, ``excluded_category``, ``discounted``,
``participant_inactive``; ``gone`` (not on a posted invoice any more) and ``moved``
(the client is somebody else's now): what it got goes back.

:func:`counterpart_query` tells from the same rule of money which payments an
invoice's share comes from, and why others do not count.

Amounts are in the company's currency with 6 decimals, rates in percent, dates
inclusive. Everything is ``numeric``: no floating point.
"""

from odoo.tools import SQL

from .conditions import Conditions
from .groups import group_query, root_query
from .lines import days_query, line_query
from .money import counterpart_query

__all__ = [
    "Conditions",
    "counterpart_query",
    "days_query",
    "group_query",
    "line_query",
    "root_query",
    "whole_query",
]


def whole_query(conditions, scope):
    """Return all parts as one ``SELECT``, for a few invoices or for a check.

    :param Conditions conditions: what to compute by
    :param SQL scope: a ``SELECT`` of the ids of the groups' invoices
    """
    return SQL(
        "WITH referral_root AS (%s), referral_group AS (%s) SELECT * FROM (%s) line",
        root_query(conditions, scope),
        group_query(conditions),
        line_query(conditions, scope),
    )
