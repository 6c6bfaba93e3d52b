"""Wall clock, CPU of both processes, and peak memory of a piece of work."""

import contextlib
import gc
import os
import resource
import statistics
import time
from pathlib import Path

#: What is measured of each piece of work: seconds, seconds, MB.
QUANTITIES = ("wall", "cpu", "peak")


@contextlib.contextmanager
def measured(cr):
    """Measure the block.

    :param cr: the cursor that the block works with; the CPU of its PostgreSQL
        process counts, if that runs on this machine (its helpers in a parallel
        query do not)
    :return: a dict that has the :data:`QUANTITIES` after the block
    """
    backend = _backend(cr)
    result = {}
    gc.collect()
    _reset_peak()
    cpu, wall = _cpu(backend), time.perf_counter()
    yield result
    result["wall"] = time.perf_counter() - wall
    result["cpu"] = _cpu(backend) - cpu
    result["peak"] = _peak()


def _backend(cr):
    """Return the ``/proc`` folder of the cursor's server process, if it is here."""
    cr.execute("SELECT pg_backend_pid(), inet_server_addr()")
    pid, address = cr.fetchone()
    folder = Path(f"/proc/{pid}")
    try:
        here = address is None and (folder / "comm").read_text() == "postgres\n"
    except OSError:
        here = False
    return folder if here else None


def _cpu(backend):
    """Return the seconds of CPU used so far by this process and the server's."""
    seconds = time.process_time()
    if backend:
        # after the name, which may hold spaces: utime and stime, in ticks
        ticks = (backend / "stat").read_text().rpartition(")")[2].split()[11:13]
        seconds += sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return seconds


def _reset_peak():
    # where the kernel cannot, the peak since the start of the process counts
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak():
    """Return the largest resident memory of this process so far, in MB."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def median(results):
    """Return the medians of several measurements of the same work."""
    return {
        name: statistics.median(result[name] for result in results)
        for name in QUANTITIES
    }


def total(results):
    """Return the measurement of one piece of work after the other."""
    results = list(results)
    return {
        "wall": sum(result["wall"] for result in results),
        "cpu": sum(result["cpu"] for result in results),
        "peak": max(result["peak"] for result in results),
    }
