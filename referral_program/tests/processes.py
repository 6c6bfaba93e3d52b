"""Tests that run processes of their own, in databases where commits stay."""

import os
import subprocess
import sys
from contextlib import closing

import psycopg2

from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name
from odoo.tools import config


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
        self._drop(self.database)
        self._execute(f'CREATE DATABASE "{self.database}" TEMPLATE "{self.template}"')
        self.addCleanup(self._drop, self.database)

    @classmethod
    def _drop(cls, database):
        cls._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    @staticmethod
    def _execute(statement):
        _name, parameters = connection_info_for("postgres")
        with closing(psycopg2.connect(**parameters)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)

    @staticmethod
    def _python(*arguments):
        """Run Python in a process of its own.

        :return: the ended process, with its ``stdout`` and ``stderr`` as text
        :raise AssertionError: with the end of its errors, if it failed
        """
        done = subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        if done.returncode:
            raise AssertionError(done.stderr[-5000:])
        return done
