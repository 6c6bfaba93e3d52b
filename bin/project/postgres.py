"""A private PostgreSQL cluster on a Unix socket, or the one the user names.

The private cluster trades durability for speed (``fsync = off``): it is for
tests, demonstration and measuring, never for anyone's books.
"""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from . import apt, paths
from .shell import SetupError, exclusively, is_root, progress, run

USER = "odoo"
SETTINGS = """
# For tests and demonstration only: a crash of the machine may lose data.
fsync = off
synchronous_commit = off
full_page_writes = off
listen_addresses = ''
unix_socket_directories = '{socket}'
max_connections = 100
shared_buffers = 512MB
work_mem = 32MB
maintenance_work_mem = 256MB
effective_cache_size = 2GB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
random_page_cost = 1.1
jit = off
"""


def settings():
    """Return the environment that makes libpq reach the server, started if need be.

    :return dict: ``PGHOST``, ``PGPORT`` and ``PGUSER``
    """
    if os.environ.get("PGHOST"):
        return {
            "PGHOST": os.environ["PGHOST"],
            "PGPORT": os.environ.get("PGPORT", "5432"),
            "PGUSER": os.environ.get("PGUSER", pwd.getpwuid(os.geteuid()).pw_name),
        }
    start()
    return {"PGHOST": str(cluster_home() / "socket"), "PGPORT": "5432", "PGUSER": USER}


def binaries():
    """Return the folder of the newest PostgreSQL server on this machine, or None."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda file: int(file.parts[-3]),
    )
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def cluster_home():
    """Return the cluster's folder.

    PostgreSQL refuses to run as root; where its user cannot reach root's
    cache, the cluster lives in the system's own cache folder.
    """
    if is_root() and not _reachable(paths.CACHE):
        return Path("/var/cache/referral-program/postgresql")
    return paths.CACHE / "postgresql"


def _reachable(folder):
    """Tell whether a user other than root can enter a folder."""
    return all(
        parent.stat().st_mode & 0o001
        for parent in (folder, *folder.parents)
        if parent.exists()
    )


def as_owner(*command):
    """Prefix a command so that it runs as the cluster's owner."""
    return ("runuser", "-u", "postgres", "--", *command) if is_root() else command


def start():
    """Make the cluster at the first call and start it if it does not run.

    :return bool: True if this call started it
    :raise SetupError: if PostgreSQL is missing or does not start
    """
    with exclusively("postgresql"):
        if not binaries():
            apt.install("postgresql", "the database server")
        if is_root():
            _require_postgres_user()
        home = cluster_home()
        if not (home / "data" / "PG_VERSION").exists():
            _initialize(home)
        if is_running():
            return False
        control = binaries() / "pg_ctl"
        # -l keeps the server's output, or it would hold our own pipe open
        command = as_owner(
            control, "start", "--wait", "--pgdata", home / "data",
            "--log", home / "log",
        )  # fmt: skip
        started = subprocess.run(
            [str(part) for part in command],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if started.returncode:
            log = (home / "log").read_text() if (home / "log").exists() else ""
            raise SetupError(
                "PostgreSQL does not start:\n" + "\n".join(log.splitlines()[-10:]),
                f"read {home / 'log'}; if it is of no use, delete {home} and try again",
            )
        return True


def _require_postgres_user():
    try:
        pwd.getpwnam("postgres")
    except KeyError as error:
        raise SetupError(
            "PostgreSQL does not run as root, and there is no user 'postgres'",
            "useradd --system postgres, or run this as an ordinary user",
        ) from error


def _initialize(home):
    with progress("making a private PostgreSQL cluster"):
        home.mkdir(parents=True, exist_ok=True)
        socket = home / "socket"
        socket.mkdir(exist_ok=True)
        if len(str(socket)) > 90:
            raise SetupError(
                f"{socket} is too long a path for a Unix socket",
                "set XDG_CACHE_HOME to a shorter folder",
            )
        if is_root():
            for folder in (home, socket):
                shutil.chown(folder, "postgres", "postgres")
        run(
            *as_owner(
                binaries() / "initdb", "--auth=trust", "--encoding=UTF8",
                "--locale=C.UTF-8", f"--username={USER}", "--no-sync",
                "--pgdata", home / "data",
            ),
            cwd="/",
            what="making the PostgreSQL cluster",
            cure=f"delete {home} and try again",
        )  # fmt: skip
        with open(home / "data" / "postgresql.conf", "a") as handle:
            handle.write(SETTINGS.format(socket=socket))


def exists():
    """Tell whether the private cluster has been made."""
    return bool(binaries()) and (cluster_home() / "data").exists()


def is_running():
    """Tell whether the private cluster answers."""
    status = subprocess.run(
        [
            str(part)
            for part in as_owner(
                binaries() / "pg_ctl", "status", "--pgdata", cluster_home() / "data"
            )
        ],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return status.returncode == 0


def stop():
    """Stop the private cluster, if it runs."""
    if exists() and is_running():
        run(
            *as_owner(
                binaries() / "pg_ctl", "stop", "--mode=fast", "--pgdata",
                cluster_home() / "data",
            ),
            cwd="/",
        )  # fmt: skip


def query(sql, database="postgres"):
    """Run SQL and return its unaligned output's lines."""
    client = shutil.which("psql") or (binaries() or Path()) / "psql"
    output = run(
        client, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
        "--set=ON_ERROR_STOP=1", "--dbname", database, "--command", sql,
        env={**os.environ, **settings()},
        what="asking PostgreSQL",
        cure="check PGHOST, PGPORT and PGUSER, or unset them to use a private cluster",
    )  # fmt: skip
    return output.splitlines()
