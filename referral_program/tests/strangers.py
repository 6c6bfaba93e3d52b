"""Visitors, claims and accounts at the same moment: ``strangers.py CONFIG DATABASE``.

Started by ``test_strangers_at_once.py``; the processes are those of ``workers.py``.
"""

import sys
from functools import partial

import workers

from odoo import Command
from odoo.exceptions import UserError

IBANS = (
    "DE89370400440532013000",
    "DE62370400440532013001",
    "DE35370400440532013002",
    "DE08370400440532013003",
    "DE78370400440532013004",
    "DE51370400440532013005",
)


def visit(env, number):
    """Open one and the same link; each fourth adds up what there is."""
    visits = env["referral.visit"]
    if number % 4:
        visits._count(workers.richest(env))
    else:
        visits._cron_sum()


def look_at_visits(env):
    visits = env["referral.visit"]
    before = sum(visits.search([]).mapped("visits"))
    visits._cron_sum()
    return {"before": before, "after": visits.search([]).mapped("visits")}


def look_at_links(env):
    return [workers.richest(env).code]


def claim(env, number):
    """Claim a client; three may be brought by hand a day, and staff did one."""
    module = "odoo.addons.referral_program.models.referral.referral_claim"
    sys.modules[module].CLAIMS_A_DAY = 3
    try:
        env["referral.claim"]._take(workers.richest(env), f"{number}@example.net")
    except UserError:
        env.cr.rollback()


def look_at_claims(env):
    return env["referral.claim"].search_count([])


def add_account(env, number):
    """Add an account of one's own; there may be three."""
    module = (
        "odoo.addons.referral_program.models.participant.referral_participant_payee"
    )
    sys.modules[module].MAX_ACCOUNTS = 3
    try:
        workers.richest(env)._add_payee_account(IBANS[number])
    except UserError:
        env.cr.rollback()


def look_at_accounts(env):
    return len(workers.richest(env)._payee_accounts())


def make_owners(env):
    participant = workers.richest(env)
    for number in range(2):
        user = env["res.users"].create(
            {
                "name": f"Owner {number}",
                "login": f"owner{number}",
                "group_ids": [Command.set(env.ref("base.group_portal").ids)],
            }
        )
        user.partner_id.parent_id = participant.partner_id
        participant.representative_ids.create(
            {"participant_id": participant.id, "user_id": user.id, "role": "owner"}
        )


def remove_other(env, number):
    """Remove the other one of two owners: one has to be left."""
    participant = workers.richest(env)
    other = participant.representative_ids.filtered(
        lambda row: row.user_id.login == f"owner{1 - number}"
    )
    try:
        participant._change_person(other.id, False)
    except UserError:
        env.cr.rollback()


def remove_each_other(registry):
    workers.in_transaction(registry, make_owners)
    workers.at_once(registry, 2, remove_other)


def look_at_owners(env):
    return len(workers.richest(env)._acting_users("owner"))


#: What each does, and what it finds afterwards.
SCENARIOS = {
    "accounts": (
        partial(workers.at_once, count=len(IBANS), function=add_account),
        look_at_accounts,
    ),
    "books": (lambda _registry: None, look_at_links),
    "claims": (partial(workers.at_once, count=10, function=claim), look_at_claims),
    "owners": (remove_each_other, look_at_owners),
    "visits": (partial(workers.at_once, count=16, function=visit), look_at_visits),
}

if __name__ == "__main__":
    workers.serve(SCENARIOS, *sys.argv[1:])
