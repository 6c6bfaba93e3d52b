"""A replica of the database serves what only reads, and nobody who has just written."""

from unittest.mock import patch

from odoo.http import request
from odoo.tests import tagged

from ...tools.replica import WROTE
from .test_portal_money import MoneyPortalCase

PAGES = (
    "/my/referral",
    "/my/referral/referrals",
    "/my/referral/links",
    "/my/referral/billing",
    "/my/referral/materials",
    "/my/referral/withdraw",
    "/my/referral/people",
    "/my/referral/claim",
    "/my/referral/questions",
)
#: It explains by the accrual's own query, which needs temporary tables.
WRITING = "/my/referral/why/2026-01"


@tagged("post_install", "-at_install")
class TestReplica(MoneyPortalCase):
    def setUp(self):
        super().setUp()
        self.served_by = []
        handlers = self.registry["ir.http"]
        dispatch = handlers._dispatch

        def spy(endpoint):
            self.served_by.append("replica" if request.env.cr.readonly else "primary")
            return dispatch(endpoint)

        patcher = patch.object(handlers, "_dispatch", spy)
        patcher.start()
        self.addCleanup(patcher.stop)

    def _served(self, path):
        """Return who served a page, whose answer has to be right."""
        self.served_by.clear()
        answer = self.url_open(path)
        self.assertEqual(answer.status_code, 200, path)
        return self.served_by

    def test_pages_that_read_are_served_by_a_replica(self):
        self._login(self.owner)
        for path in PAGES:
            with self.subTest(path), self.assertNoLogs("odoo.http", "WARNING"):
                self.assertEqual(self._served(path), ["replica"])

    def test_a_page_that_writes_is_not(self):
        self._login(self.owner)
        with self.assertNoLogs("odoo.http", "WARNING"):
            self.assertEqual(self._served(WRITING), ["primary"])

    def test_whoever_has_just_written_is_not(self):
        self._login(self.owner)
        answer = self._form("/my/referral/mail", {}, "/my/referral")
        self.assertIn("Max-Age=60", answer.headers["Set-Cookie"])
        self.assertIn("HttpOnly", answer.headers["Set-Cookie"])
        for path in PAGES:
            with self.subTest(path):
                self.assertEqual(self._served(path), ["primary"])
        # when the cookie's time is over
        self.opener.cookies.pop(WROTE)
        self.assertEqual(self._served("/my/referral"), ["replica"])

    def test_a_form_is_never_sent_to_a_replica(self):
        self._login(self.owner)
        with self.assertNoLogs("odoo.http", "WARNING"):
            self.served_by.clear()
            self._form(
                "/my/referral/claim", {"client": "a@b.example"}, "/my/referral/claim"
            )
        self.assertEqual(self.served_by, ["replica", "primary"])

    def test_others_are_served_by_a_replica_still(self):
        self._login(self.owner)
        self._form("/my/referral/mail", {}, "/my/referral")
        self._login(self.other)
        self.opener.cookies.pop(WROTE, None)
        self.assertEqual(self._served("/my/referral"), ["replica"])
