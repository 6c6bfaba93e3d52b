"""Registering a payment, with the addon installed and without it."""

import json
import statistics
import subprocess
import tempfile

from project import paths
from project.shell import SetupError

#: Pairs of processes: one alone can be some percent slower than its equal by chance.
ROUNDS = 6
#: Pairs of payments of a round that count, after some that only warm both up.
PAIRS = 50
WARM_UP = 8
#: Payments that all rounds together register in each database.
PAYMENTS = ROUNDS * (PAIRS + WARM_UP)


class Server:
    """A process that registers a payment whenever it is told to."""

    def __init__(self, stage, database):
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - see close()
        self.process = subprocess.Popen(
            stage.command("pay", database),
            cwd=paths.ROOT,
            env={**stage.workplace.environment, "PYTHONHASHSEED": "0"},
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

    :return: for each quantity, by how many percent the addon's is larger: the mean
        over the rounds of the median of a round's ratios
    """
    databases = [with_addon, without_addon]
    rounds = [_round(stage, databases, number % 2) for number in range(ROUNDS)]
    return {
        name: 100 * (statistics.mean(medians[name] for medians in rounds) - 1)
        for name in ("wall", "cpu")
    }


def _round(stage, databases, first):
    """Return the median ratio of each quantity, with two fresh processes.

    :param int first: the position of the database whose process starts first
    """
    servers = [None, None]
    for position in (first, 1 - first):
        servers[position] = Server(stage, databases[position])
    try:
        pairs = [_pair(servers, number) for number in range(WARM_UP + PAIRS)]
    finally:
        for server in servers:
            server.close()
    return {
        name: statistics.median(one[name] / two[name] for one, two in pairs[WARM_UP:])
        for name in ("wall", "cpu")
    }


def _pair(servers, number):
    """Register a payment in each; who begins changes from pair to pair."""
    order = (0, 1) if number % 2 else (1, 0)
    results = {position: servers[position].pay() for position in order}
    return results[0], results[1]
