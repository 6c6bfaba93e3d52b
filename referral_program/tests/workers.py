"""Run accruals in real processes: ``workers.py CONFIG DATABASE SCENARIO``.

Started by ``BooksCase``; prints what the books say afterwards as JSON. The scenario
``new`` makes the books that all others begin with.
The registry is loaded once, then each worker is a fork with its own connections.
"""

import hashlib
import json
import multiprocessing
import os
import signal
import sys
import time
from functools import partial

from freezegun import freeze_time

import odoo
from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying

PARTICIPANTS = 5
MONTHS = ("2026-01", "2026-02")
TODAY = "2026-03-05 12:00:00"


def main(config, database, scenario):
    odoo.tools.config.parse_config(
        ["-c", config, "-d", database, "--no-http"], setup_logging=False
    )
    registry = Registry(database)
    if scenario == "new":
        in_transaction(registry, make_books)
        return
    run, describe = SCENARIOS[scenario]
    run(registry)
    sys.stdout.write(json.dumps(in_transaction(registry, describe)) + "\n")


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


# === Workers === #


def work(registry, die_after=None):
    """Do what the scheduled action does, killing this process after a commit.

    :param int die_after: the number of commits after which to die at once
    """
    sys.modules[
        "odoo.addons.referral_program.models.accrual.referral_accrual_post"
    ].POST_BATCH_SIZE = 2
    act(registry, "ir_cron_accrue", "referral.program", "_cron_accrue", die_after)


def work_on_statements(registry, die_after=None):
    """The same for the statements and their mails."""
    sys.modules[
        "odoo.addons.referral_program.models.balance.referral_statement"
    ].MAIL_BATCH_SIZE = 2
    act(
        registry,
        "ir_cron_statements",
        "referral.statement",
        "_cron_statements",
        die_after,
    )


def act(registry, action, model, method, die_after):
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


def expect(got, wanted):
    if got != wanted:
        raise AssertionError(f"a worker ended with {got}, not {wanted}")


# === Statements === #


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


def new_client(env):
    return env["res.partner"].search([("name", "=", "New Client")])


def look_at_bonds(env):
    about = [("partner_id", "=", new_client(env).id)]
    return {
        "bonds": env["referral.referral"].search(about).mapped("state"),
        "refusals": env["referral.refusal"].search(about).mapped("reason"),
    }


def make_money(env):
    """Accrue both months: 180 on each of 5 balances; allow small withdrawals."""
    program = env["referral.program"].search([])
    program.write({"min_withdrawal": 1, "withdrawal_policy": "automatic"})
    for month in MONTHS:
        program._accrue(f"{month}-01")
    for number, participant in enumerate(program.participant_ids):
        participant._accept(participant._agreements_to_accept())
        env["res.partner.bank"].create(
            {
                "acc_number": f"4070281093800000000{number}",
                "partner_id": participant.partner_id.id,
                "allow_out_payment": True,
            }
        )
    payer = program.participant_ids[-1].partner_id
    env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": payer.id,
            "invoice_date": "2026-03-01",
            "invoice_line_ids": [
                Command.create(
                    {"name": "VPS", "price_unit": 1000, "tax_ids": [Command.clear()]}
                )
            ],
        }
    ).action_post()


def richest(env):
    """Return the participant whom all requests are about."""
    return env["referral.program"].search([]).participant_ids[-1]


def withdraw(env, number):
    """Ask for two thirds of one and the same balance: the second is too much."""
    participant = richest(env)
    account = participant.partner_id.bank_ids
    try:
        env["referral.withdrawal"]._request(participant, 120, account)
    except UserError:
        env.cr.rollback()


def spend(env, number):
    """Ask for, or pay an invoice with, a fifth of one and the same balance."""
    participant = richest(env)
    account = participant.partner_id.bank_ids
    invoice = env["account.move"].search(
        [
            ("partner_id", "=", participant.partner_id.id),
            ("move_type", "=", "out_invoice"),
        ]
    )
    try:
        if number % 2:
            env["referral.withdrawal"]._request(participant, 36, account)
        else:
            env["referral.redemption"]._redeem(participant, invoice, 36)
    except UserError:
        env.cr.rollback()


def withdraw_by_key(env, number):
    """Send API calls with one and the same key, for two participants in turn."""
    participant = env["referral.participant"].search([], order="id")[number % 2]
    panel = env["res.users"].search([("login", "=", "panel")])
    try:
        env["referral.api"].with_user(panel).withdraw(
            "order-1",
            participant.partner_id.id,
            "36.00",
            participant.currency_id.name,
            participant.partner_id.bank_ids.id,
        )
    except UserError:
        env.cr.rollback()


def look_at_calls(env):
    return {
        "calls": env["referral.api.call"].search_count([]),
        "withdrawals": env["referral.withdrawal"].search_count([]),
    }


def money_out(registry, count, function):
    in_transaction(registry, make_money)
    at_once(registry, count, function)


def look_at_money(env):
    participant = richest(env)
    return {
        "available": participant._availables()[participant],
        "balance": participant._balance(),
        "redemptions": len(participant.redemption_ids),
        "withdrawals": len(participant.withdrawal_ids),
    }


def make_two_bills(env):
    """Two bills by hand of 120 each on the account that holds a balance of 180."""
    participant = richest(env)
    liability = participant.program_id.liability_account_id
    for number in range(2):
        env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": participant.partner_id.id,
                "invoice_date": "2026-03-01",
                "ref": f"By hand {number}",
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "By hand",
                            "account_id": liability.id,
                            "price_unit": 120,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )


def post_bill(env, number):
    bill = env["account.move"].search([("ref", "=", f"By hand {number}")])
    try:
        bill.action_post()
    except UserError:
        env.cr.rollback()


def bills_by_hand(registry):
    in_transaction(registry, make_money)
    in_transaction(registry, make_two_bills)
    at_once(registry, 2, post_bill)


def look_at_bills_by_hand(env):
    bills = env["account.move"].search([("ref", "=like", "By hand %")])
    return {
        "balance": richest(env)._balance(),
        "states": sorted(bills.mapped("state")),
    }


def bill(registry):
    """Kill a worker in the middle of making bills, then run two at once."""
    in_transaction(registry, make_money)
    in_transaction(registry, ask_for_each)
    expect(end_of(fork(make_bills, registry, 2)), -signal.SIGKILL)
    for pid in [fork(make_bills, registry) for _number in range(2)]:
        # one of them finds that the other was faster, and leaves the rest to a next run
        expect(end_of(pid), 0)
    expect(end_of(fork(make_bills, registry)), 0)


def ask_for_each(env):
    for participant in env["referral.program"].search([]).participant_ids:
        env["referral.withdrawal"]._request(
            participant, 120, participant.partner_id.bank_ids
        )


def make_bills(registry, die_after=None):
    module = "odoo.addons.referral_program.models.balance.referral_withdrawal_bill"
    sys.modules[module].BILL_BATCH_SIZE = 2
    with registry.cursor() as cr, freeze_time(TODAY):
        env = api.Environment(cr, SUPERUSER_ID, {})
        cron = env.ref("referral_program.ir_cron_bill")
        progress = env["ir.cron.progress"].create({"cron_id": cron.id})
        cr.commit()  # pylint: disable=invalid-commit
        if die_after:
            die_on_commit(cr, die_after)
        env["referral.withdrawal"].with_context(
            cron_id=cron.id, ir_cron_progress_id=progress.id
        )._cron_bill()


def look_at_bills(env):
    withdrawals = env["referral.withdrawal"].search([])
    return {
        "balances": env["referral.program"]
        .search([])
        .participant_ids.mapped("balance"),
        "bills": len(withdrawals.bill_id),
        "states": withdrawals.mapped("state"),
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
    original = accruals._post_batch

    def post(accrual):
        if not at_program.is_set():
            at_program.set()
            at_rows.wait(60)
            accrual.program_id.participant_ids._lock_money()
        return original(accrual)

    accruals._post_batch = post
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


#: What each does, and what it prints afterwards.
SCENARIOS = {
    "one": (one, look),
    "crowd": (crowd, look),
    "killed": (killed, look),
    "bind": (partial(at_once, count=8, function=bind), look_at_bonds),
    "statements_killed": (statements_killed, look_at_statements),
    "statements_crowd": (statements_crowd, look_at_statements),
    "downloads": (downloads, look_at_downloads),
    "register": (partial(at_once, count=8, function=register), look_at_bonds),
    "withdraw": (partial(money_out, count=20, function=withdraw), look_at_money),
    "keyed": (partial(money_out, count=8, function=withdraw_by_key), look_at_calls),
    "spend": (partial(money_out, count=10, function=spend), look_at_money),
    "bill": (bill, look_at_bills),
    "bills_by_hand": (bills_by_hand, look_at_bills_by_hand),
    "crossed": (crossed, look_at_crossed),
    "referenced": (referenced, look_at_bonds),
}

if __name__ == "__main__":
    main(*sys.argv[1:])
