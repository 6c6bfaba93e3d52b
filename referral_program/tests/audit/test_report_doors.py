"""Odoo's own addresses of reports: what is ours is printed for whoever may read it."""

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..books import BooksCase

#: About how long its classes take: such are begun first.
SECONDS = 25
#: Ids as an attacker writes them, and what may go with them.
CRAFTED = ("", "/0", "/x", "/1,x", "/-1", "/1,1", "/999999999", "/99999999999999999999")
QUERIES = (
    "?context=x",
    "?context=[1]",
    f"?context={'[' * 5000}",  # deeper than Python reads it
    '?report={"title":"HARM"}',
    "?lang=x",
)


@tagged("post_install", "-at_install")
class TestReportDoors(BooksCase, HttpCase):
    def _names(self):
        """Return the names of all that is registered as a report, or looks like one."""
        reports = self.env["ir.actions.report"].search(
            [("report_name", "=like", "referral_program.%")]
        )
        models = (name for name in self.registry if name.startswith("report.referral_"))
        return {
            *reports.mapped("report_name"),
            *(name.removeprefix("report.") for name in models),
            "referral_program.report_statement",
            "referral_program.report_register",
            "referral_program.nothing",
        }

    @mute_logger("odoo.http")
    def test_nonsense_is_refused(self):
        statement = self.env["referral.statement"].search([], limit=1)
        self.assertTrue(statement)
        tails = (*CRAFTED, *(f"/{statement.id}{query}" for query in QUERIES))
        for login, group in (
            ("prints", "referral_program.group_accountant"),
            ("client", "base.group_portal"),
        ):
            self._user(login, group)
            self.authenticate(login, login)
            for name in sorted(self._names()):
                for kind in ("html", "text", "xlsx", "zip"):
                    for tail in tails:
                        path = f"/report/{kind}/{name}{tail}"
                        with self.subTest(user=login, path=path):
                            answer = self.url_open(path, allow_redirects=False)
                            if "hash_chain/" in path and answer.status_code == 200:
                                continue  # that one is theirs
                            self.assertIn(answer.status_code, (403, 404))
                            self.assertNotIn("HARM", answer.text)

    def test_who_may_read_it_prints_it(self):
        path = f"/report/html/referral_program.report_hash_chain/{self.program.id}"
        for login, group, status in (
            ("prints", "referral_program.group_accountant", (200,)),
            ("verifies", "referral_program.group_officer", (403,)),
            ("client", "base.group_portal", (403, 404)),
        ):
            self._user(login, group)
            self.authenticate(login, login)
            with mute_logger("odoo.http"):
                self.assertIn(self.url_open(path).status_code, status, login)
        self._user("asks", "referral_program.group_accountant")
        asked = self.env["referral.explain"].with_user(
            self.env["res.users"].search([("login", "=", "asks")])
        )
        explain = asked.create({"program_id": self.program.id})
        for login, status in (("asks", 200), ("prints", 404)):
            self.authenticate(login, login)
            path = f"/report/xlsx/referral_program.explanation_xlsx/{explain.id}"
            self.assertEqual(self.url_open(path).status_code, status, login)
        # answers are printed one by one
        other = asked.create({"program_id": self.program.id})
        self.authenticate("asks", "asks")
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(f"{path},{other.id}").status_code, 404)
