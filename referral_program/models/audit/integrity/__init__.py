"""Does it tie: what must always be true of a program's books, as SQL.

Each check is a ``SELECT`` of the rows that break it, so that none means that it
holds. A check never looks at what was stored to make a page faster, and never
trusts the code that wrote what it looks at: whoever changes the database behind
Odoo's back is found as well.

A *full* run looks at everything. A *narrow* one follows an accrual: its
participants, its evidence and the invoices behind it, so that it costs what that
month cost.

* :mod:`ledger`: compensations, journal items and balances;
* :mod:`months`: one accrual for each month, none left out;
* :mod:`evidence`: accrual lines, their sums and what they name;
* :mod:`credited`: the whole history computed anew by the query of the accrual;
* :mod:`clients`: money that came in, and what somebody should look at;
* :mod:`money`: withdrawals, bills and redemptions;
* :mod:`told`: statements and accepted texts;
* :mod:`chain`: the chained hashes of posted months.
"""

from . import chain, clients, credited, evidence, ledger, money, months, told
from .books import Books
from .check import Check

#: All checks in the order in which they are shown, by their technical names.
CHECKS = {
    check.name: check
    for module in (ledger, months, evidence, credited, clients, money, told, chain)
    for check in module.CHECKS
}

__all__ = ["CHECKS", "Books", "Check"]
