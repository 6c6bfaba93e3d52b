"""What ``make bench`` measures, in which order."""

import os
from decimal import Decimal

from project.shell import SetupError, exclusively, progress, say

from . import measure, payment, report
from .stage import Stage

#: Invoices a month, each of three lines.
SIZES = (1_000, 10_000, 50_000)
REPEAT = 3
#: OCA's wizards take so long from this size on that they run once.
ONCE_FROM = 10_000
#: The month with and without history: invoices a month, earlier months.
HISTORY_SIZE = 1_000
HISTORY_MONTHS = 36
HISTORY_REPEAT = 7
#: The participant's pages: referrals, each with an invoice a month, and months.
PORTAL_REFERRALS = 5_000
PORTAL_MONTHS = 36
PORTAL_SMALL = (100, 1)
BATCH_SIZES = (100, 250, 500, 1_000, 2_000, 5_000)
BATCH_COMPENSATIONS = 5_000


def run():
    """Measure what the environment asks for; return the exit status."""
    with exclusively("bench"):
        _run(Stage())


def _run(stage):
    # what a run that was cut short has left
    stage.close()
    try:
        if os.environ.get("BATCH"):
            _measure_batches(stage)
        elif os.environ.get("BILLS"):
            _measure_billing(stage, _number("BILLS"))
        elif os.environ.get("LINES"):
            _measure_memory(stage, _number("LINES"))
        else:
            _measure_parts(stage)
    finally:
        stage.close()


def _number(name):
    try:
        number = int(os.environ[name].replace("_", ""))
    except ValueError:
        number = 0
    if number < 100:
        raise SetupError(
            f"{name}={os.environ[name]} is not a number from 100 on",
            f"make bench {name}=10000",
        )
    return number


def _measure_parts(stage):
    """Measure the parts that are asked for, or all, and end with their ratios."""
    parts = {
        "MONTH": _measure_months,
        "HISTORY": _measure_history,
        "PAYMENTS": _measure_payments,
        "PORTAL": _measure_portal,
    }
    asked = [name for name in parts if os.environ.get(name)] or parts
    ratios = [parts[name](stage) for name in asked]
    print("bench:", *ratios, flush=True)


def _measure_months(stage):
    """Measure a month of plain invoices and one of books, for each size.

    :return: the last size's ratios, those of books
    """
    sizes = [_number("SIZE")] if os.environ.get("SIZE") else SIZES
    times = {}
    for size in sizes:
        plain = _measure_size(stage, size)
        rows = _measure_size(stage, size, books=True)
        times[size] = rows[report.OURS]["wall"]
    if len(sizes) == 1:
        times[sizes[0] // 2] = _measure_ours_only(stage, sizes[0] // 2)["wall"]
    print(f"\nbench, plain invoices: {report.ratios(plain)}", flush=True)
    return f"{report.ratios(rows)} growth={report.growth(times):.2f}"


# === One size === #


def _measure_size(stage, size, books=False):
    """Measure both sides and the bare SQL on the same invoices, and report."""
    with stage.generated("month", size, books=books) as (database, facts):
        rows = {
            **_measure_oca(stage, database, facts),
            **_measure_ours(stage, database, facts),
            **_measure_bare(stage, database, facts),
        }
    report.show_size(facts, rows)
    return rows


def _measure_ours_only(stage, size):
    with stage.generated("month", size, books=True) as (database, facts):
        return _measure_ours(stage, database, facts)[report.OURS]


def _measure_ours(stage, database, facts):
    with progress("accruing the month"):
        rounds = stage.measure(database, "ours", repeat=REPEAT)
    for [result] in rounds:
        _expect(facts, result["amount"], result["lines"])
        _expect(facts, result["posted"])
    return {report.OURS: measure.median([result for [result] in rounds])}


def _measure_oca(stage, database, facts):
    repeat = 1 if facts["invoices"] >= ONCE_FROM else REPEAT
    own = {"lines": facts["oca_lines"], "amount": facts["oca_amount"]}
    with progress("settling and billing with OCA's commission"):
        rounds = stage.measure(database, "settle", "bill", repeat=repeat)
    for settled, billed in rounds:
        _expect(own, settled["amount"], settled["lines"])
        _expect(own, billed["amount"])
    return {
        report.OCA_SETTLE: measure.median([settled for settled, _billed in rounds]),
        report.OCA_BILL: measure.median([billed for _settled, billed in rounds]),
        report.OCA: measure.median([measure.total(results) for results in rounds]),
    }


def _measure_bare(stage, database, facts):
    with progress("doing the least in bare SQL"):
        rounds = stage.measure(database, "aggregate", "insert", "entry", repeat=REPEAT)
    for summed, inserted, posted in rounds:
        _expect(facts, summed["amount"])
        _expect(facts, inserted["amount"], inserted["lines"])
        _expect(facts, posted["amount"])
    return {
        report.BARE_SUM: measure.median([results[0] for results in rounds]),
        report.BARE_INSERT: measure.median([results[1] for results in rounds]),
        report.BARE_ENTRY: measure.median([results[2] for results in rounds]),
        report.BARE: measure.median([measure.total(results) for results in rounds]),
    }


def _expect(facts, amount, lines=None):
    """Fail if a side did other work than the others."""
    if Decimal(amount) != Decimal(facts["amount"]):
        raise SetupError(
            f"{amount} came out instead of {facts['amount']}",
            "the measurement is worth nothing before that is right",
        )
    if lines not in (None, facts["lines"]):
        raise SetupError(
            f"{lines} lines were done instead of {facts['lines']}",
            "the measurement is worth nothing before that is right",
        )


# === History, payments === #


def _measure_history(stage):
    """Return how many times longer a month takes after years of earlier ones.

    Of plain invoices: years in advance would give the month more to do.
    """
    without = {"size": HISTORY_SIZE, "months": 1}
    with_history = {"size": HISTORY_SIZE, "months": 1 + HISTORY_MONTHS}
    with (
        stage.generated("alone", **without) as (alone, facts),
        stage.generated("after", **with_history) as (after, _facts),
    ):
        with progress(f"accruing {HISTORY_MONTHS} earlier months"):
            stage.run("history", after, months=HISTORY_MONTHS)
            stage.tidy(after)
        with progress("accruing the month with and without them"):
            times = {alone: [], after: []}
            for _number in range(HISTORY_REPEAT):
                for database, results in times.items():
                    [[result]] = stage.measure(database, "ours")
                    _expect(facts, result["amount"], result["lines"])
                    results.append(result)
    medians = {name: measure.median(results) for name, results in times.items()}
    report.show_history(HISTORY_SIZE, HISTORY_MONTHS, medians[alone], medians[after])
    return f"history={medians[after]['wall'] / medians[alone]['wall']:.2f}"


def _measure_payments(stage):
    """Return by how many percent registering a payment is slower."""
    count = payment.PAYMENTS
    databases = [stage.with_addon("with"), stage.without_addon("without")]
    with progress("making open invoices with and without the addon"):
        for database in databases:
            stage.run("generate_unpaid", database, size=count)
            stage.tidy(database)
    with progress(f"registering {count} payments in each"):
        slower = payment.compare(stage, *databases)
    report.show_payments(payment.ROUNDS, payment.PAIRS, slower)
    return f"payment={slower['wall']:.1f}"


# === The participant's pages === #


def _measure_portal(stage):
    """Return how many times longer the slowest of the pages takes than Odoo's own."""
    results = {}
    for referrals, months in (PORTAL_SMALL, (PORTAL_REFERRALS, PORTAL_MONTHS)):
        database = stage.generated_alone(
            "portal", referrals, months=months, participants=1, clients=referrals
        )
        with progress(f"accruing {months} months"):
            stage.run("history", database, months=months - 1)
            stage.run("ours", database)
            stage.run("portal", database)
            stage.tidy(database)
        with progress("opening the participant's pages"):
            results[referrals, months] = stage.run("browse", database)
    small, large = results.values()
    return f"portal={report.show_portal(results, small, large):.2f}"


# === On request === #


def _measure_billing(stage, count):
    """Show how long so many withdrawals take to bill, and how much memory."""
    database = stage.generated_alone("bills", count, participants=count, clients=count)
    with progress(f"asking for {count:,} withdrawals"):
        stage.run("withdraw", database)
        stage.tidy(database)
    with progress("billing them"):
        result = stage.run("make_bills", database)
    report.show_billing(count, result)


def _measure_batches(stage):
    """Show how long posting takes by the number of items in an entry."""
    count = BATCH_COMPENSATIONS
    results = {}
    with stage.generated("batch", count, participants=count, policy="review") as (
        database,
        _facts,
    ):
        with progress("computing the month"):
            compensations = stage.run("compute", database)
        for batch in BATCH_SIZES:
            with progress(f"posting {compensations:,} compensations by {batch:,}"):
                rounds = stage.measure(database, "post", repeat=REPEAT, batch=batch)
            results[batch] = measure.median([result for [result] in rounds])
    report.show_batches(compensations, results)


def _measure_memory(stage, lines):
    """Show how much memory so many lines take."""
    with stage.generated("memory", -(-lines // 3)) as (database, facts):
        say("-> accruing the month")
        [[result]] = stage.measure(database, "ours")
        _expect(facts, result["amount"], result["lines"])
    report.show_size(facts, {report.OURS: result})
