"""Odoo processes that stand for machines, and what spreads the jobs over them.

Each has an address of its own on the loopback interface, a configuration, a log and a
runner of the queue. A runner asks the balancer to have a job done, as it would ask a
provider's load balancer.
"""

import asyncio
import configparser
import contextlib
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

from . import paths
from .shell import SetupError

PORT = 8169
BALANCER = ("127.0.0.1", 8168)
#: Jobs that a machine does at once.
CAPACITY = 2
#: Seconds until a server that starts has to answer.
PATIENCE = 180


class Host:
    """One Odoo process.

    :param int number: from 1 on
    :param workplace: whose Odoo it is
    :param str database: what it serves
    :param dict options: of its configuration, where not the workplace's
    """

    def __init__(self, number, workplace, database, options, capacity):
        self.number = number
        self.address = (f"127.0.0.{10 + number}", PORT)
        self.url = "http://{}:{}".format(*self.address)
        folder = paths.CACHE / "hosts" / paths.CLONE
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"{number}.log"
        config = configparser.ConfigParser(interpolation=None)
        config.read(workplace.config)
        config["options"].update(
            {
                "db_name": database,
                "dbfilter": f"^{database}$",
                "http_interface": self.address[0],
                "http_port": str(PORT),
                "server_wide_modules": "base,rpc,web,queue_job",
                "max_cron_threads": "1",
                "workers": "0",
                "log_level": "info",
                **options,
            }
        )
        config["queue_job"] = {
            "channels": f"root:{capacity},root.referral.events:1",
            "scheme": "http",
            "host": BALANCER[0],
            "port": str(BALANCER[1]),
        }
        file = folder / f"{number}.conf"
        with open(file, "w") as handle:
            config.write(handle)
        with open(self.log, "w") as handle:
            self.process = subprocess.Popen(
                workplace.command("--config", file),
                env={**workplace.environment, "ODOO_RC": str(file)},
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=subprocess.STDOUT,
            )

    def wait(self):
        """Wait until it answers."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/web/health", timeout=5).close()
                return
            time.sleep(0.3)
        raise SetupError(f"host {self.number} does not answer", f"read {self.log}")

    def leads(self):
        """Tell whether its runner is the one that has the queue."""
        return "queue job runner ready for db" in self.log.read_text(errors="replace")

    def kill(self):
        """End it as a machine ends whose power fails."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Balancer:
    """Passes connections on to the next host that takes them, in turn."""

    def __init__(self, hosts):
        self.addresses = [host.address for host in hosts]
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        if not self.ready.wait(10):
            raise SetupError("the balancer does not listen", f"free {BALANCER}")

    def _serve(self):
        asyncio.set_event_loop(self.loop)
        self.server = self.loop.run_until_complete(
            asyncio.start_server(self._take, *BALANCER)
        )
        self.ready.set()
        self.loop.run_forever()

    async def _take(self, reader, writer):
        for _attempt in range(len(self.addresses)):
            # whoever is asked goes to the end of the line
            self.addresses.append(address := self.addresses.pop(0))
            with contextlib.suppress(OSError):
                other = await asyncio.open_connection(*address)
                break
        else:
            writer.close()
            return
        await asyncio.gather(
            self._pass_on(reader, other[1]), self._pass_on(other[0], writer)
        )

    async def _pass_on(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    def close(self):
        self.loop.call_soon_threadsafe(self.server.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
