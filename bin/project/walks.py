"""The walks: their databases and servers, and the table of what tasks took."""

import json
import tempfile
from pathlib import Path

from . import databases, demo, packages, paths
from .shell import say

DATABASE = f"referral_walk_{paths.CLONE}"
TABLE = paths.ROOT / "docs" / "walks.md"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
#: What the people are played on, each in a database of its own.
PLACES = ("empty", "demo")
COLUMNS = ("person", "task", "where", "clicks", "seconds", "pages loaded")


def play(shots="", write=False):
    """Play the people in all places, and print what it took them.

    :param str shots: the folder for pictures, or nothing
    :param bool write: keep the table in docs
    :return int: 0 if nobody was stuck
    """
    if shots:
        Path(shots).mkdir(parents=True, exist_ok=True)
    rows, failed = [], 0
    for place in PLACES:
        if not failed:
            more, failed = _play(place, shots and str(Path(shots).resolve()))
            rows += more
    table = _table(rows)
    print(table, flush=True)
    if write and not failed:
        _write(table)
    return failed


def _play(place, shots):
    """Play the people in one place.

    :return: rows of what tasks took, and 0 if nobody was stuck
    """
    workplace = databases.Workplace()
    say(f"-> the {place} database {DATABASE} is made anew")
    if place == "demo":
        databases.fresh(workplace, DATABASE, demo=True)
    else:
        databases.renew(DATABASE, databases.base(workplace))
    if failed := demo.run_in_shell(workplace, DATABASE, f"{place}_walk"):
        return [], failed
    port = demo.free_port()
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "taken"
        with demo.serving(workplace, DATABASE, port):
            failed = packages.run_with_browser(
                "walk", f"http://{demo.HOST}:{port}", place, str(kept), shots or ""
            )
        rows = json.loads(kept.read_text()) if kept.exists() else []
    return rows, failed


def _table(rows):
    """Return the rows as a table; seconds are rounded up to whole fives."""
    lines = [" | ".join(COLUMNS), " | ".join("---" for _column in COLUMNS)]
    for row in rows:
        seconds = -(-row["seconds"] // 5) * 5
        cells = (row["person"], row["task"], row["where"], row["clicks"],
                 f"{seconds:.0f}", row["loads"])  # fmt: skip
        lines.append(" | ".join(map(str, cells)))
    return "\n".join(f"| {line} |" for line in lines)


def _write(table):
    """Put the table between its marks in docs/walks.md."""
    text = TABLE.read_text()
    before, rest = text.split(BEGIN)
    TABLE.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}")
    say(f"-> written to {TABLE.relative_to(paths.ROOT)}")
