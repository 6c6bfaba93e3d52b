"""``make hosts``: a month's work on several machines, one of them killed, a replica.

A machine is an Odoo process with an address and a configuration of its own. All of
them have one PostgreSQL, made for this, and the queue's runner.
"""

import datetime
import hashlib
import os
import re
import shutil
import time
from functools import partial

from bench.stage import Stage

from . import databases, hosts_replica, paths, postgres
from .hosts_clusters import NAMES, Cluster
from .hosts_servers import CAPACITY, Balancer, Host
from .shell import SetupError, exclusively, progress, say
from .shell import run as run_program

SIZE = 50_000
#: Invoices for each participant.
PER_PARTICIPANT = 10
#: Seconds until a stage has to be over.
PATIENCE = 4 * 3600
GUIDE = paths.ROOT / "docs" / "operations.md"
SAME = (
    "The ledger was the same each time, byte for byte, apart from the bills' "
    "references, which are numbered by who is first."
)
BEGIN, END = "<!-- hosts: begin -->", "<!-- hosts: end -->"
#: What is done, by which scheduled action, and a query that is true when it is done.
STAGES = {
    "accrued and posted": (
        "ir_cron_accrue",
        "SELECT COUNT(*) = 2 AND BOOL_AND(state = 'posted') FROM referral_accrual",
    ),
    "statements": (
        "ir_cron_statements",
        "SELECT BOOL_AND(statements_on IS NOT NULL) FROM referral_accrual",
    ),
    "PDFs": (
        "ir_cron_documents",
        "SELECT BOOL_AND(pdf_sha256 IS NOT NULL) FROM referral_statement",
    ),
    "bills": (
        "ir_cron_bill",
        "SELECT BOOL_AND(state = 'billed') FROM referral_withdrawal",
    ),
}
IDLE = (
    "SELECT NOT EXISTS (SELECT FROM queue_job"
    " WHERE state NOT IN ('done', 'failed', 'cancelled'))"
)
WAKE = """
UPDATE ir_cron
   SET active = id = {cron}, nextcall = now() AT TIME ZONE 'utc' + INTERVAL '1 day';
INSERT INTO ir_cron_trigger (cron_id, call_at)
VALUES ({cron}, now() AT TIME ZONE 'utc')
"""
#: Whether no machine has begun with it.
WAITS = """
SELECT EXISTS (SELECT FROM ir_cron_trigger WHERE cron_id = {cron})
   AND EXISTS (SELECT FROM ir_cron WHERE id = {cron} FOR NO KEY UPDATE SKIP LOCKED)
"""
CRON = (
    "SELECT res_id FROM ir_model_data WHERE module = 'referral_program' AND name = '{}'"
)
#: Whatever the ledger says, without what only tells in which order it was written:
#: the numbers of documents are compared as a set, their references (a machine that is
#: killed takes some with it) not at all.
LEDGER = """
SELECT account.code_store::text, journal.code, move.move_type, item.date,
       partner.name, COALESCE(REPLACE(item.name, NULLIF(move.ref, ''), '#'), item.name),
       item.debit, item.credit, item.amount_currency, item.amount_residual,
       item.reconciled, move.payment_reference
  FROM account_move_line item
  JOIN account_move move ON move.id = item.move_id
  JOIN account_journal journal ON journal.id = move.journal_id
  JOIN account_account account ON account.id = item.account_id
  LEFT JOIN res_partner partner ON partner.id = item.partner_id
 WHERE item.parent_state = 'posted'
 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
"""
NUMBERS = "SELECT name FROM account_move WHERE state = 'posted' ORDER BY name"
#: Up to so many bills a machine is killed at once, else when a fifth is made.
FEW = 500
#: Processes of machines that are at bills.
AT_WORK = f"""
SELECT DISTINCT worker_pid
  FROM queue_job
 WHERE state = 'started' AND channel = 'root.referral.bills'
   AND (SELECT COUNT(*) < {FEW} OR COUNT(*) FILTER (WHERE state = 'billed') * 5
            >= COUNT(*) FROM referral_withdrawal)
"""
KILLED = "3, one killed"


def run(write=False):
    """Do the same month on each number of machines, and show how long it took.

    :param bool write: whether the table goes into the documentation
    :raise SetupError: if a ledger is not that of one undisturbed machine
    """
    size = int(os.environ.get("SIZE") or SIZE)
    with exclusively("hosts"):
        primary, replica = (Cluster(name) for name in NAMES)
        source = _Source(size)
        try:
            primary.make()
            source.restore(primary)
            rows = _play_all(source, primary)
            served = hosts_replica.show(source, primary, replica)
        finally:
            replica.remove()
            primary.remove()
            source.close()
    table = _table(size, rows, served)
    say("")
    print(table, flush=True)
    if write:
        _write(table)


class _Source:
    """The database before the month, and where steps on it run."""

    NAME = f"hosts_{paths.CLONE}"

    def __init__(self, size):
        self.size, self.count = size, max(size // PER_PARTICIPANT, 1)
        self.stage = Stage()
        self.workplace = self.stage.workplace
        # the last month that is over: no other is due after it
        self.workplace.environment["BENCH_MONTH"] = _last_month()
        self.dump = paths.CACHE / f"{self.NAME}.dump"
        databases.fresh(self.workplace, self.NAME)
        with progress("installing the queue"):
            # the glue addon comes by itself
            self.workplace.install(self.NAME, ["queue_job"], demo=False)
        with progress(f"generating {size:,} invoices of {self.count:,} participants"):
            self.stage.run("seed", self.NAME)
            self.stage.run(
                "generate", self.NAME, size=size,
                participants=self.count, clients=self.count,
            )  # fmt: skip
        self._pass_on(postgres.settings(), "pg_dump", "--format=custom", self.NAME)
        # its files stay
        postgres.query(f'DROP DATABASE "{self.NAME}"')

    def close(self):
        """Delete all files of the databases."""
        for folder in (databases.DATA / "filestore").glob(f"{self.NAME}*"):
            shutil.rmtree(folder)

    def restore(self, cluster):
        """Bring the database into another cluster, and work there from now on."""
        environment = cluster.environment
        os.environ.update(environment)
        self.workplace.environment.update(environment)
        self.options = {
            "db_host": environment["PGHOST"],
            "db_port": environment["PGPORT"],
            "db_user": environment["PGUSER"],
        }
        cluster.query(f'CREATE DATABASE "{self.NAME}"')
        with progress("bringing the database there"):
            self._pass_on(
                environment, "pg_restore", "--no-owner", "--dbname", self.NAME
            )
            cluster.query("VACUUM (ANALYZE)", self.NAME)
        self.dump.unlink()

    def _pass_on(self, environment, program, *arguments):
        place = ["--file", self.dump] if program == "pg_dump" else [self.dump]
        run_program(
            postgres.binaries() / program, *arguments, *place,
            env={**os.environ, **environment},
        )  # fmt: skip

    def fresh(self, name):
        """Return a copy of the database."""
        database = f"{self.NAME}_{name}"
        databases.renew(database, self.NAME)
        return database

    def host(self, number, database, capacity, **options):
        return Host(
            number, self.workplace, database, {**self.options, **options}, capacity
        )


def _last_month():
    first = datetime.date.today().replace(day=1)
    return (first - datetime.timedelta(days=1)).replace(day=1).isoformat()


def _play_all(source, primary):
    """Return the seconds of each stage, by the number of machines."""
    rows, ledgers = {}, {}
    for label, count, kill in (
        ("1", 1, False),
        ("2", 2, False),
        ("3", 3, False),
        (KILLED, 3, True),
    ):
        rows[label], ledgers[label] = _play(source, primary, label, count, kill)
    say("\nThe ledger, by machines:")
    for label, ledger in ledgers.items():
        say(f"  {label:>14}: {ledger}")
    if len(set(ledgers.values())) > 1:
        raise SetupError("the ledgers differ", "read the logs of the machines")
    return rows


def _play(source, primary, label, count, kill):
    database = source.fresh(re.sub(r"\W+", "_", label))
    hosts = [
        source.host(number + 1, database, count * CAPACITY) for number in range(count)
    ]
    balancer = None
    try:
        balancer = Balancer(hosts)
        for host in hosts:
            host.wait()
        _wait_for_leader(hosts)
        seconds = {}
        for stage, (action, done) in STAGES.items():
            if stage == "bills":
                source.stage.run("request", database)
            with progress(f"{label}: {stage}"):
                start = time.monotonic()
                _wake(primary, database, action)
                if kill and stage == "bills":
                    _kill_one(primary, database, hosts)
                _wait(primary, database, done)
                seconds[stage] = time.monotonic() - start
        _expect_no_failure(primary, database)
        return seconds, _ledger(primary, database)
    finally:
        for host in hosts:
            if host.process.poll() is None:
                host.kill()
        if balancer:
            balancer.close()


def _wait_for_leader(hosts):
    end = time.monotonic() + 60
    while not any(host.leads() for host in hosts):
        if time.monotonic() > end:
            raise SetupError("no runner has the queue", f"read {hosts[0].log}")
        time.sleep(0.2)


def _wake(primary, database, action):
    """Have one scheduled action run, and none of the others."""
    [cron] = primary.query(CRON.format(action), database)
    primary.query(WAKE.format(cron=cron), database)
    while primary.query(WAITS.format(cron=cron), database) == ["t"]:
        # who does not listen yet would otherwise look after a minute only
        primary.query(f"NOTIFY cron_trigger, '{database}'")
        time.sleep(0.2)


def _wait(primary, database, done):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if primary.query(done, database) == primary.query(IDLE, database) == ["t"]:
            return
        time.sleep(0.5)
    raise SetupError("a stage does not end", f"read the logs in {paths.CACHE}/hosts")


def _kill_one(primary, database, hosts):
    """Kill a machine that is at a job, when a fifth is billed or there are few.

    The one whose runner has the queue, if it is at one.
    """
    while not (processes := set(map(int, primary.query(AT_WORK, database)))):
        time.sleep(0.05)
    at_work = [host for host in hosts if host.process.pid in processes]
    killed = max(at_work or hosts, key=lambda host: host.leads())
    killed.kill()
    [left] = primary.query(
        "SELECT COUNT(*) FROM referral_withdrawal WHERE state = 'requested'", database
    )
    leads = "leads the queue" if killed.leads() else "does not lead the queue"
    say(f"   a machine at a job is killed, which {leads}; {left} bills are left")


def _expect_no_failure(primary, database):
    [failed] = primary.query(
        "SELECT COUNT(*) FROM queue_job WHERE state <> 'done'", database
    )
    if failed != "0":
        raise SetupError(f"{failed} jobs failed", "read the logs of the machines")


def _ledger(primary, database):
    """Return a hash of all posted items, and of the numbers that there are."""
    text = "\n".join(
        [*primary.query(LEDGER, database), *primary.query(NUMBERS, database)]
    )
    return hashlib.sha256(text.encode()).hexdigest()


# === The table === #


def _table(size, rows, served):
    cores = os.cpu_count()
    lines = [
        f"{size:,} invoices of three lines, {size // PER_PARTICIPANT:,} participants, "
        f"each with a statement, its PDF and a withdrawal; {cores} cores, on which "
        f"PostgreSQL ran too; {CAPACITY} jobs at once on each machine:",
        "",
        f"| machines | {' | '.join(STAGES)} | all |",
        f"| --- | {' | '.join('---' for _stage in STAGES)} | --- |",
    ]
    one = rows["1"]
    for label, seconds in rows.items():
        cells = [_cell(seconds[stage], one[stage], label == "1") for stage in STAGES]
        whole = _cell(sum(seconds.values()), sum(one.values()), label == "1")
        lines.append(f"| {label} | {' | '.join(cells)} | {whole} |")
    lines += ["", SAME, "", served]
    return "\n".join(lines)


def _cell(seconds, alone, is_alone):
    text = f"{seconds:.1f} s"
    return text if is_alone else f"{text} ({seconds / alone:.2f} ×)"


def _write(table):
    text = GUIDE.read_text()
    replace = partial(re.sub, flags=re.DOTALL)
    block = f"{BEGIN}\n\n{table}\n\n{END}"
    GUIDE.write_text(replace(f"{BEGIN}.*{END}", lambda _match: block, text))
