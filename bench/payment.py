"""Registering a payment, with the addon installed and without it."""

import json
import statistics
import subprocess
import tempfile

from project import paths
from project.shell import SetupError

#: Pairs of payments that count, after some that only warm both processes up.
PAIRS = 240
WARM_UP = 10


class Server:
    """A process that registers a payment whenever it is told to."""

    def __init__(self, stage, database):
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - see close()
        self.process = subprocess.Popen(
            stage.command("pay", database),
            cwd=paths.ROOT,
            env=stage.workplace.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self._read()

    def pay(self):
        """Register one payment.

        :return: its measurement
        """
        self.process.stdin.write("pay\n")
        self.process.stdin.flush()
        return json.loads(self._read())

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            tail = "\n".join(self.errors.read().splitlines()[-25:])
            raise SetupError(
                f"registering payments failed:\n{tail}",
                "read the lines above; they are what the step printed",
            )
        return line

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.errors.close()


def compare(stage, with_addon, without_addon):
    """Register payments in turn in both databases.

    :return: for each quantity, by how many percent the addon's is larger: the
        median of the pairs' ratios
    """
    servers = [Server(stage, with_addon), Server(stage, without_addon)]
    try:
        pairs = [_pair(servers, number) for number in range(WARM_UP + PAIRS)]
    finally:
        for server in servers:
            server.close()
    return {
        name: 100
        * (statistics.median(one[name] / two[name] for one, two in pairs[WARM_UP:]) - 1)
        for name in ("wall", "cpu")
    }


def _pair(servers, number):
    """Register a payment in each; who begins changes from pair to pair."""
    order = (0, 1) if number % 2 else (1, 0)
    results = {position: servers[position].pay() for position in order}
    return results[0], results[1]
