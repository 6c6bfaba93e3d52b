"""Accrues the demo's months, takes money out and prints; runs inside Odoo's shell."""

import sys

from . import demo_invariants, demo_money

PROGRAM = "referral_program.demo_program"
MONTHS = ("Month", "Compensations", "Base", "Amount", "Journal entry")
PARTICIPANTS = ("Participant", "Type", "State", "Balance")


def main(env):
    """Accrue, print, check; end with 1 if an invariant does not hold."""
    program = env.ref(PROGRAM)
    _print_row(MONTHS, "<>>><")
    for accrual in _accrue_due_months(program):
        _print_row(
            (
                accrual.period_start.strftime("%Y-%m"),
                accrual.compensation_count,
                _money(accrual.base),
                _money(accrual.amount),
                ", ".join(accrual.move_ids.mapped("name")),
            ),
            "<>>><",
        )
    demo_money.take(program)
    program.env["referral.statement"]._cron_statements()
    program._cron_check_accruals()
    program._cron_check_integrity()
    program.env.cr.commit()
    _print_participants(program)
    failures = demo_invariants.failures(program)
    # the checks run months again: nothing of that is kept
    env.cr.rollback()
    for failure in failures:
        print(f"FAILED  {failure}", file=sys.stderr)
    if failures:
        sys.exit(1)
    print(f"\nInvariants hold: {', '.join(demo_invariants.names())}.", flush=True)


def _accrue_due_months(program):
    """Accrue the months that are over, oldest first, committing each."""
    while program.next_period_due:
        accrual = program._accrue(program.next_period)
        program.env.cr.commit()
        program.invalidate_recordset()
        yield accrual


def _print_participants(program):
    print()
    _print_row(PARTICIPANTS, "<<<>")
    for participant in program.participant_ids.sorted("id"):
        _print_row(
            (
                participant.display_name,
                participant.type_id.name,
                participant.state,
                _money(participant.balance),
            ),
            "<<<>",
        )


WIDTHS = {5: (8, 13, 14, 12, 16), 4: (30, 56, 9, 12)}


def _print_row(values, alignment):
    """Print one aligned row."""
    cells = [
        f"{value:{side}{width}}"
        for value, side, width in zip(
            values, alignment, WIDTHS[len(values)], strict=True
        )
    ]
    print("  ".join(cells).rstrip(), flush=True)


def _money(amount):
    return f"{amount:,.2f}"
