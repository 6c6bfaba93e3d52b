"""Tables for people, and the growth's exponent."""

import math

OCA_SETTLE = "OCA: settle"
OCA_BILL = "OCA: make the bills"
OCA = "OCA: both"
OURS = "accrual: computed, stored, posted"
BARE_SUM = "bare SQL: sum the lines"
BARE_INSERT = "bare SQL: insert a row a line"
BARE_ENTRY = "Odoo: post one entry"
BARE = "the least: these three"


def show_size(facts, rows):
    """Print what was measured for one number of invoices.

    :param dict facts: what was generated
    :param dict rows: a measurement by its label
    """
    _show(_title(facts), rows)
    if OCA in rows:
        _say_ratio("OCA / accrual", rows[OCA], rows[OURS])
    if BARE in rows:
        _say_ratio("accrual / the least", rows[OURS], rows[BARE])


def _title(facts):
    title = (
        "{invoices:,} invoices, {lines:,} lines, {participants:,} participants, "
        "base {base}, compensation {amount}".format(**facts)
    )
    if facts["oca_amount"] != facts["amount"]:
        title += (
            "; with credit notes, negative lines, part payments and years in "
            "advance, of which OCA makes {oca_amount}".format(**facts)
        )
    return title


def ratios(rows):
    """Return how the accrual compares with the others, as ``name=value``."""
    ours = rows[OURS]["wall"]
    return (
        f"vs_oca={rows[OCA]['wall'] / ours:.1f} vs_sql={ours / rows[BARE]['wall']:.2f}"
    )


def _show(title, rows):
    print(f"\n{title}")
    print(f"  {'':36}{'wall s':>10}{'CPU s':>10}{'peak MB':>10}")
    for label, row in rows.items():
        print(
            f"  {label:36}{row['wall']:10.2f}{row['cpu']:10.2f}{row['peak']:10.0f}",
            flush=True,
        )


def _say_ratio(label, one, two):
    ratios = [one[name] / max(two[name], 0.001) for name in ("wall", "cpu", "peak")]
    print(f"  {label:36}" + "".join(f"{ratio:9.1f}x" for ratio in ratios), flush=True)


def show_history(size, months, alone, after):
    """Print what the month takes with and without earlier ones."""
    _show(
        f"The month of {size:,} invoices, with earlier months of as many",
        {"none": alone, f"{months}, accrued": after},
    )
    _say_ratio("with / without", after, alone)


def show_payments(rounds, pairs, slower):
    """Print by how much registering a payment is slower."""
    print(
        f"\nRegistering a payment, the addon installed: {slower['wall']:+.1f} % time, "
        f"{slower['cpu']:+.1f} % CPU (mean of "
        f"{rounds} medians of {pairs} pairs)",
        flush=True,
    )


def show_portal(results, small, large):
    """Print what the participant's pages take beside Odoo's own list of invoices.

    :param dict results: by referrals and months, what each page took
    :param dict small: the same with hardly any data
    :param dict large: and with much
    :return: the slowest page's seconds by those of Odoo's, with much data
    """
    print("\nThe participant's pages")
    for (referrals, months), pages in results.items():
        print(f"  {referrals:,} referrals, {months} months")
        for page, result in pages.items():
            print(
                f"    {page:34}{1000 * result['seconds']:10.1f} ms"
                f"{result['queries']:8} queries"
            )
    yardstick, *own = large
    grown = [page for page in own if large[page]["queries"] > small[page]["queries"]]
    print(
        f"  queries that grow with the data: {', '.join(grown) or 'none'}", flush=True
    )
    slowest = max(large[page]["seconds"] for page in own)
    return slowest / large[yardstick]["seconds"]


def show_billing(count, result):
    """Print what it takes to bill so many withdrawals."""
    _show(f"{count:,} withdrawals, billed and posted", {"the scheduled action": result})


def show_batches(compensations, results):
    """Print what posting takes by the size of an entry."""
    _show(
        f"Posting {compensations:,} compensations",
        {f"{batch:,} an entry": result for batch, result in results.items()},
    )


def growth(times):
    """Return the exponent by which time grows between the two largest sizes.

    :param dict times: seconds by number of invoices
    """
    small, large = sorted(times)[-2:]
    return math.log(times[large] / times[small]) / math.log(large / small)
