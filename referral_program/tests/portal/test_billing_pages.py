"""A month's pages and downloads: whose they are, what they cost, and in a browser."""

import hashlib
import re

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_billing import DOCUMENT, KINDS, MODULE, BillingCase


@tagged("post_install", "-at_install")
class TestBillingPages(BillingCase):
    def _paths(self, statement):
        page = f"/my/referral/billing/{statement.id}"
        return [page, f"{page}/page/2", *(f"{page}/{kind}" for kind in KINDS)]

    def _text(self, path):
        response = self.url_open(path)  # other languages have addresses of their own
        self.assertEqual(response.status_code, 200, path)
        text = re.sub(r"<[^>]*>", " ", response.text.split("<main")[1])
        return re.sub(r"(\s|&nbsp;)+", " ", text)

    def test_list_and_month(self):
        self._february()
        self._login(self.owner)
        text = self._text("/my/referral/billing")
        self.assertLess(text.index("February 2026"), text.index("January 2026"))
        for amount in ("90,000.00", "-7,888.89", "-30,000.00", "-5,000.00", "1.25",
                       "47,112.36"):  # fmt: skip
            self.assertIn(amount, text)
        text = self._text(f"/my/referral/billing/{self._statement('2026-02').id}")
        for expected in (
            "RB/2026/02/00001",
            "Opening balance $ 90,000.00",
            "Reversed $ -9,000.00",
            "Closing balance $ 47,112.36",
            "Cl***",
            "Subtotal: -7,888.89",
            "1,111.11",
            # a credit note has its own date
            f"{self._client_invoice().reversal_move_ids.name}, Feb 3, 2026",
            "Deduction",
            "Reversed",
            "$ -7,888.89",
        ):
            self.assertIn(expected, text)

    def test_reversed_is_what_was_credited_before(self):
        # the payment bounced
        with self.on("2026-02-03"):
            self._receivable(self._client_invoice()).remove_move_reconcile()
        statement = self._month("2026-02")
        line = statement._lines()
        self.assertTrue(line.amount < 0)
        self.assertEqual(line._reversing(), line)
        self._login(self.owner)
        text = self._text(f"/my/referral/billing/{statement.id}")
        self.assertIn(f"Reversed {self._client_invoice().name}", text)
        self.assertNotIn("Deduction", text)

    def test_in_russian(self):
        self._russian()
        self.owner.lang = "ru_RU"
        statement = self._february()
        self._login(self.owner)
        text = self._text("/my/referral/billing")
        self.assertIn("Отчётные документы", text)
        self.assertIn("Февраль 2026", text)
        text = self._text(f"/my/referral/billing/{statement.id}")
        self.assertIn("Баланс на конец месяца $ 47 112,36", text)
        for english in ("Opening", "Rendered", "Subtotal", "Taken", "Billing"):
            self.assertNotIn(english, text)

    def test_no_months_yet(self):
        self._participant(partner_id=self.other.partner_id.id)
        self._login(self.other)
        self.assertIn("No months yet", self._text("/my/referral/billing"))

    def test_pages_of_lines(self):
        self._paid(
            "2026-02-10",
            [self._line(100 + n, name=f"S{n:03}") for n in range(90)],
        )
        statement = self._month("2026-02")
        self._login(self.owner)
        page = f"/my/referral/billing/{statement.id}"
        found = [
            set(re.findall(r"\bS\d{3}\b", self._text(path)))
            for path in (page, f"{page}/page/2")
        ]
        self.assertEqual([len(names) for names in found], [80, 10])
        self.assertEqual(len(found[0] | found[1]), 90)
        self.assertEqual(self._text(f"{page}/page/99"), self._text(f"{page}/page/2"))

    def test_downloads(self):
        statement = self._statement("2026-01")
        self._login(self.owner)
        for kind, mimetype in (
            ("pdf", "application/pdf"),
            (
                "xlsx",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ),
        ):
            response = self._get(f"/my/referral/billing/{statement.id}/{kind}")
            self.assertEqual(response.status_code, 200)
            headers = response.headers
            self.assertEqual(headers["Content-Type"], mimetype)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["Cache-Control"], "private, no-store")
            self.assertEqual(
                headers["Content-Disposition"],
                f"attachment; filename*=UTF-8''RB-2026-01-00001.{kind}",
            )
            again = self._get(f"/my/referral/billing/{statement.id}/{kind}")
            self.assertEqual(again.content, response.content)
            self.assertEqual(
                hashlib.sha256(again.content).hexdigest(),
                statement[f"{kind}_sha256"],
            )
        self.assertEqual(
            self._get(f"/my/referral/billing/{statement.id}/html").status_code, 404
        )

    def test_a_changed_file_is_explained_and_not_given_out(self):
        statement = self._statement("2026-01")
        statement._read_file("pdf")
        statement.sudo()._stored_file("pdf").write({"raw": b"%PDF-forged"})
        for user, path, status in (
            (self.owner, f"/my/referral/billing/{statement.id}/pdf", 500),
            (self.accountant, f"/referral/statement/{statement.id}/pdf", 422),
        ):
            self._login(user)
            with self.assertLogs(DOCUMENT, "ERROR"):
                response = self._get(path)
            self.assertEqual(response.status_code, status)
            self.assertIn("does not match its hash", response.text)
            self.assertNotIn("forged", response.text)

    # === Whose === #

    def test_own_months_only(self):
        statement = self._statement("2026-01")
        self._participant(partner_id=self.other.partner_id.id)
        for user, listed, status in (
            (self.owner, 200, 200),
            (self.other, 200, 404),  # a participant, of other months
            (self.stranger, 303, 404),  # no participant: led on to the overview
            (self.employee, 303, 404),
            (self.accountant, 303, 404),  # has a way of their own
        ):
            self._login(user)
            response = self._get("/my/referral/billing")
            self.assertEqual(response.status_code, listed, user.login)
            if listed == 303:
                self.assertURLEqual(response.headers["Location"], "/my/referral")
            self.assertEqual(
                "RB/2026/01/00001" in response.text, user == self.owner, user.login
            )
            for path in self._paths(statement):
                response = self._get(path)
                self.assertEqual(response.status_code, status, (user.login, path))
        self._login(self.owner)
        for path in self._paths(statement.browse(statement.id + 1000)):
            self.assertEqual(self._get(path).status_code, 404, path)

    def test_visitors_are_sent_to_log_in(self):
        statement = self._statement("2026-01")
        self._login(None)
        for path in (
            "/my/referral/billing",
            *self._paths(statement),
            *(f"/referral/statement/{statement.id}/{kind}" for kind in KINDS),
        ):
            response = self._get(path)
            self.assertEqual(response.status_code, 303, path)
            self.assertIn("/web/login", response.headers["Location"])

    def test_staff_download_by_their_own_route(self):
        statement = self._statement("2026-01")
        auditor = self._user("st_auditor", f"{MODULE}.group_auditor")
        foreign = self._create_company(name="Elsewhere")
        stranger = self._user("st_foreign", f"{MODULE}.group_accountant")
        stranger.write({"company_ids": [(6, 0, foreign.ids)], "company_id": foreign.id})
        for user, status in (
            (self.accountant, 200),
            (auditor, 200),
            (self.employee, 404),
            (self.owner, 404),
            (self.stranger, 404),
            (stranger, 404),
        ):
            self._login(user)
            for kind in KINDS:
                path = f"/referral/statement/{statement.id}/{kind}"
                response = self._get(path)
                self.assertEqual(response.status_code, status, (user.login, path))
        self._login(self.accountant)
        self.assertEqual(self._get("/referral/statement/0/pdf").status_code, 404)

    def test_rights_on_the_model(self):
        statement = self._statement("2026-01")
        for user in (self.owner, self.stranger, self.employee):
            with self.assertRaises(AccessError):
                statement.with_user(user).read(["closing"])
        for user in (self.accountant, self.officer):
            own = statement.with_user(user)
            self.assertEqual(own.closing, 90_000)
            self.assertFalse(own.has_access("write"))
            self.assertFalse(own.has_access("create"))
            self.assertFalse(own.has_access("unlink"))
            self.assertEqual(
                own.action_download_pdf()["url"],
                f"/referral/statement/{statement.id}/pdf",
            )

    # === How much it costs === #

    def _queries(self, function):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        function()
        return self.env.cr.sql_log_count - before

    def test_queries_do_not_grow_with_lines(self):
        for month, count in (("2026-02", 2), ("2026-03", 60)):
            for number in range(2 if count == 2 else 6):
                client = self._partner(f"{month} {number}")
                self._referral(self.participant, client)
                self._paid(
                    f"{month}-10",
                    [self._line(10 + n) for n in range(count // 2)],
                    partner=client,
                )
            self._month(month)
        few, many = self._statement("2026-02"), self._statement("2026-03")
        self.assertGreater(len(many._lines()), 20 * len(few._lines()))
        self._login(self.owner)
        self._get(f"/my/referral/billing/{few.id}")  # what is cached once
        few._report_values()
        self.assertEqual(
            self._queries(few._report_values), self._queries(many._report_values)
        )
        self.assertEqual(
            *(
                self._queries(
                    lambda s=statement: self._get(f"/my/referral/billing/{s.id}")
                )
                for statement in (few, many)
            )
        )

    def test_queries_do_not_grow_with_participants(self):
        counts = []
        # the first month fills the caches
        for month, number in (("2026-02", 1), ("2026-03", 2), ("2026-04", 12)):
            for index in range(number):
                participant = self._participant(f"P {month} {index}")
                participant.mail_statement = False
                client = self._partner(f"C {month} {index}")
                self._referral(participant, client)
                self._paid(f"{month}-10", partner=client)
            accrual = self._accrue(month)
            counts.append(self._queries(accrual._make_statements))
        self.assertEqual(*counts[1:])
        self.assertEqual(len(accrual.statement_ids), 12)


@tagged("post_install", "-at_install")
class TestBillingTour(BillingCase):
    def test_on_a_desk(self):
        self.start_tour(
            "/my/referral/billing", "referral_billing", login=self.owner.login
        )


@tagged("post_install", "-at_install")
class TestBillingTourOnAPhone(BillingCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_on_a_phone(self):
        self.start_tour(
            "/my/referral/billing", "referral_billing", login=self.owner.login
        )
