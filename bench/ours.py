"""This addon's month: computed, evidence stored, entries posted."""

from dateutil.relativedelta import relativedelta

from .measure import measured
from .seed import MONTH
from .warm import warm_up


def accrue(env):
    """Accrue the month and commit it."""
    warm_up(env)
    program = env["referral.program"].search([])
    with measured(env.cr) as result:
        accrual = program._accrue(MONTH)
        env.cr.commit()
    if accrual.state != "posted":
        raise AssertionError(f"the accrual is {accrual.state}")
    return {**result, **_outcome(env, accrual)}


def _outcome(env, accrual):
    """Return what came out, from evidence, compensations and the ledger."""
    env.cr.execute(
        """
        SELECT (SELECT COUNT(*) FROM referral_accrual_line
                 WHERE accrual_id = %(id)s),
               (SELECT SUM(amount) FROM referral_compensation
                 WHERE accrual_id = %(id)s)::numeric(20, 2)::text,
               (SELECT -SUM(item.balance)
                  FROM account_move_line item
                  JOIN referral_compensation credited ON credited.move_line_id = item.id
                 WHERE credited.accrual_id = %(id)s)::numeric(20, 2)::text
        """,
        {"id": accrual.id},
    )
    lines, amount, posted = env.cr.fetchone()
    return {"lines": lines, "amount": amount, "posted": posted}


def accrue_history(env, months):
    """Accrue so many months before the measured one, each as it would have been."""
    program = env["referral.program"].search([])
    for back in range(months, 0, -1):
        program._accrue(MONTH - relativedelta(months=back))
        env.cr.commit()
        env.invalidate_all()
    return months


def compute(env):
    """Compute the month and leave the posting to :func:`post`."""
    accrual = env["referral.program"].search([])._accrue(MONTH)
    env.cr.commit()
    return len(accrual.compensation_ids)


def post(env, batch):
    """Post the computed month in batches of a size, committing each."""
    warm_up(env)
    from odoo.addons.referral_program.models.accrual import referral_accrual_post

    referral_accrual_post.POST_BATCH_SIZE = batch
    accrual = env["referral.accrual"].search([("period_start", "=", MONTH)])
    with measured(env.cr) as result:
        while accrual.state != "posted":
            accrual._post_batch()
            env.cr.commit()
            env.invalidate_all()
    return result
