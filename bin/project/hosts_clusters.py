"""A PostgreSQL of its own, and a replica that streams from it, for ``make hosts``.

The private cluster that tests use keeps no log that a replica could read.
"""

import os
import shutil

from . import postgres
from .shell import run

#: Of the primary; the replica has it by being a copy.
SETTINGS = """
# For measuring only: a crash of the machine may lose data.
fsync = off
listen_addresses = ''
max_connections = 200
shared_buffers = 512MB
work_mem = 32MB
wal_level = replica
max_wal_senders = 4
hot_standby = on
jit = off
"""
SOCKET = "unix_socket_directories = '{}'\n"
NAMES = ("primary", "replica")


class Cluster:
    """A cluster in a folder of its own, with its socket.

    :param str name: one of ``NAMES``
    """

    def __init__(self, name):
        self.home = postgres.cluster_home().with_name(f"hosts-{name}")
        self.data, self.socket = self.home / "data", self.home / "socket"

    @property
    def environment(self):
        """What makes libpq reach it."""
        return {
            "PGHOST": str(self.socket),
            "PGPORT": "5432",
            "PGUSER": postgres.USER,
        }

    def prepare(self):
        """Make its folders, empty."""
        self.remove()
        for folder in (self.home, self.socket):
            folder.mkdir(parents=True)
            if postgres.is_root():
                shutil.chown(folder, "postgres", "postgres")

    def make(self):
        """Make a primary."""
        self.prepare()
        self._tool(
            "initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
            f"--username={postgres.USER}", "--no-sync", "--pgdata", self.data,
        )  # fmt: skip
        self._configure(SETTINGS)
        self.start()

    def copy(self, primary):
        """Make a replica that streams from a primary."""
        self.prepare()
        self._tool(
            "pg_basebackup", "--host", primary.socket, "--username", postgres.USER,
            "--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf",
            "--pgdata", self.data,
        )  # fmt: skip
        self._configure("")
        self.start()

    def _configure(self, settings):
        with open(self.data / "postgresql.conf", "a") as handle:
            handle.write(settings + SOCKET.format(self.socket))

    def start(self):
        self._tool(
            "pg_ctl", "start", "--wait", "--pgdata", self.data,
            "--log", self.home / "log",
        )  # fmt: skip

    def remove(self):
        """Stop it, if it runs, and delete it."""
        if (self.data / "postmaster.pid").exists():
            self._tool("pg_ctl", "stop", "--mode=immediate", "--pgdata", self.data)
        shutil.rmtree(self.home, ignore_errors=True)

    def _tool(self, name, *arguments):
        quiet = (
            ("sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh") if name == "pg_ctl" else ()
        )
        run(
            *postgres.as_owner(*quiet, postgres.binaries() / name, *arguments),
            cwd="/",
            what=f"{name} of the cluster in {self.home}",
            cure=f"read {self.home / 'log'}",
        )

    def query(self, sql, database="postgres"):
        """Run SQL there and return the lines that came out."""
        client = shutil.which("psql") or postgres.binaries() / "psql"
        return run(
            client, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
            "--set=ON_ERROR_STOP=1", "--dbname", database, "--command", sql,
            env={**os.environ, **self.environment},
            what="asking PostgreSQL",
        ).splitlines()  # fmt: skip
