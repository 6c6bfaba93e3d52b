"""Bringing a fresh process into the state of a server that has served before."""

from odoo import Command
from odoo.tools import format_date

from .seed import MONTH


def warm_up(env):
    """Post an entry and take it back, and write a date.

    Odoo finds out at its first entry, once in the life of a process, which fields
    depend on which: half a second, which neither side has to pay. Nor has it to read
    how dates are written in a language.
    """
    format_date(env, MONTH, date_format="LLLL y")
    accounts = env["account.account"]
    debit = accounts.search([("account_type", "=", "expense")], limit=1)
    credit = accounts.search([("account_type", "=", "income")], limit=1)
    move = env["account.move"].create(
        {
            "move_type": "entry",
            "journal_id": env["account.journal"]
            .search([("type", "=", "general")], limit=1)
            .id,
            "date": MONTH,
            "line_ids": [
                Command.create({"account_id": debit.id, "balance": 1.0}),
                Command.create({"account_id": credit.id, "balance": -1.0}),
            ],
        }
    )
    move._post(soft=False)
    env.flush_all()
    env.cr.rollback()
