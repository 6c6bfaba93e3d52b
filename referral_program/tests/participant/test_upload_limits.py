"""Uploads that would take memory, time or places: the worker stays as it was."""

import fcntl
import resource
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from odoo.tests import BaseCase, tagged
from odoo.tools import config

from ...tools import rewriting, uploads
from ...tools.banners import check_banner
from ...tools.uploads import UploadRefused, check_upload
from .crafted import (
    MEGABYTE,
    large_picture,
    nested_pdf,
    noted_pdf,
    packed_bomb,
    pdf,
    pdf_bomb,
    png_bomb,
    wrongly_paired_pdf,
)


def memory(name):
    """Return how much memory this process has, in bytes, by the system's name."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


@tagged("post_install", "-at_install")
class TestUploadLimits(BaseCase):
    def setUp(self):
        super().setUp()
        # places of our own
        folder = self.enterContext(tempfile.TemporaryDirectory())
        own = {"data_dir": folder, "workers": 6}
        self.patch(config, "options", config.options.new_child(own))
        self.folder = Path(folder)

    def _hold(self, kind, number):
        """Take a place, as another file does."""
        place = self.folder / f"referral_{kind}.{number}.lock"
        held = self.enterContext(place.open("wb"))
        fcntl.flock(held, fcntl.LOCK_EX)
        return held

    def assertRefusedAs(self, reason, content):
        with self.assertRaises(UploadRefused) as caught:
            check_upload(content, 10 * MEGABYTE)
        self.assertEqual(caught.exception.reason, reason)

    def test_the_worker_grows_by_no_more_than_50_mb(self):
        nested = nested_pdf()
        self.assertLess(len(nested), 7_000)
        for name, content, reason in (
            ("packed three times", nested, "packed"),
            ("unpacks to too much", pdf_bomb(), "costly"),
            ("packed objects of 2 GB", packed_bomb(), None),
            ("packed objects paired wrongly", wrongly_paired_pdf(), None),
            ("60 megapixels", png_bomb(10_000, 6_000), "pixels"),
            ("25 megapixels", large_picture("PNG", (5000, 5000), "RGBA"), None),
            ("a phone's 48 megapixels", large_picture("JPEG", (8000, 6000)), None),
        ):
            with self.subTest(file=name):
                # the highest so far begins anew
                Path("/proc/self/clear_refs").write_text("5")
                before = memory("VmRSS")
                if reason:
                    self.assertRefusedAs(reason, content)
                else:
                    self.assertTrue(check_upload(content, 10 * MEGABYTE))
                self.assertLess(memory("VmHWM") - before, 50 * MEGABYTE)

    def test_a_page_full_of_notes_takes_no_time(self):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertRefusedAs("costly", noted_pdf())
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertLess(after.ru_utime - before.ru_utime, 5)
        self.assertTrue(check_upload(noted_pdf(2_000), MEGABYTE))

    def test_several_at_once_wait_for_each_other(self):
        running, most, guard = set(), [], threading.Lock()
        run = subprocess.run

        def counted(arguments, **options):
            with guard:
                running.add(threading.get_ident())
                most.append(len(running))
            try:
                return run(arguments, **options)
            finally:
                with guard:
                    running.discard(threading.get_ident())

        self.patch(uploads.subprocess, "run", counted)
        self.patch(config, "options", config.options.new_child({"workers": 0}))
        files = [large_picture("PNG", (4000, 3000)), pdf()] * 2
        with ThreadPoolExecutor(4) as pool:
            kept = list(pool.map(lambda c: check_upload(c, 10 * MEGABYTE), files))
        self.assertEqual(
            [upload.mimetype for upload in kept],
            ["image/png", "application/pdf"] * 2,
        )
        self.assertLessEqual(max(most), uploads.MAX_AT_ONCE)

    def test_what_finds_no_place_in_time_is_told_to_come_again(self):
        self.patch(uploads, "MAX_WAIT", 0)
        for number in range(uploads.MAX_AT_ONCE):
            held = self._hold("uploads", number)
        self.assertRefusedAs("busy", pdf())
        fcntl.flock(held, fcntl.LOCK_UN)
        self.assertTrue(check_upload(pdf(), MEGABYTE))

    def test_who_had_more_than_a_share_leaves_a_place_to_others(self):
        held = self._hold("uploads", 0)
        with self.assertRaises(UploadRefused):
            check_upload(pdf(), MEGABYTE, patient=False)
        self.assertTrue(check_upload(pdf(), MEGABYTE))
        fcntl.flock(held, fcntl.LOCK_UN)
        self.assertTrue(check_upload(pdf(), MEGABYTE, patient=False))

    def test_those_who_wait_leave_half_of_the_workers_to_others(self):
        """Accounts that hand in together bring no server to a standstill."""
        for number in range(uploads.MAX_AT_ONCE):
            self._hold("uploads", number)
        seat = self._hold("uploads_waiting", 0)
        began = time.monotonic()
        self.assertRefusedAs("busy", pdf())
        self.assertLess(time.monotonic() - began, uploads.MAX_WAIT / 2)
        fcntl.flock(seat, fcntl.LOCK_UN)
        self.patch(uploads, "MAX_WAIT", 1)
        began = time.monotonic()
        self.assertRefusedAs("busy", pdf())
        self.assertGreater(time.monotonic() - began, 1)

    def test_banners_wait_for_no_strangers_file(self):
        """Else whoever fills all places stops an installation, which brings some."""
        self.patch(uploads, "MAX_WAIT", 0)
        for number in range(uploads.MAX_AT_ONCE):
            self._hold("uploads", number)
        picture = large_picture("PNG", (300, 250))
        self.assertRefusedAs("busy", picture)
        self.assertEqual(check_banner(picture).width, 300)

    def test_what_takes_too_long_is_told_to_come_again(self):
        self.patch(uploads, "MAX_SECONDS", 0.01)
        self.assertRefusedAs("busy", pdf())

    def test_the_process_ends_at_its_limits(self):
        program = self.folder / "program.py"
        limits = f"import runpy, sys\nours = runpy.run_path({rewriting.__file__!r})\n"
        limits += "ours['rewrite'].__globals__['rewrite'] = lambda *_: %s\n"
        limits += "sys.exit(ours['main'](*sys.argv[1:]))"
        self.patch(uploads.rewriting, "__file__", str(program))
        for what, reason in (
            ("bytes(2000 * 1024 * 1024)", "costly"),
            ("b' ' * (11 * 1024 * 1024)", "too_large"),
            ("open('/proc/self/mem', 'wb')", "costly"),
            ("__import__('os').kill(__import__('os').getpid(), 24)", "costly"),
        ):
            with self.subTest(what=what):
                program.write_text(limits % what)
                self.assertRefusedAs(reason, pdf())
        program.write_text(limits % "str(__import__('os').environ).encode()")
        self.patch(uploads.os, "environ", {"SECRET": "x"})
        self.assertNotIn(b"SECRET", check_upload(pdf(), MEGABYTE).content)
