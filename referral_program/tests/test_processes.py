"""Exactly once, with real processes and real commits.

Several workers at the same moment, and a worker killed after each of its commits:
the ledger ends as if one undisturbed worker had run. The processes are forked by
``workers.py``, which runs in a database of its own because what it commits stays.
"""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2

from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import config

TEMPLATE = os.environ.get("REFERRAL_TEMPLATE")
SCRIPT = Path(__file__).parent / "workers.py"
#: Two months of 5 participants who earned 90 each, in entries of 2.
UNDISTURBED = {
    "accruals": [["2026-01-01", "posted"], ["2026-02-01", "posted"]],
    "balances": [180.0] * 5,
    "compensations": 10,
    "entries": 6,
    "evidence": 10,
    "unlinked": 0,
}


@tagged("post_install", "-at_install")
class TestProcesses(BaseCase):
    def setUp(self):
        super().setUp()
        if not TEMPLATE:
            self.skipTest("bin/test names a template database to copy")
        self.database = f"{get_db_name()}_processes"
        self._execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')
        self._execute(f'CREATE DATABASE "{self.database}" TEMPLATE "{TEMPLATE}"')
        self.addCleanup(
            self._execute, f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)'
        )

    def _execute(self, statement):
        _name, parameters = connection_info_for("postgres")
        with closing(psycopg2.connect(**parameters)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)

    def _run(self, scenario):
        """Run a scenario of ``workers.py`` and return what the books say after it."""
        done = subprocess.run(
            [sys.executable, str(SCRIPT), config["config"], self.database, scenario],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr[-5000:])
        return json.loads(done.stdout.splitlines()[-1])

    def test_one_worker(self):
        self.assertEqual(self._run("one"), UNDISTURBED)

    def test_four_workers_at_once(self):
        self.assertEqual(self._run("crowd"), UNDISTURBED)

    def test_a_worker_killed_after_each_of_its_commits(self):
        self.assertEqual(self._run("killed"), UNDISTURBED)
