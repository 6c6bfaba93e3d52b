"""Checks a program's books: what must always be true; runs inside Odoo's shell."""

from odoo.addons.referral_program.models.audit.integrity import CHECKS

#: What is checked besides, by doing it.
AGAIN = "running again changes nothing"


def failures(program):
    """Check everything and return what does not hold, as text.

    The checks are those of the addon itself; what they write is the caller's to
    keep or to roll back.
    """
    found = [
        f"{finding.title}: {finding.record_name}, {finding.description} "
        f"{finding.expected_text or ''} {finding.found_text or ''}".rstrip()
        for finding in program._check_integrity().finding_ids
    ]
    if _changes_by_running_again(program):
        found.append(f"{AGAIN}: a month was run again and something changed")
    return found


def names():
    """Return what is checked, as text."""
    return [*CHECKS, AGAIN]


def _changes_by_running_again(program):
    """Run each month and the scheduled action again; tell whether that changes
    anything."""
    before = _snapshot(program)
    for accrual in program.accrual_ids.sorted("period_start"):
        program._accrue(accrual.period_start)
    program._cron_accrue()
    program.env.invalidate_all()
    return _snapshot(program) != before


def _snapshot(program):
    """Return everything that the accruals of a program wrote."""
    accruals = program.accrual_ids
    return [
        records.sorted("id").read(names)
        for records, names in (
            (accruals, ["state", "period_start", "hash"]),
            (accruals.compensation_ids, ["base", "amount", "move_line_id"]),
            (accruals.line_ids, ["line_key", "base", "rate", "amount"]),
            (accruals.move_ids.line_ids, ["account_id", "partner_id", "balance"]),
        )
    ]
