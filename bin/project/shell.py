"""Running other programs, saying what goes on, and failing with a cure."""

import contextlib
import fcntl
import os
import shlex
import subprocess
import sys
import threading
import time

from . import paths


class SetupError(Exception):
    """A step that cannot be done.

    :param str what: what is missing or went wrong
    :param str cure: the command or the step that mends it
    """

    def __init__(self, what, cure):
        super().__init__(f"{what}\n  To mend it: {cure}")


def say(text):
    """Tell the user what goes on, on the error stream."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def progress(text):
    """Show that a long step is still at work, and how long it took."""
    start = time.monotonic()
    done = threading.Event()

    def tick():
        while not done.wait(10):
            say(f"   … {text}: {time.monotonic() - start:.0f} s")

    say(f"-> {text}")
    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    say(f"   {text}: done in {time.monotonic() - start:.0f} s")


def run(*command, what=None, cure=None, **options):
    """Run a program quietly and return what it printed.

    :param what: names the step in the error, the command itself if left out
    :param cure: what to do if it fails
    :raise SetupError: if the program is missing or ends with an error; the
        error shows the last lines that it printed
    """
    command = [str(part) for part in command]
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            **options,
        )
    except FileNotFoundError as error:
        raise SetupError(
            f"{what or shlex.join(command)}: {error.filename} was not found",
            cure or f"install {error.filename}",
        ) from error
    if done.returncode:
        tail = "\n".join("  | " + line for line in done.stdout.splitlines()[-15:])
        raise SetupError(
            f"{what or shlex.join(command)} failed ({done.returncode}):\n{tail}",
            cure or "see the lines above",
        )
    return done.stdout


@contextlib.contextmanager
def exclusively(name):
    """Let one process at a time do a step, so that two set-ups do not mix."""
    paths.CACHE.mkdir(parents=True, exist_ok=True)
    with open(paths.CACHE / f".{name}.lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"-> waiting for another set-up of {name}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main(function):
    """Run a command's function; show a failed step as text, not as a traceback."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the message is for older ones
        sys.exit(
            "Python {}.{} is too old: install Python 3.11, 3.12 or 3.13 and name it, "
            "e.g. make test PYTHON=python3.12".format(*sys.version_info)
        )
    try:
        sys.exit(function())
    except SetupError as error:
        sys.exit(f"\nCannot go on: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def is_root():
    return os.geteuid() == 0
