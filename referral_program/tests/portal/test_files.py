"""Headers of what gives files: a stranger's bytes are never taken for a page."""

from pathlib import Path

from odoo.tests import tagged

from .test_billing import BillingCase

MODULE = "referral_program"
CONTROLLERS = Path(__file__).parents[2] / "controllers"


@tagged("post_install", "-at_install")
class TestFileHeaders(BillingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff = cls._user(
            "files_staff",
            f"{MODULE}.group_officer,{MODULE}.group_administrator",
        )

    def _report(self):
        wizards = self.env["referral.report.wizard"].with_user(self.staff)
        return wizards.create(
            {
                "kind": "compensation",
                "date_from": "2026-01-01",
                "date_to": "2026-01-31",
            }
        )

    def _rollforward(self):
        rollforwards = self.env["referral.rollforward"].with_user(self.staff)
        with self.on("2026-02-01"):
            rollforward = rollforwards.create({"period": "last_month"})
        rollforward.action_show()
        return rollforward

    def _audit_files(self):
        accruals = self.program.accrual_ids
        with self.on("2026-03-02"):
            accruals.action_make_audit_file()
        return ",".join(str(accrual.audit_file_ids.id) for accrual in accruals)

    def _assert_headers(self, user, path, cached="private, no-store"):
        self._login(user)
        response = self._get(path)
        self.assertEqual(response.status_code, 200, path)
        headers = response.headers
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff", path)
        self.assertEqual(headers["Cache-Control"], cached, path)
        self.assertEqual(int(headers["Content-Length"]), len(response.content), path)
        self.assertNotIn("text/html", headers["Content-Type"], path)

    def test_all_routes_that_give_files(self):
        statement = self._february()
        audit_files = self._audit_files()
        # another client's membership, with documents
        member = self._membership(self.other)
        page = member.document_ids.page_ids[:1]
        paths = {
            f"/my/referral/billing/{statement.id}/xlsx": self.owner,
            "/my/referral/data": self.owner,
            f"/referral/statement/{statement.id}/xlsx": self.staff,
            f"/referral/data/{self.participant.id}": self.staff,
            f"/referral/document/{page.id}": self.staff,
            f"/referral/report/{self._report().id}/xlsx": self.staff,
            f"/referral/rollforward/{self._rollforward().id}/xlsx": self.staff,
            f"/referral/audit/{audit_files.partition(',')[0]}": self.staff,
            f"/referral/audit/{audit_files}": self.staff,
        }
        for path, user in paths.items():
            with self.subTest(path):
                self._assert_headers(user, path)
        banner = self.env["referral.material"].search([("kind", "=", "banner")])[:1]
        self._assert_headers(None, banner._path(), "public, max-age=86400")

    def test_answers_with_files_are_made_in_one_place(self):
        for path in CONTROLLERS.glob("*.py"):
            makes = "make_response(" in path.read_text(encoding="utf-8")
            self.assertEqual(makes, path.name == "files.py", path.name)
