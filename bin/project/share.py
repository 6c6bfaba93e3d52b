"""A pytest plugin: one of several processes that share the classes of tests.

Each process collects all of them and runs those that it is the first to take, the
longest first; whoever is done early takes more. The process that started them all
(``project.suite``) reads on a pipe what they do.
"""

import itertools
import json
import os
import random
from pathlib import Path

import pytest

#: Names in the environment: where classes are taken, what is known of their durations,
#: and the pipe.
FOLDER, KNOWN, PIPE = "REFERRAL_TAKEN", "REFERRAL_SECONDS", "REFERRAL_PIPE"
#: Where all files with ``SERIAL = True`` are taken together: what they do in databases
#: and processes of their own must not happen at once.
TOGETHER = "serial"
#: What the tests' pages load. Made by a test, it would be gone after it.
ASSETS = {
    "js": (
        "web.assets_web",
        "web.assets_frontend_minimal",
        "web.assets_frontend_lazy",
        "web.assets_tests",
    ),
    "css": ("web.assets_web", "web.assets_frontend", "web.report_assets_common"),
}


def tell(**news):
    """Write a line to ``project.suite``.

    Lines of several processes do not mix: each is far shorter than ``PIPE_BUF``.
    """
    os.write(int(os.environ[PIPE]), json.dumps(news).encode() + b"\n")


def pytest_configure(config):
    config.pluginmanager.register(Share())


class Share:
    """What this process does, and how long each test of it takes.

    What it does once before its first test, loading Odoo, is no test's time.
    """

    def __init__(self):
        self._last = _clock()  # when the last step of a test ended
        self._spent = 0  # seconds of the tests of the part at hand

    @pytest.fixture(scope="session", autouse=True)
    def assets(self, load_registry):
        """Make the pages' scripts and styles once for all tests of this process."""
        from odoo import SUPERUSER_ID, api
        from odoo.modules.registry import Registry
        from odoo.tests.common import get_db_name

        with Registry(get_db_name()).cursor() as cr:
            templates = api.Environment(cr, SUPERUSER_ID, {})["ir.qweb"]
            for kind, names in ASSETS.items():
                for name in names:
                    bundle = templates._get_asset_bundle(
                        name, css=kind == "css", js=kind == "js"
                    )
                    getattr(bundle, kind)()
        self._last = _clock()

    def pytest_collectreport(self, report):
        if report.failed:
            tell(broken=report.nodeid)

    def pytest_collection_finish(self, session):
        tell(collected=len(session.items))

    def pytest_runtestloop(self, session):
        if session.testsfailed:
            return None  # pytest's own loop says what could not be collected
        # a test is run with the next one known: what both need is kept
        tests = itertools.chain(_take_tests(session.items), [None])
        for test, following in itertools.pairwise(tests):
            session.config.hook.pytest_runtest_protocol(item=test, nextitem=following)
            if following is None or _part(following) != _part(test):
                tell(done=_part(test), seconds=self._spent)
                self._spent = 0
        return True

    def pytest_runtest_logreport(self, report):
        subtest = isinstance(report, pytest.SubtestReport)
        # a subtest's time is its test's too
        seconds = 0
        if not subtest:
            seconds = _clock() - self._last
            self._last += seconds
        self._spent += seconds
        tell(
            test=report.nodeid,
            outcome=report.outcome,
            seconds=seconds,
            ended=report.when == "teardown",
        )


def _clock():
    """Return seconds that go on while a test has stopped the time."""
    return os.times().elapsed


def _take_tests(items):
    """Yield the tests of those parts that this process is the first to take."""
    parts = {}
    for item in items:
        parts.setdefault(_part(item), []).append(item)
    for part in _order(parts):
        if _take(part):
            tell(taken=part)
            yield from parts[part]


def _part(item):
    """Return the name of what one process takes as a whole: the test's class."""
    if getattr(item.module, "SERIAL", False):
        return TOGETHER
    return item.nodeid.rpartition("::")[0]


def _order(parts):
    """Return the parts' names in the order in which they are taken.

    ``SPLIT`` in the environment asks for another one: ``reverse``, or any text that
    a shuffled order begins from.
    """
    known = json.loads(os.environ[KNOWN])
    longest_first = sorted(
        parts, key=lambda part: (-known.get(part, _guess(parts[part])), part)
    )
    split = os.environ.get("SPLIT")
    if split == "reverse":
        return longest_first[::-1]
    if split:
        random.Random(split).shuffle(longest_first)
    return longest_first


def _guess(items):
    """Return about how many seconds tests take that have not been run yet.

    Files whose classes take longer than that say so: ``SECONDS = 150``.
    """
    from odoo.tests import HttpCase

    if _part(items[0]) == TOGETHER:
        return 10 * len(items)
    if seconds := getattr(items[0].module, "SECONDS", None):
        return seconds
    pages = sum(issubclass(item.cls or object, HttpCase) for item in items)
    return 2 * len(items) + 3 * pages


def _take(part):
    try:
        Path(os.environ[FOLDER], part).mkdir(parents=True)
    except FileExistsError:
        return False
    return True
