"""Visitors, claims and accounts at the same moment: real processes and commits."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import requests

from odoo.tests import tagged

from ..processes import BooksCase
from .test_portal import BROWSER

#: Files that say so run one after the other, however many processes the suite has.
SERIAL = True
VISITORS = 100
ROUNDS = 3


@tagged("post_install", "-at_install")
class TestStrangersAtOnce(BooksCase):
    script = "strangers.py"

    def _open_at_once(self, address):
        """Open a link by all visitors at once; return the slowest one's seconds."""
        barrier = Barrier(VISITORS)

        def visit(_number):
            barrier.wait(60)
            began = time.monotonic()
            response = requests.get(
                address, headers=BROWSER, allow_redirects=False, timeout=60
            )
            return response.status_code, time.monotonic() - began

        with ThreadPoolExecutor(VISITORS) as visitors:
            answers = list(visitors.map(visit, range(VISITORS)))
        self.assertEqual({status for status, _seconds in answers}, {302})
        return sorted(seconds for _status, seconds in answers)[VISITORS * 99 // 100 - 1]

    def test_a_hundred_visitors_at_once_are_counted_and_do_not_wait(self):
        [code] = self._run("books")
        known, unknown = [], []
        with self._serving() as server:
            self._open_at_once(f"{server}/referral/nobody")  # warming up
            for _round in range(ROUNDS):
                unknown.append(self._open_at_once(f"{server}/referral/nobody"))
                known.append(self._open_at_once(f"{server}/referral/{code}"))
        [[count]] = self._query("SELECT SUM(visits) FROM referral_visit")
        self.assertEqual(count, VISITORS * ROUNDS)
        # the quietest rounds say what it costs, whatever else the machine does
        self.assertLessEqual(min(known), 1.5 * min(unknown) + 0.1)

    def test_visits_while_they_are_summed_are_counted_once(self):
        self.assertEqual(self._run("visits"), {"before": 12, "after": [12]})

    def test_claims_at_once_are_no_more_than_allowed(self):
        self.assertEqual(self._run("claims"), 2)

    def test_accounts_at_once_are_no_more_than_allowed(self):
        self.assertEqual(self._run("accounts"), 3)

    def test_two_owners_who_remove_each_other_leave_one(self):
        self.assertEqual(self._run("owners"), 1)
