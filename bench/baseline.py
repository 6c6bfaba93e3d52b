"""The least that the month could cost: bare SQL over the same lines, one entry."""

from odoo import Command

from .measure import measured
from .month import BASE, LINES, MONTH_DATES, PAID, RENDERED
from .seed import MONTH_END, PERCENT
from .warm import warm_up

#: What a row holds in the columns of the accrual's evidence.
VALUES = {
    "accrual_id": "1",
    "compensation_id": "referral.participant_id",
    "participant_id": "referral.participant_id",
    "referral_id": "referral.id",
    "is_further": "FALSE",
    "terms_id": "1",
    "contact_id": "move.partner_id",
    "move_line_id": "line.id",
    "line_key": "line.id",
    "group_key": "COALESCE(move.reversed_entry_id, move.id)",
    "partner_id": "move.commercial_partner_id",
    "product_id": "line.product_id",
    "move_name": "move.name",
    "name": "line.name",
    "invoice_date": "move.invoice_date",
    "document_date": "move.invoice_date",
    "start_date": "line.start_date",
    "end_date": "line.end_date",
    "paid": f"ROUND(100 * {PAID}, 6)",
    "rendered": f"ROUND(100 * {RENDERED}, 6)",
    "share": "100",
    "base": BASE,
    "rate": f"{PERCENT:g}",
    "amount": f"ROUND({BASE} * {PERCENT:g} / 100, 6)",
}


def aggregate(env):
    """Sum the lines by participant."""
    with measured(env.cr) as result:
        sums = _sums(env)
    return {**result, "amount": f"{sum(amount for _partner, amount in sums):.2f}"}


def _sums(env):
    env.cr.execute(
        "SELECT referral.participant_id, "
        f"ROUND(SUM({BASE}) * {PERCENT:g} / 100, 2)"
        + LINES
        + "GROUP BY referral.participant_id",
        MONTH_DATES,
    )
    return env.cr.fetchall()


def insert(env):
    """Insert a row for each line into a table like the evidence's, and commit."""
    env.cr.execute(
        "CREATE TABLE bench_line "
        "(LIKE referral_accrual_line INCLUDING DEFAULTS, PRIMARY KEY (id))"
    )
    env.cr.execute(
        "CREATE UNIQUE INDEX ON bench_line (line_key, accrual_id, "
        "(CASE WHEN is_further THEN referral_id ELSE 0 END))"
    )
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_name = 'bench_line' AND column_name <> 'id'"
    )
    columns = [name for [name] in env.cr.fetchall()]
    values = [VALUES.get(name, "NULL") for name in columns]
    env.cr.commit()
    with measured(env.cr) as result:
        env.cr.execute(
            f"INSERT INTO bench_line ({', '.join(columns)}) "
            f"SELECT {', '.join(values)} {LINES}",
            MONTH_DATES,
        )
        env.cr.commit()
    env.cr.execute("SELECT COUNT(*), SUM(amount)::numeric(20, 2)::text FROM bench_line")
    lines, amount = env.cr.fetchone()
    return {**result, "lines": lines, "amount": amount}


def entry(env):
    """Post one entry with an item for each participant by Odoo, and commit."""
    warm_up(env)
    program = env["referral.program"].search([])
    participants = env["referral.participant"]
    sums = [
        (participants.browse(participant_id).partner_id, amount)
        for participant_id, amount in _sums(env)
    ]
    moves = env["account.move"].with_context(
        tracking_disable=True, mail_create_nolog=True, skip_invoice_sync=True
    )
    with measured(env.cr) as result:
        move = moves.create(_prepare_entry_vals(program, sums))
        move._post(soft=False)
        env.cr.commit()
    return {**result, "lines": len(move.line_ids), "amount": f"{move.amount_total:.2f}"}


def _prepare_entry_vals(program, sums):
    total = program.currency_id.round(sum(amount for _partner, amount in sums))
    items = [
        _prepare_item_vals(program, program.liability_account_id, -amount, partner)
        for partner, amount in sums
    ]
    items.append(_prepare_item_vals(program, program.expense_account_id, total))
    return {
        "move_type": "entry",
        "journal_id": program.journal_id.id,
        "date": MONTH_END,
        "line_ids": [Command.create(vals) for vals in items],
    }


def _prepare_item_vals(program, account, balance, partner=None):
    return {
        "account_id": account.id,
        "partner_id": partner.id if partner else False,
        "name": "Bench",
        "balance": balance,
        "currency_id": program.currency_id.id,
        "amount_currency": balance,
    }
