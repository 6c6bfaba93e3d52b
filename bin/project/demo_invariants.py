"""Checks a program's books: what must always be true; runs inside Odoo's shell."""

from collections import defaultdict
from dataclasses import replace

from odoo.tools import SQL, float_compare

from odoo.addons.referral_program.tools.earned import (
    group_query,
    line_query,
    root_query,
)

#: A line's amounts are exact to 6 decimals; this many may differ by rounding.
DIGITS = 4


def failures(program):
    """Check everything and return what does not hold, as text."""
    return [
        f"{name}: {problem}"
        for name, check in CHECKS.items()
        for problem in check(program)
    ]


def _compensations_are_in_the_ledger(program):
    """The sum of a participant's compensations is that of their accrual items, and
    their balance is what the ledger says."""
    for participant in program.participant_ids:
        posted = participant.compensation_ids.filtered(
            lambda compensation: compensation.state == "posted"
        )
        items = _items(program, participant)
        accrued = items.filtered("move_id.referral_accrual_id")
        if posted.move_line_id != accrued:
            yield f"{participant.display_name}: other items than compensations"
        pairs = (
            ("compensations", sum(posted.mapped("amount")), accrued),
            ("balance", participant._balance(), items),
        )
        for what, amount, of_ledger in pairs:
            if _differs(amount, -sum(of_ledger.mapped("balance")), 2):
                yield f"{participant.display_name}: {what} {amount:.2f} is not so"


def _items(program, participant):
    """Return all posted items of a participant on the liability account."""
    return program.env["account.move.line"].search(
        [
            ("account_id", "=", program.liability_account_id.id),
            ("partner_id", "=", participant.partner_id.id),
            ("parent_state", "=", "posted"),
        ]
    )


def _entries_balance_and_lines_belong(program):
    """Each posted entry balances; each accrual line is part of one compensation,
    which is the rounded sum of its lines."""
    rows = program.env["account.move.line"]._read_group(
        [("company_id", "=", program.company_id.id), ("parent_state", "=", "posted")],
        ["move_id"],
        ["balance:sum"],
    )
    for move, balance in rows:
        if _differs(balance, 0, 2):
            yield f"{move.display_name} is out of balance by {balance:.2f}"
    for accrual in program.accrual_ids:
        if accrual.state != "posted":
            yield f"{accrual.display_name} is not posted"
        if accrual.line_ids.compensation_id != accrual.compensation_ids:
            yield f"{accrual.display_name}: lines and compensations do not match"
        for compensation in accrual.compensation_ids:
            lines = compensation.line_ids
            if lines.accrual_id != accrual or (
                lines.participant_id != compensation.participant_id
            ):
                yield f"{compensation.display_name}: lines of another one"
            total = program.currency_id.round(sum(lines.mapped("amount")))
            if _differs(total, compensation.amount, 2):
                yield f"{compensation.display_name}: its lines sum up to {total:.2f}"


def _running_again_changes_nothing(program):
    """Running each month again changes nothing, and so does the scheduled action;
    computing all of history anew finds nothing that was not given."""
    before = _snapshot(program)
    for accrual in program.accrual_ids.sorted("period_start"):
        program._accrue(accrual.period_start)
    program._cron_accrue()
    program.env.invalidate_all()
    if _snapshot(program) != before:
        yield "a month was run again and something changed"
    for line in _recomputed(program):
        if line["base"] or line["amount"]:
            yield (
                f"{line['move_name']}, {line['name']}: base {line['base']} and amount "
                f"{line['amount']} were not given"
            )


def _snapshot(program):
    """Return everything that the accruals of a program wrote."""
    accruals = program.accrual_ids
    return [
        records.sorted("id").read(names)
        for records, names in (
            (accruals, ["state", "period_start"]),
            (accruals.compensation_ids, ["base", "amount", "move_line_id"]),
            (accruals.line_ids, ["line_key", "base", "rate", "amount"]),
            (accruals.move_ids.line_ids, ["account_id", "partner_id", "balance"]),
        )
    ]


def _given_is_earned(program):
    """What a line was given is at most what it earned, at no more than the best rate
    of its terms; a group that was refunded as a whole nets to zero."""
    best_rate = {
        terms.id: max([terms.rate, *terms.tier_ids.mapped("rate")])
        for terms in program.terms_ids
    }
    net = defaultdict(float)
    for line in _recomputed(program):
        base, amount = float(line["given_base"]), float(line["given_amount"])
        label = f"{line['move_name']}, {line['name']}"
        earned = float(line["earned"])
        if (
            float_compare(abs(base), abs(earned), precision_digits=DIGITS) > 0
            or base * earned < 0
        ):
            yield f"{label}: was given {base}, earned {earned}"
        most = abs(base) * best_rate.get(line["terms_id"], 0) / 100
        if (
            float_compare(abs(amount), most, precision_digits=DIGITS) > 0
            or amount * base < 0
        ):
            yield f"{label}: {amount} of {base} is more than its rate"
        if line["refunded"]:
            net[line["group_id"]] += amount
    for move in program.env["account.move"].browse(net):
        if _differs(net[move.id], 0, DIGITS):
            yield f"{move.name} was refunded as a whole and still gave {net[move.id]}"


def _no_balance_is_overspent(program):
    """No participant can spend what they do not have."""
    for participant in program.participant_ids:
        available = participant.available_balance
        owed = max(participant._balance(), 0)
        if available < 0 or float_compare(available, owed, precision_digits=2) > 0:
            yield f"{participant.display_name}: {available:.2f} of {owed:.2f}"


def _recomputed(program):
    """Compute the whole history anew, to the end of the last accrued month.

    :return: a dict for each invoice line: what it earned, what it was given, and
        the difference as ``base`` and ``amount``
    """
    env = program.env
    env.flush_all()
    last = program.accrual_ids.sorted("period_start")[-1:]
    accrual = env["referral.accrual"].new(
        {"program_id": program.id, "period_start": last.period_start}
    )
    scope = accrual._everything()
    conditions = replace(
        program._conditions(accrual), accrual_id=0, end=last.period_end
    )
    env.cr.execute(
        SQL(
            """
            WITH referral_root AS (%s),
                 referral_group AS (%s)
            SELECT line.*, grp.net <= 0 AS refunded
              FROM (%s) line
              LEFT JOIN referral_group grp ON grp.group_id = line.group_id
            """,
            root_query(conditions, scope),
            group_query(conditions),
            line_query(conditions, scope),
        )
    )
    return env.cr.dictfetchall()


def _differs(one, other, digits):
    return float_compare(one, other, precision_digits=digits) != 0


#: name: what must hold
CHECKS = {
    "balances are the ledger's": _compensations_are_in_the_ledger,
    "entries balance": _entries_balance_and_lines_belong,
    "running again changes nothing": _running_again_changes_nothing,
    "nothing more than earned was given": _given_is_earned,
    "no balance is overspent": _no_balance_is_overspent,
}
