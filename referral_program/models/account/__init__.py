"""Odoo's ledger models, one class each: what the program marks, guards and follows.

Calls ``earning`` to mark, ``balance`` to guard and follow; is called by Odoo.
"""

from . import (
    account_move,
    account_move_numbers,
    account_move_send,
    account_move_why,
    account_move_line,
    account_partial_reconcile,
)
