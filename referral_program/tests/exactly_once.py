"""What several workers do at once: ``exactly_once.py CONFIG DATABASE``.

Started by ``test_processes.py``; see ``workers.py``.
"""

import hashlib
import json
import multiprocessing
import signal
import sys
import time
from functools import partial

import spenders
from workers import (
    PARTICIPANTS,
    act,
    at_once,
    end_of,
    expect,
    fork,
    in_transaction,
    new_client,
    richest,
    serve,
)


def look(env):
    """Return what the books say, by plain facts."""
    program = env["referral.program"].search([])
    return {
        "accruals": [
            [str(accrual.period_start), accrual.state]
            for accrual in program.accrual_ids.sorted("period_start")
        ],
        "balances": program.participant_ids.mapped("balance"),
        "compensations": len(program.accrual_ids.compensation_ids),
        "entries": len(program.accrual_ids.move_ids),
        "evidence": len(program.accrual_ids.line_ids),
        "unlinked": len(
            program.accrual_ids.compensation_ids.filtered(lambda c: not c.move_line_id)
        ),
    }


# === Months === #


def work(registry, die_after=None):
    """Do what the scheduled action does, killing this process after a commit.

    :param int die_after: the number of commits after which to die at once
    """
    sys.modules[
        "odoo.addons.referral_program.models.accrual.referral_accrual_post"
    ].POST_BATCH_SIZE = 2
    act(registry, "ir_cron_accrue", "referral.program", "_cron_accrue", die_after)


def one(registry):
    expect(end_of(fork(work, registry)), 0)


def crowd(registry):
    workers = [fork(work, registry) for _number in range(4)]
    for pid in workers:
        expect(end_of(pid), 0)
    # whoever lost gave way to the winner; the next run has nothing left to do
    expect(end_of(fork(work, registry)), 0)


def killed(registry):
    """Kill workers after each step, and then one that does several; the last lives.

    The first commit of a worker is its beginning, each further one a step: two
    months of a computation and three entries.
    """
    for commits in (1, *(2,) * 6, 3):
        expect(end_of(fork(work, registry, commits)), -signal.SIGKILL)
    expect(end_of(fork(work, registry)), 0)


# === Statements === #


def work_on_statements(registry, die_after=None):
    """The same for the statements and their mails."""
    sys.modules[
        "odoo.addons.referral_program.models.program.referral_mail_mixin"
    ].MAIL_BATCH_SIZE = 2
    act(
        registry,
        "ir_cron_statements",
        "referral.statement",
        "_cron_statements",
        die_after,
    )


def statements_killed(registry):
    """Kill workers after each month and each batch of mails; the last one lives."""
    expect(end_of(fork(work, registry)), 0)
    for commits in (1, *(2,) * 5, 3):
        worker = fork(work_on_statements, registry, commits)
        expect(end_of(worker), -signal.SIGKILL)
    expect(end_of(fork(work_on_statements, registry)), 0)


def statements_crowd(registry):
    expect(end_of(fork(work, registry)), 0)
    workers = [fork(work_on_statements, registry) for _number in range(4)]
    for pid in workers:
        end_of(pid)  # whoever lost may have been refused; the winner did it all
    expect(end_of(fork(work_on_statements, registry)), 0)


def look_at_statements(env):
    statements = env["referral.statement"].search([], order="name")
    return {
        "closings": statements.mapped("closing"),
        "names": statements.mapped("name"),
        "to_mail": sum(statements.mapped("to_mail")),
        "mails": env["mail.mail"].search_count([("model", "=", "referral.statement")]),
    }


def downloads(registry):
    """Have several ask at once for documents that nobody has asked for yet."""
    expect(end_of(fork(work, registry)), 0)
    expect(end_of(fork(work_on_statements, registry)), 0)
    at_once(registry, 4, download)


def download(env, number):
    statement = env["referral.statement"].search([], order="name", limit=1)
    for kind in ("pdf", "xlsx"):
        content = statement._read_file(kind)
        env["ir.config_parameter"].sudo().set_param(
            f"test.{kind}.{number}", hashlib.sha256(content).hexdigest()
        )


def look_at_downloads(env):
    files = env["ir.attachment"].search(
        [("res_model", "=", "referral.statement"), ("res_field", "!=", False)]
    )
    got = env["ir.config_parameter"].sudo().search([("key", "like", "test.%.%")])
    return {
        "files": sorted(files.mapped("res_field")),
        "got": len(got),
        "different": len(set(got.mapped("value"))),
    }


# === Requests at the same moment === #


def bind(env, number):
    """Have participants bring one and the same new client."""
    participants = env["referral.participant"].search([], order="id")
    env["referral.referral"]._bind(
        participants[number % PARTICIPANTS], new_client(env), "link"
    )


def register(env, number):
    """Send one and the same API call, whatever the number."""
    participant = env["referral.participant"].search([], order="id", limit=1)
    panel = env["res.users"].search([("login", "=", "panel")])
    env["referral.api"].with_user(panel).register_referral(
        "order-1", participant.code, new_client(env).id
    )


def look_at_referrals(env):
    about = [("partner_id", "=", new_client(env).id)]
    return {
        "referrals": env["referral.referral"].search(about).mapped("state"),
        "refusals": env["referral.refusal"].search(about).mapped("reason"),
    }


# === Others at the same rows === #


def crossed(registry):
    """Cross the locks of an accrual and of somebody else, so that it has to give way.

    Whoever waits longer is the one whom PostgreSQL ends, after a second: the accrual.
    """
    at_program, at_rows = multiprocessing.Event(), multiprocessing.Event()
    other = fork(cross, registry, at_program, at_rows)
    expect(end_of(fork(be_crossed, registry, at_program, at_rows)), 0)
    expect(end_of(other), 0)
    in_transaction(registry, keep_what_is_left)
    expect(end_of(fork(work, registry)), 0)


def cross(registry, at_program, at_rows):
    at_program.wait(60)
    with registry.cursor() as cr:
        cr.execute("SELECT FROM referral_participant FOR NO KEY UPDATE")
        at_rows.set()
        time.sleep(0.5)  # the accrual waits for these rows by now
        cr.execute("SELECT FROM referral_program FOR NO KEY UPDATE")


def be_crossed(registry, at_program, at_rows):
    accruals = registry["referral.accrual"]
    original = accruals._post_entry

    def post(accrual, batch):
        if not at_program.is_set():
            at_program.set()
            at_rows.wait(60)
            accrual.program_id.participant_ids._lock_money()
        return original(accrual, batch)

    accruals._post_entry = post
    work(registry)


def keep_what_is_left(env):
    """Keep what the scheduled action left behind, for the next run ends it."""
    program = env["referral.program"].search([])
    cron = env.ref("referral_program.ir_cron_accrue")
    triggers = env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
    env.cr.execute(
        "SELECT pg_stat_force_next_flush();"
        " SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    left = {
        "deadlocks": env.cr.fetchone()[0],
        "posted": len(program.accrual_ids.move_ids),
        "again": [str(trigger.call_at) for trigger in triggers],
        "told": failures_told(program),
    }
    env["ir.config_parameter"].set_param("test.left", json.dumps(left))


def look_at_crossed(env):
    left = json.loads(env["ir.config_parameter"].get_param("test.left"))
    told = failures_told(env["referral.program"].search([]))
    return {**look(env), "left": left, "told": told}


def failures_told(program):
    kind = program.env.ref("referral_program.mail_activity_accrual_failed")
    return len(program.activity_ids.filtered(lambda a: a.activity_type_id == kind))


def referenced(registry):
    """Refer to a participant, and to a program, while others count a step of them."""
    locked, done = multiprocessing.Event(), multiprocessing.Event()
    holder = fork(hold, registry, locked, done)
    expect(end_of(fork(refer, registry, locked)), 0)
    done.set()
    expect(end_of(holder), 0)


def hold(registry, locked, done):
    def keep(env):
        participant = richest(env)
        participant._lock_money()
        participant.program_id._lock_for_accrual()
        locked.set()
        done.wait(60)

    in_transaction(registry, keep)


def refer(registry, locked):
    locked.wait(60)

    def bring(env):
        env.cr.execute("SET lock_timeout = '2s'")
        env["referral.referral"]._bind(richest(env), new_client(env), "link")

    in_transaction(registry, bring)


#: What each does, and what it finds afterwards.
SCENARIOS = {
    **spenders.SCENARIOS,
    "one": (one, look),
    "crowd": (crowd, look),
    "killed": (killed, look),
    "bind": (partial(at_once, count=8, function=bind), look_at_referrals),
    "statements_killed": (statements_killed, look_at_statements),
    "statements_crowd": (statements_crowd, look_at_statements),
    "downloads": (downloads, look_at_downloads),
    "register": (partial(at_once, count=8, function=register), look_at_referrals),
    "crossed": (crossed, look_at_crossed),
    "referenced": (referenced, look_at_referrals),
}

if __name__ == "__main__":
    serve(SCENARIOS, *sys.argv[1:])
