"""The test suite on a real Odoo: a part of it, or all of it on all cores."""

import json
import os
import signal
import subprocess
import tempfile
from collections import Counter

from . import databases, packages, paths, postgres, programs, share
from .shell import say

DATABASE = f"referral_test_{paths.CLONE}"
#: Seconds that each class of tests took when it was last run.
SECONDS = paths.CACHE / "test-seconds.json"
#: More processes would wait for the longest class, and for PostgreSQL's connections.
MOST = 8
SLOWEST = 10
#: Tests of Odoo's own that have failed because of this addon, by their addon's path.
OF_ODOO = [
    "account/tests/test_account_move_reconcile.py::TestAccountMoveReconcile::"
    "test_partial_reconcile_amounts_of_several_matching_lines",
    "account/tests/test_account_partner.py::TestAccountPartner::test_res_partner_bank",
    "account/tests/test_account_payment_method_line.py::TestAccountPaymentMethodLine",
    "account/tests/test_account_payment_register.py::TestAccountPaymentRegister::"
    "test_payment_method_different_type_single_batch_not_grouped",
    "account/tests/test_account_payment_register.py::TestAccountPaymentRegister::"
    "test_register_payment_multi_batches_grouped_with_credit_note",
]
#: Tests roll back what they write. Were the tables looked at by autovacuum, it would
#: record them as empty, and the next test's queries would be planned for no rows:
#: one of them took seven minutes.
KEEP_STATISTICS = """
DO $$
DECLARE
    name regclass;
BEGIN
    FOR name IN SELECT oid FROM pg_class
                 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE FORMAT('ALTER TABLE %s SET (autovacuum_enabled = false)', name);
    END LOOP;
END $$
"""
#: What can become of a test, the worst last.
WORSE = ("passed", "skipped", "failed")


def renew(database, template):
    """Make a database of tests anew, with statistics that stay as they are."""
    databases.renew(database, template)
    postgres.query(KEEP_STATISTICS, database)


class Suite:
    """The suite as this clone has it, with its databases' template.

    :param bool glue: the tests of the glue addons, and a template that has them
    """

    def __init__(self, glue=False):
        programs.ensure()
        self.workplace = databases.Workplace()
        self._begin(
            databases.template(self.workplace, glue=glue),
            paths.GLUE if glue else [paths.ADDON],
        )

    def _begin(self, template, folders):
        self.template = template
        self.folders = folders
        search = [
            self.workplace.odoo.python_path,
            paths.ROOT / "bin",
            packages.browser(),
        ]
        self.environment = {
            **self.workplace.environment,
            # for the tests whose commits stay: they copy it
            "REFERRAL_TEMPLATE": self.template,
            # the databases are the suite's: Odoo's company for tests may stay there
            "REFERRAL_KEEP_COMPANY": "1",
            "PYTHONPATH": os.pathsep.join(map(str, search)),
        }

    def command(self, database, *arguments):
        """Return the command that runs pytest in a database."""
        return [
            self.workplace.python, "-m", "pytest", "-p", "no:cacheprovider",
            "-p", "project.no_skips",
            "--odoo-config", self.workplace.config, "--odoo-database", database,
            "--odoo-http",
            *arguments,
        ]  # fmt: skip


def run(arguments):
    """Run pytest with someone's arguments in one process.

    :return int: how it ended
    """
    glue = {addon.name for addon in paths.GLUE}
    suite = Suite(any(argument.partition("/")[0] in glue for argument in arguments))
    renew(DATABASE, suite.template)
    say(f"-> testing in database {DATABASE}")
    done = subprocess.run(
        suite.command(DATABASE, *arguments),
        cwd=paths.ROOT,
        env=suite.environment,
        check=False,
    )
    return done.returncode


def run_of_odoo():
    """Run the tests of Odoo's own that have failed because of this addon.

    :return int: how it ended
    """
    folders = databases.Workplace().odoo.addons
    addons = next(folder for folder in folders if (folder / "account").is_dir())
    return run(["-q", *(str(addons / test) for test in OF_ODOO)])


def make_templates():
    """Make the templates of the suite's databases, which keeps one core busy.

    :return int: 0
    """
    for glue in _lots():
        Suite(glue)
    return 0


def _lots():
    """Return whether each lot of tests is the glue addons', in their order."""
    return (False, True) if paths.GLUE else (False,)


def run_all():
    """Run the whole suite in a process for each core, each in its own database.

    First the addon's, without what the glue addons join it to; then the glue addons'.
    The last line is pytest's: "N passed, N failed", and ", N skipped" if any were.

    :return int: 0 if all tests have passed
    """
    course = Course()
    clean = True
    for suite in map(Suite, _lots()):
        clean &= run_in_parallel(suite, course)
    print(course.summary(), flush=True)
    return 0 if clean and course.is_clean() else 1


def run_in_parallel(suite, course):
    """Run the tests of a suite's folders in a process for each core.

    :return bool: whether all processes ended well
    """
    names = [f"{DATABASE}_{number}" for number in range(1, _processes() + 1)]
    for name in names:
        renew(name, suite.template)
    say(f"-> testing in databases {', '.join(names)}")
    known = _known()
    course.begin()
    workers = _share(suite, names, course, known)
    _keep({**known, **course.parts})
    failed = {name for name, worker in workers.items() if worker.returncode}
    for name in failed:
        print(_log(name).read_text(errors="replace"))
        print(f"the process in {name} ended with {workers[name].returncode}, see above")
    return not failed


def _processes():
    """Return how many processes run: one for each core, or ``PROCESSES``."""
    wanted = os.environ.get("PROCESSES")
    return int(wanted) if wanted else min(len(os.sched_getaffinity(0)), MOST)


def _share(suite, names, course, known):
    """Run a process in each database and follow their course until all have ended.

    :param dict known: seconds that classes took earlier
    :return dict: the ended processes by their database
    """
    # whoever ends this command ends its processes
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    news, pipe = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **suite.environment,
            share.FOLDER: folder,
            share.KNOWN: json.dumps(known),
            share.PIPE: str(pipe),
        }
        workers = {}
        try:
            for name in names:
                with open(_log(name), "w") as log:
                    workers[name] = subprocess.Popen(
                        suite.command(
                            name, "-p", "project.share", "-q", *suite.folders
                        ),
                        cwd=paths.ROOT,
                        env=environment,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        pass_fds=[pipe],
                    )
            os.close(pipe)
            with open(news) as lines:
                for line in lines:
                    course.note(json.loads(line))
        except BaseException:
            for worker in workers.values():
                worker.terminate()
            raise
        finally:
            for worker in workers.values():
                worker.wait()
    return workers


def _log(database):
    return paths.CACHE / "clones" / f"{database}.log"


def _known():
    return json.loads(SECONDS.read_text()) if SECONDS.exists() else {}


def _keep(seconds):
    """Keep how long classes took; another clone may be reading it now."""
    new = SECONDS.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(seconds, indent=1, sort_keys=True))
    new.replace(SECONDS)


class Course:
    """What several processes tell of their tests (see ``project.share``).

    :ivar dict parts: seconds of each class that is done
    """

    def __init__(self):
        self.parts = {}
        self._collected = []
        self._taken = set()
        self._broken = set()
        # of each test
        self._outcomes = {}
        self._seconds = Counter()
        self._ended = set()

    def begin(self):
        """Begin with the processes that share a further lot of tests."""
        self._collected.append(0)

    def note(self, news):
        """Take a process' news, and say what a reader waits for."""
        match news:
            case {"collected": count}:
                self._collected[-1] = max(self._collected[-1], count)
            case {"broken": place}:
                self._broken.add(place)
            case {"taken": part}:
                self._taken.add(part)
            case {"done": part, "seconds": seconds}:
                self.parts[part] = seconds
                say(f"   {seconds:5.0f} s  {part}")
            case {"test": test, "outcome": outcome, "seconds": seconds}:
                self._seconds[test] += seconds
                self._note_outcome(test, outcome)
                if news["ended"]:
                    self._ended.add(test)

    def _note_outcome(self, test, outcome):
        """Keep the worst outcome of a test's set-up, subtests, call and end."""
        before = self._outcomes.get(test, "passed")
        self._outcomes[test] = max(before, outcome, key=WORSE.index)
        if outcome == "failed" != before:
            say(f"    failed  {test}")

    def count(self):
        """Return how many tests passed, failed and were skipped.

        A test that did not come to its end because its process did has failed.
        """
        of = Counter(self._outcomes[test] for test in self._ended)
        failed = sum(self._collected) - of["passed"] - of["skipped"] + len(self._broken)
        return of["passed"], failed, of["skipped"]

    def is_clean(self):
        """Tell whether there were tests and all of them passed."""
        passed, failed, skipped = self.count()
        return bool(passed) and not failed and not skipped

    def summary(self):
        """Return what did not end, the slowest tests and the closing line."""
        passed, failed, skipped = self.count()
        lines = [f"not to its end: {part}" for part in self._taken - self.parts.keys()]
        lines += [f"not collected: {place}" for place in self._broken]
        lines += [f"failed: {t}" for t, o in self._outcomes.items() if o == "failed"]
        lines.append(f"the slowest {SLOWEST}:")
        lines += [
            f"{seconds:8.1f} s  {test}"
            for test, seconds in self._seconds.most_common(SLOWEST)
        ]
        skips = f", {skipped} skipped" if skipped else ""
        lines.append(f"{passed} passed, {failed} failed{skips}")
        return "\n".join(lines)
