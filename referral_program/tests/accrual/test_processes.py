"""Exactly once, with real processes and real commits.

Several workers at the same moment, and a worker killed after each of its commits:
the ledger ends as if one undisturbed worker had run. Requests at the same moment:
one wins, the others are told. The processes are forked by
``exactly_once.py``, which runs in a database of its own because what it commits stays.
"""

from odoo.tests import tagged

from ..processes import BooksCase

#: Files that say so run one after the other, however many processes the suite has.
SERIAL = True
#: Two months of 5 participants who earned 90 each, in entries of 2.
UNDISTURBED = {
    "accruals": [["2026-01-01", "posted"], ["2026-02-01", "posted"]],
    "balances": [180.0] * 5,
    "compensations": 10,
    "entries": 6,
    "evidence": 10,
    "unlinked": 0,
}

STATEMENTS = {
    "closings": [90.0] * 5 + [180.0] * 5,
    "names": [
        f"RB/2026/{month}/0000{n}" for month in ("01", "02") for n in range(1, 6)
    ],
    "to_mail": 0,
    "mails": 10,
}


@tagged("post_install", "-at_install")
class TestProcesses(BooksCase):
    def test_one_worker(self):
        self.assertEqual(self._run("one"), UNDISTURBED)

    def test_four_workers_at_once(self):
        self.assertEqual(self._run("crowd"), UNDISTURBED)

    def test_a_worker_killed_after_each_of_its_commits(self):
        self.assertEqual(self._run("killed"), UNDISTURBED)

    def test_eight_clicks_at_once_bind_a_client_once(self):
        self.assertEqual(
            self._run("bind"),
            {"referrals": ["active"], "refusals": ["bound_already"] * 7},
        )

    def test_an_api_call_sent_eight_times_at_once_registers_once(self):
        self.assertEqual(
            self._run("register"), {"referrals": ["active"], "refusals": []}
        )

    def test_twenty_withdrawals_at_once_take_no_more_than_there_is(self):
        self.assertEqual(
            self._run("withdraw"),
            {"available": 60.0, "balance": 180.0, "redemptions": 0, "withdrawals": 1},
        )

    def test_eight_calls_with_one_key_at_once_withdraw_once(self):
        self.assertEqual(self._run("keyed"), {"calls": 1, "withdrawals": 1})

    def test_withdrawals_and_redemptions_at_once_take_no_more_than_there_is(self):
        books = self._run("spend")
        self.assertEqual(books["redemptions"] + books["withdrawals"], 5)
        self.assertEqual(books["available"], 0.0)
        self.assertEqual(books["balance"], 180.0 - 36 * books["redemptions"])

    def test_bills_are_made_once_whoever_is_killed_or_comes_along(self):
        self.assertEqual(
            self._run("bill"),
            {"balances": [60.0] * 5, "bills": 5, "states": ["billed"] * 5},
        )

    def test_two_bills_by_hand_at_once_take_no_more_than_there_is(self):
        self.assertEqual(
            self._run("bills_by_hand"), {"balance": 60.0, "states": ["draft", "posted"]}
        )

    def test_an_accrual_in_a_deadlock_gives_way_and_is_tried_again_soon(self):
        self.assertEqual(
            self._run("crossed"),
            {
                **UNDISTURBED,
                "left": {
                    "deadlocks": 1,
                    "posted": 0,
                    "again": ["2026-03-05 12:01:00"],
                    "told": 0,
                },
                "told": 0,
            },
        )

    def test_referring_to_a_row_does_not_wait_for_a_step_of_it(self):
        self.assertEqual(
            self._run("referenced"), {"referrals": ["active"], "refusals": []}
        )

    def test_statements_are_made_and_mailed_once_whoever_is_killed(self):
        self.assertEqual(self._run("statements_killed"), STATEMENTS)

    def test_statements_are_made_and_mailed_once_by_a_crowd(self):
        self.assertEqual(self._run("statements_crowd"), STATEMENTS)

    def test_documents_asked_for_at_once_are_made_once(self):
        self.assertEqual(
            self._run("downloads"),
            {"files": ["pdf", "xlsx"], "got": 8, "different": 2},
        )
