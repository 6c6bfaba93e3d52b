"""Checks an upgraded database and accrues a month in it; runs inside Odoo's shell."""

import sys

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo import fields

from . import demo_invariants


def main(env):
    """Check, accrue, check again; end with 1 if something is not right."""
    failures = []
    compensations = 0
    for program in env["referral.program"].with_context(active_test=False).search([]):
        for finding in program._check_integrity().finding_ids:
            failures.append(f"before: {finding.title}: {finding.record_name}")
        day = program.next_period + relativedelta(months=1, days=2)
        with freeze_time(max(day, fields.Date.today())):
            for accrual in accrue(program):
                compensations += accrual.compensation_count
            failures += demo_invariants.failures(program)
    env.cr.rollback()
    if not compensations:
        failures.append("accruing a month gave no compensation")
    for failure in failures:
        print(f"FAILED  {failure}", file=sys.stderr)
    if failures:
        sys.exit(1)


def accrue(program):
    """Accrue the months that are over, oldest first."""
    program.invalidate_recordset()
    while program.next_period_due:
        yield program._accrue(program.next_period)
        program.invalidate_recordset()
