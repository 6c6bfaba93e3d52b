"""Tests that run processes of their own, in databases where commits stay."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Timer

import psycopg2
import requests

from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name
from odoo.tools import config

#: Seconds that a process has.
PATIENCE = 900


class ProcessCase(BaseCase):
    """Each test has a database of its own, copied from the template: ``database``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the suite's own database is in use, so it cannot be copied
        cls.template = os.environ.get("REFERRAL_TEMPLATE")
        if not cls.template:
            cls.template = f"{get_db_name()}_template"
            cls._drop(cls.template)
            cls.addClassCleanup(cls._drop, cls.template)
            cls._python(
                "-m", "odoo", "--config", config["config"], "--no-http",
                "--database", cls.template, "--init", "referral_program",
                "--stop-after-init",
            )  # fmt: skip

    def setUp(self):
        super().setUp()
        self.database = f"{get_db_name()}_{type(self).__name__.lower()}"
        self.addCleanup(self._drop, self.database)
        self._copy(self.template, self.database)

    @classmethod
    def _drop(cls, database):
        cls._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    @classmethod
    def _copy(cls, source, target):
        """Copy a database, in place of one that may be there."""
        cls._drop(target)
        cls._execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')

    @staticmethod
    def _execute(statement):
        _name, parameters = connection_info_for("postgres")
        with closing(psycopg2.connect(**parameters)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)

    def _query(self, query):
        """Return the rows of a query in the test's database."""
        _name, parameters = connection_info_for(self.database)
        with (
            closing(psycopg2.connect(**parameters)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(query)
            return cursor.fetchall()

    @contextmanager
    def _serving(self):
        """Serve the test's database as long as the context lasts; give the address."""
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        server = subprocess.Popen(
            [
                sys.executable, "-m", "odoo", "--config", config["config"],
                "--database", self.database, "--db-filter", f"^{self.database}$",
                "--http-interface", "127.0.0.1", "--http-port", port,
                "--workers", "0", "--max-cron-threads", "0", "--log-level", "error",
            ],
            # more requests at once wait, rather than run out of connections
            env={**self._environment(), "ODOO_MAX_HTTP_THREADS": "16"},
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        address = f"http://127.0.0.1:{port}"
        try:
            self._wait_for(server, f"{address}/web/login")
            yield address
        finally:
            server.kill()
            server.wait()

    def _wait_for(self, server, address):
        end = time.monotonic() + 120
        while server.poll() is None and time.monotonic() < end:
            with suppress(requests.RequestException):
                requests.get(address, timeout=60)
                return
            time.sleep(0.5)
        self.fail("the server does not answer")

    @staticmethod
    def _environment():
        return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    @classmethod
    def _python(cls, *arguments):
        """Run Python in a process of its own.

        :return: the ended process, with its ``stdout`` and ``stderr`` as text
        :raise AssertionError: with the end of its errors, if it failed
        """
        done = subprocess.run(
            [sys.executable, *arguments],
            env=cls._environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if done.returncode:
            raise AssertionError(done.stderr[-5000:])
        return done


class BooksCase(ProcessCase):
    """Each test begins with the books that ``workers.py`` makes, and runs a scenario.

    A process has loaded them and runs each scenario in a fork.

    :cvar str script: the file of this folder that has the scenarios
    """

    script = "exactly_once.py"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        books = f"{get_db_name()}_books"
        cls.addClassCleanup(cls._drop, books)
        cls._copy(cls.template, books)
        cls.template = books
        cls._errors = cls.enterClassContext(tempfile.TemporaryFile("w+"))
        script = Path(__file__).with_name(cls.script)
        cls._player = subprocess.Popen(
            [sys.executable, script, config["config"], books],
            env=cls._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=cls._errors,
            text=True,
        )
        cls.addClassCleanup(cls._player.communicate)
        cls._answer()

    @classmethod
    def _answer(cls):
        """Wait for what the process says; return what it found.

        :raise AssertionError: with the end of its errors, if it failed
        """
        impatience = Timer(PATIENCE, cls._player.kill)
        impatience.start()
        try:
            for line in cls._player.stdout:
                if line.startswith('{"found": '):
                    return json.loads(line)["found"]
                if line.startswith('{"failed": '):
                    break
        finally:
            impatience.cancel()
        cls._errors.seek(0)
        raise AssertionError(cls._errors.read()[-5000:])

    def _run(self, scenario):
        """Run a scenario and return what is found after it."""
        self._player.stdin.write(f"{scenario} {self.database}\n")
        self._player.stdin.flush()
        return self._answer()
