"""The bench's databases, and the processes that work on them."""

import contextlib
import json
import subprocess

from project import databases, packages, paths, postgres
from project.shell import SetupError, progress

#: All of the bench's databases are named so, and dropped at its end.
PREFIX = f"bench_{paths.CLONE}_"
OCA_ADDONS = ("commission_oca", "account_commission_oca")


class Stage:
    """Where steps run: Odoo with this addon and OCA's beside it."""

    def __init__(self):
        self.workplace = databases.Workplace(
            extra_addons=[packages.oca(paths.BENCH_PINS)]
        )
        self._seeded = {}

    def close(self):
        """Drop what is left of the bench's databases."""
        for name in postgres.query(
            f"SELECT datname FROM pg_database WHERE starts_with(datname, '{PREFIX}')"
        ):
            databases.drop(name)

    # === Databases === #

    def seeded(self, books=False):
        """Return a database with both addons and a few real invoices, paid.

        :param bool books: whether they are such as books have, see :mod:`bench.seed`
        """
        if books not in self._seeded:
            name = self._copy(self._installed(), "books" if books else "plain")
            with progress("making the invoices and payments to clone"):
                self.run("seed", name, books=books)
            self._seeded[books] = name
        return self._seeded[books]

    def _installed(self):
        """Return a database with this addon and OCA's."""
        name = PREFIX + "installed"
        if not databases.exists(name):
            databases.fresh(self.workplace, name)
            with progress("installing OCA's commission addons"):
                self.workplace.install(name, OCA_ADDONS, demo=False)
        return name

    def without_addon(self, name):
        """Make a database with all that the addon depends on, but not with it."""
        return self._copy(databases.base(self.workplace), name)

    def with_addon(self, name):
        """Make a database with the addon, but without OCA's."""
        return databases.fresh(self.workplace, PREFIX + name)

    def generated_alone(self, name, size, **parameters):
        """Make a database with so many invoices, without OCA's addons.

        :return: its name
        """
        database = self.with_addon(name)
        with progress(f"generating {size:,} invoices a month"):
            self.run("seed", database)
            self.run("generate", database, size=size, **parameters)
            self.tidy(database)
        return database

    @contextlib.contextmanager
    def generated(self, name, size, books=False, **parameters):
        """Make a database with so many invoices; drop it afterwards.

        :param bool books: whether they are such as books have
        :return: its name, and what :func:`bench.generate.generate` tells of it
        """
        database = self._copy(self.seeded(books), name)
        try:
            with progress(f"generating {size:,} invoices a month"):
                facts = self.run("generate", database, size=size, **parameters)
                self.tidy(database)
                self.run("check", database)
            yield database, facts
        finally:
            databases.drop(database)

    def tidy(self, database):
        """Give the planner its statistics, and the measured work clean pages."""
        postgres.query("VACUUM (ANALYZE)", database)

    @contextlib.contextmanager
    def copied(self, source):
        """Copy a database to measure one thing on it, undisturbed by others."""
        name = self._copy(source, "copy")
        try:
            self._warm(name)
            postgres.query("CHECKPOINT")
            yield name
        finally:
            databases.drop(name)

    def _warm(self, database):
        """Have PostgreSQL hold the copy's pages, as that of a running server does."""
        postgres.query("CREATE EXTENSION IF NOT EXISTS pg_prewarm", database)
        postgres.query(
            "SELECT SUM(pg_prewarm(oid)) FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')",
            database,
        )

    def _copy(self, source, name):
        databases.drop(PREFIX + name)
        databases.copy(source, PREFIX + name)
        return PREFIX + name

    # === Processes === #

    def run(self, task, database, **parameters):
        """Run a step of :mod:`bench.child` and return what it returned."""
        command = self.command(task, database, **parameters)
        done = subprocess.run(
            command,
            cwd=paths.ROOT,
            env=self.workplace.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            tail = "\n".join(done.stderr.splitlines()[-25:])
            raise SetupError(
                f"the bench's step {task!r} failed:\n{tail}",
                "read the lines above; they are what the step printed",
            )
        return json.loads(done.stdout.splitlines()[-1])

    def command(self, task, database, **parameters):
        """Return the command line of a step."""
        return [
            str(self.workplace.python),
            "-m",
            "bench.child",
            task,
            database,
            json.dumps(parameters),
        ]

    def measure(self, source, *tasks, repeat=1, **parameters):
        """Run steps one after the other on a copy of a database.

        :return: for each repetition, a list with what each step returned
        """
        rounds = []
        for _number in range(repeat):
            with self.copied(source) as database:
                rounds.append([self.run(t, database, **parameters) for t in tasks])
        return rounds
