"""The demonstration: its database, its accruals, its server."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from . import databases, paths
from .shell import SetupError, progress, say

HOST = "127.0.0.1"
DATABASE = f"referral_demo_{paths.CLONE}"
#: Who logs in; each password is the login.
LOGINS = {
    "admin": "administrator",
    "accountant": "accountant: accruals and their entries",
    "auditor": "auditor: reads everything, changes nothing",
    "officer": "verification officer: participants and referrals",
    "participant1": "participant in the portal: Baltic Web Studio LLC",
    "participant2": "participant in the portal: Ivan Sokolov",
}
#: What Odoo's shell runs: the work itself is in a module that can be read and linted.
SCRIPT = "from project import {module}; {module}.main(env)"
#: Seconds within which a server answers, even on a busy machine.
PATIENCE = 180


def port_from(text):
    """Return the port that a text names.

    :raise SetupError: if it names none
    """
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise SetupError(f"PORT={text} is no port", "make demo PORT=8070")


def require_free(port):
    """Refuse a port that cannot be served on, before the slow steps.

    :raise SetupError: naming the port and how to take another one
    """
    with socket.socket() as probe:
        # as the server itself: a connection that lingers is no hindrance
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            other = port + 1 if 1024 <= port < 65535 else 8070
            raise SetupError(
                f"port {port} is taken or not allowed: {error.strerror}",
                f"make demo PORT={other}   (or stop what listens on {port})",
            ) from error


def free_port():
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def make_database():
    """Make the demo's database anew from its template.

    :return: the workplace and the database's name
    """
    workplace = databases.Workplace()
    say(f"-> the demo's database {DATABASE} is made anew each time")
    return workplace, databases.fresh(workplace, DATABASE, demo=True)


def last():
    """Return the workplace and the demo's database as the last command left it.

    :raise SetupError: if there is none
    """
    workplace = databases.Workplace()
    if not databases.exists(DATABASE):
        raise SetupError(f"there is no database {DATABASE}", "make demo SERVE=0")
    return workplace, DATABASE


def accrue(workplace, database):
    """Accrue the demo's months, print the table and check the books.

    :return int: 0 if the books are right
    """
    with progress("accruing the months of the demo"):
        return run_in_shell(workplace, database, "demo_accrual")


def run_in_shell(workplace, database, module):
    """Run a module of this package in Odoo's shell.

    :return int: how the shell ended
    """
    command = workplace.command(
        "shell", "-d", database, "--no-http", "--log-level=warn"
    )
    search = [workplace.environment["PYTHONPATH"], str(paths.ROOT / "bin")]
    done = subprocess.run(
        command,
        input=SCRIPT.format(module=module),
        text=True,
        env={**workplace.environment, "PYTHONPATH": os.pathsep.join(search)},
        check=False,
    )
    return done.returncode


def serve(workplace, database, port):
    """Serve in the foreground until interrupted.

    :return int: 0 if it was this command that ended the server
    """
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        with serving(workplace, database, port) as server:
            print(_welcome(port), flush=True)
            return server.wait()
    except KeyboardInterrupt:
        return 0


@contextlib.contextmanager
def serving(workplace, database, port):
    """Serve as long as the context lasts; give the server's process."""
    command = workplace.command(
        "-d", database, "--db-filter", f"^{database}$", "--http-interface", HOST,
        "--http-port", port, "--log-level=warn",
    )  # fmt: skip
    # in a session of its own: Ctrl-C reaches this command alone, which passes it on
    # once; a second one would make Odoo stop without ending its requests
    server = subprocess.Popen(
        command,
        env=workplace.environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(server, port)
        yield server
    except KeyboardInterrupt:
        say("\n-> stopping")
        raise
    finally:
        _stop(server)


def _wait_for(server, port):
    """Wait until the server answers.

    :raise SetupError: if it ends or does not answer
    """
    address = f"http://{HOST}:{port}/web/login"
    deadline = time.monotonic() + PATIENCE
    with progress("starting the server"):
        while server.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(address, timeout=PATIENCE).close()
                return
            time.sleep(0.5)
    raise SetupError(
        f"the server does not answer on {address}",
        f"read the lines above, or try another port: make demo PORT={port + 1}",
    )


def _welcome(port):
    """Return the address and the logins as text."""
    width = max(map(len, LOGINS))
    lines = [f"  {login:<{width}}  {who}" for login, who in LOGINS.items()]
    return "\n".join(
        [
            "",
            f"Odoo serves on http://{HOST}:{port}",
            "Log in with (each password is the login):",
            *lines,
            "Ctrl-C ends it.",
        ]
    )


def _stop(server):
    """End the server and wait until it has ended."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
