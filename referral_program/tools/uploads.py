"""Whether a file that a stranger uploaded may be kept: its content decides.

Neither the file's name nor the type that the browser declares counts. What is kept
is made anew by ``rewriting.py``, in a process of its own with limits on memory, time
and output: whatever is in the file, it takes neither this process nor the machine.
"""

import contextlib
import fcntl
import hashlib
import logging
import os
import resource
import subprocess  # nosec B404
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from odoo.tools import config

from . import rewriting
from .rewriting import UploadRefused

_logger = logging.getLogger(__name__)

#: Types that are accepted, with their first bytes and the extension they are kept by.
SIGNATURES = {
    "application/pdf": (b"%PDF-1.", b"%PDF-2."),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
}
EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
#: What `accept` of a file input says.
ACCEPT = ",".join(SIGNATURES)
#: Files that are rewritten at once on a machine, by all of its workers.
MAX_AT_ONCE = 2
#: Of a server's workers, files take no more than a half, those that wait among them;
#: without workers it counts as if it had so many.
THREADS = 20
#: Seconds that a file waits for its turn, and that rewriting it may take.
MAX_WAIT = 10
MAX_SECONDS = 60


@dataclass(frozen=True)
class Upload:
    """A file that may be kept.

    :ivar bytes content: made anew
    :ivar mimetype: found by content
    :ivar str sha256: of the content, in hexadecimal
    """

    content: bytes
    mimetype: str

    @property
    def sha256(self):
        return hashlib.sha256(self.content).hexdigest()

    @property
    def extension(self):
        return EXTENSIONS[self.mimetype]


def check_upload(content, max_size, max_side=None, patient=True):
    """Return an upload that may be kept.

    :param bytes content: as it came
    :param int max_size: bytes that one file may have, inclusive, before and after
    :param int max_side: pixels that a picture for everybody may have on each side: it
        is made as small as it gets, and waits for no stranger's file
    :param bool patient: whether it may wait, and take the last place: not if who
        hands it in has had more than their share already
    :return: an :class:`Upload`
    :raise UploadRefused: with the reason
    """
    if not content:
        raise UploadRefused("empty")
    if len(content) > max_size:
        raise UploadRefused("too_large")
    mimetype = _detect(content)
    with _turn("banners" if max_side else "uploads", patient) as place:
        slot = place.fileno()
        return Upload(_rewrite(slot, content, mimetype, max_size, max_side), mimetype)


def _detect(content):
    for mimetype, signatures in SIGNATURES.items():
        if content.startswith(signatures):
            return mimetype
    raise UploadRefused("type")


def seconds_spent():
    """Return the processor's seconds that rewriting took, of this process in all."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _turn(kind, patient):
    """Return the place of a file, an open one, once there are fewer on the machine.

    :raise UploadRefused: if there is none in time, or too many wait already
    """
    place = _place(kind, MAX_AT_ONCE if patient else 1)
    if not place and patient:
        place = _wait(kind)
    if not place:
        raise UploadRefused("busy")
    return place


def _wait(kind):
    """Return a place that became free in time, or None."""
    seats = max((config["workers"] or THREADS) // 2 - MAX_AT_ONCE, 1)
    deadline = time.monotonic() + MAX_WAIT
    with _place(f"{kind}_waiting", seats) or contextlib.nullcontext() as seat:
        while seat and time.monotonic() < deadline:
            time.sleep(0.1)
            if place := _place(kind, MAX_AT_ONCE):
                return place
    return None


def _place(kind, count):
    """Return an open file that stands for a free place of so many, or None.

    A place is the lock of a file: it is free as soon as nobody has it open any more,
    however the processes ended.
    """
    folder = Path(config["data_dir"])
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        file = (folder / f"referral_{kind}.{number}.lock").open("wb")
        if _locked(file):
            return file
        file.close()
    return None


def _locked(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _rewrite(slot, content, mimetype, max_size, max_side):
    """Return the file as another process makes it anew.

    :raise UploadRefused: with its reason, or because it came upon its limits
    """
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(content)
        source.seek(0)
        try:
            # no shell, and nothing but numbers of a stranger's: the file is input only
            ended = subprocess.run(  # nosec B603
                # -P: modules beside the program are not taken for Python's own
                [sys.executable, "-P", rewriting.__file__, mimetype, str(max_size)]
                + ([str(max_side)] if max_side else []),
                stdin=source,
                stdout=target,
                # the same packages, and none of the server's secrets
                env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                pass_fds=[slot],
                timeout=MAX_SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired as error:
            # it had too little of the processor: its own limit comes first
            raise UploadRefused("busy") from error
        target.seek(0)
        if ended == rewriting.REFUSED:
            raise UploadRefused(target.read().decode())
        if ended:
            _logger.info("An upload was refused: rewriting it ended with %s", ended)
            raise UploadRefused("costly")
        return target.read()
