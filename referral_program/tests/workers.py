"""Real processes for tests: books, and workers that are forked and may be killed.

Scripts of scenarios call :func:`serve`: ``SCRIPT CONFIG DATABASE``. It makes the books
in the database, loads their registry, and then runs each scenario that is asked for in
a fork, in another copy of the books. Each worker is a fork with its own connections.
"""

import json
import multiprocessing
import os
import signal
import sys
from functools import partial

from freezegun import freeze_time

import odoo
from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.service.model import retrying

ADDON = "odoo.addons.referral_program"
PARTICIPANTS = 5
MONTHS = ("2026-01", "2026-02")
TODAY = "2026-03-05 12:00:00"


def serve(scenarios, config, database):
    """Make the books, then run the scenarios that lines of the input ask for.

    A line names a scenario and a database, which is a copy of the books. The answer is
    a line of JSON: what was ``found`` in it afterwards, or how the scenario ``failed``.

    :param dict scenarios: what each does, and what it finds afterwards, by name
    """
    registry = load(config, database)
    in_transaction(registry, make_books)
    odoo.sql_db.close_all()
    answer(found=None)
    for line in sys.stdin:
        scenario, copy = line.split()
        if code := end_of(fork(play, registry, copy, *scenarios[scenario])):
            answer(failed=code)


def load(config, database):
    odoo.tools.config.parse_config(
        ["-c", config, "-d", database, "--no-http"], setup_logging=False
    )
    registry = Registry(database)
    # where steps are jobs of a queue: here it is the workers who do them
    queue = sys.modules.get(f"{ADDON}_queue.models.referral_program")
    if queue:
        queue.JOBS.clear()
    return registry


def play(registry, database, run, find):
    """Run a scenario in a database whose registry is the books' own."""
    registry.db_name = database
    registry._db = odoo.sql_db.db_connect(database)
    Registry.registries[database] = registry
    run(registry)
    answer(found=in_transaction(registry, find))


def answer(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def in_transaction(registry, function):
    with registry.cursor() as cr, freeze_time(TODAY):
        return function(api.Environment(cr, SUPERUSER_ID, {}))


# === The books === #


def make_books(env):
    """Five participants with a client each, who paid 1000 in each of two months."""
    company = env.ref("base.main_company")
    env["account.chart.template"].try_loading(
        "generic_coa", company=company, install_demo=False
    )
    receive_payments_by_entries(env, company)
    program = env["referral.program"]._get_or_create_for_company(company)
    program.terms_ids.date_from = "2026-01-01"
    for number in range(PARTICIPANTS):
        make_participant(env, program, number)
    env["res.partner"].create({"name": "New Client", "is_company": True})
    group = env.ref("referral_program.group_integration")
    env["res.users"].create(
        {
            "name": "Control Panel",
            "login": "panel",
            "group_ids": [Command.set(group.ids)],
        }
    )


def receive_payments_by_entries(env, company):
    """Let payments be money at once, where an app for statements has them wait too."""
    outstanding = env["account.account"].create(
        {
            "name": "Outstanding Receipts",
            "code": "OUTSTANDING",
            "account_type": "asset_current",
            "reconcile": True,
            "company_ids": [Command.link(company.id)],
        }
    )
    env["account.journal"].search(
        [("company_id", "=", company.id), ("type", "=", "bank")]
    ).inbound_payment_method_line_ids.payment_account_id = outstanding


def make_participant(env, program, number):
    partner, client = env["res.partner"].create(
        [
            {"name": f"Participant {number}", "is_company": True},
            {"name": f"Client {number}", "is_company": True},
        ]
    )
    kind = env.ref("referral_program.participant_type_legal_entity_resident")
    participant = env["referral.participant"].create(
        {
            "program_id": program.id,
            "partner_id": partner.id,
            "type_id": kind.id,
            "state": "active",
        }
    )
    env["referral.referral"].create(
        {
            "participant_id": participant.id,
            "partner_id": client.id,
            "date_start": "2026-01-01",
        }
    )
    for month in MONTHS:
        make_paid_invoice(env, client, f"{month}-10")


def make_paid_invoice(env, client, day):
    invoice = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": client.id,
            "invoice_date": day,
            "invoice_line_ids": [
                Command.create(
                    {"name": "VPS", "price_unit": 1000, "tax_ids": [Command.clear()]}
                )
            ],
        }
    )
    invoice.action_post()
    env["account.payment.register"].with_context(
        active_model="account.move", active_ids=invoice.ids
    ).create({"payment_date": day})._create_payments()
    return invoice


def richest(env):
    """Return the participant whom all requests are about."""
    return env["referral.program"].search([]).participant_ids[-1]


def new_client(env):
    return env["res.partner"].search([("name", "=", "New Client")])


# === Workers === #


def act(registry, action, model, method, die_after=None):
    """Do what a scheduled action does, killing this process after a commit.

    :param int die_after: the number of commits after which to die at once
    """
    with registry.cursor() as cr, freeze_time(TODAY):
        env = api.Environment(cr, SUPERUSER_ID, {})
        cron = env.ref(f"referral_program.{action}")
        progress = env["ir.cron.progress"].create({"cron_id": cron.id})
        cr.commit()  # pylint: disable=invalid-commit
        if die_after:
            die_on_commit(cr, die_after)
        records = env[model].with_context(
            cron_id=cron.id, ir_cron_progress_id=progress.id
        )
        getattr(records, method)()


def die_on_commit(cr, number):
    commit, left = cr.commit, [number]

    def commit_and_die():
        commit()
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    cr.commit = commit_and_die


def fork(function, *arguments):
    """Start a worker with its own connections and return its process id."""
    odoo.sql_db.close_all()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        function(*arguments)
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def end_of(pid):
    """Wait for a worker; return its exit code, negative if a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def expect(got, wanted):
    if got != wanted:
        raise AssertionError(f"a worker ended with {got}, not {wanted}")


# === Requests at the same moment === #


def at_once(registry, count, function):
    """Run a function in many workers, as the server runs requests.

    Each has its snapshot of the books before any of them begins.
    """
    barrier = multiprocessing.Barrier(count)
    workers = [
        fork(request, registry, barrier, partial(function, number=number))
        for number in range(count)
    ]
    for pid in workers:
        expect(end_of(pid), 0)


def request(registry, barrier, function):
    with registry.cursor() as cr, freeze_time(TODAY):
        env = api.Environment(cr, SUPERUSER_ID, {})
        env["referral.program"].search([]).participant_ids.mapped("balance")
        barrier.wait(60)
        retrying(partial(function, env), env)
