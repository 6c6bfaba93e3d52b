"""Why a line earns what it earns: who may ask, and what their answers show."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_explanation import ExplanationCase


@tagged("post_install", "-at_install")
class TestExplanationAccess(ExplanationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: cls._user(f"why_{role}", f"referral_program.group_{role}")
            for role in ("reader", "officer", "accountant", "auditor")
        }
        cls.outsiders = {
            "employee": cls._user("why_employee", "base.group_user"),
            "bookkeeper": cls._user("why_book", "account.group_account_invoice"),
            "portal": cls._user("why_portal", "base.group_portal"),
        }

    def _ask_as(self, user, **values):
        explain = (
            self.env["referral.explain"]
            .with_user(user)
            .create(
                {
                    "program_id": self.program.id,
                    "as_of": "2026-01-31",
                    "date_from": "2026-01-01",
                    "date_to": "2026-01-31",
                    **values,
                }
            )
        )
        explain.action_explain()
        return explain

    def test_every_role_may_ask(self):
        invoice = self._paid("2026-01-10")
        self._accrue("2026-01")
        for role, user in self.users.items():
            with self.subTest(role=role):
                explain = self._ask_as(user)
                [row] = explain.row_ids.read(
                    [
                        "explanation",
                        "amount",
                        "credited_amount",
                        "move_name",
                        "partner_id",
                    ]
                )
                self.assertEqual(row["credited_amount"], 90)
                self.assertIn("90.00", row["explanation"])
                self.assertEqual(row["move_name"], invoice.name)
                self.assertTrue(explain.row_ids.payment_ids.counts)
                self.assertTrue(explain.row_ids.evidence_ids)
                referral = self.participant.referral_ids.with_user(user)
                self.assertTrue(referral.action_why())
                compensation = self.participant.compensation_ids.with_user(user)
                self.assertTrue(compensation.action_why())

    def test_others_may_not(self):
        invoice = self._paid("2026-01-10")
        for role, user in self.outsiders.items():
            with self.subTest(role=role):
                with self.assertRaises(AccessError):
                    self._ask_as(user)
                for record in (invoice, self.participant.referral_ids):
                    method = (
                        "action_referral_why" if record == invoice else "action_why"
                    )
                    with self.assertRaises(AccessError):
                        getattr(record.with_user(user), method)()
                for model in ("referral.explanation", "referral.explanation.payment"):
                    with self.assertRaises(AccessError):
                        self.env[model].with_user(user).search([])

    def test_invoices_by_who_may_read_them(self):
        """Readers without accounting learn of those clients that somebody brought."""
        self._paid("2026-01-10")
        stranger = self._partner("Stranger")
        hidden = self._paid("2026-01-10", partner=stranger)
        for role, sees in (
            ("reader", False),
            ("officer", False),
            ("accountant", True),
            ("auditor", True),
        ):
            with self.subTest(role=role):
                explain = self._ask_as(self.users[role], everybody=True)
                found = explain.row_ids.sudo().move_id
                self.assertEqual(hidden in found, sees)
                explain = self._ask_as(
                    self.users[role], everybody=True, partner_id=stranger.id
                )
                self.assertEqual(bool(explain.row_ids), sees)
        with self.assertRaises(AccessError):
            hidden.with_user(self.users["officer"]).action_referral_why()
        rows = self._ask_as(self.users["officer"]).row_ids
        with self.assertRaises(AccessError):
            rows.payment_ids.move_id.read(["name"])

    def test_an_answer_belongs_to_whoever_asked(self):
        self._paid("2026-01-10")
        own = self._ask_as(self.users["auditor"])
        for role in ("accountant", "officer"):
            for record in (own, own.row_ids, own.row_ids.payment_ids):
                other = record.with_user(self.users[role])
                with self.subTest(role=role, record=record):
                    self.assertFalse(other.search([("id", "in", record.ids)]))
                    with self.assertRaises(AccessError):
                        other.read(["display_name"])
            theirs = own.with_user(self.users[role])
            for method in (
                theirs.action_explain,
                theirs.action_export_xlsx,
                theirs.action_export_pdf,
            ):
                with self.assertRaises(AccessError):
                    method()
            report = self.env["ir.actions.report"].with_user(self.users[role])
            for render, name in (
                (report._render_xlsx, "referral_explanation_xlsx"),
                (report._render_qweb_html, "referral_explanation_pdf"),
            ):
                with self.assertRaises(AccessError):
                    render(f"referral_program.{name}", own.ids, {})

    def test_answers_are_not_written(self):
        self._paid("2026-01-10")
        for role, user in self.users.items():
            rows = self._ask_as(user).row_ids
            with self.subTest(role=role):
                for record in (rows, rows.payment_ids):
                    with self.assertRaises(AccessError):
                        record.write({"amount": 1})
                    with self.assertRaises(AccessError):
                        record.unlink()
                    with self.assertRaises(AccessError):
                        record.create({"explain_id": rows.explain_id.id})

    def test_asking_writes_nothing_else(self):
        self._paid("2026-01-10")
        self.env["referral.mark"]._write_marks()
        marks = self.env["referral.mark"].search([]).ids
        self._ask_as(self.users["auditor"])
        self.assertEqual(self.env["referral.mark"].search([]).ids, marks)
        self.assertFalse(self.program.accrual_ids)

    def test_other_companies_are_out_of_reach(self):
        other = self.setup_other_company()
        program = self._program(other["company"])
        vera = self._participant("Vera", program)
        brought = self._partner("Her client")
        referral = self._referral(vera, brought)
        line = Command.create(
            {
                "name": "Service",
                "price_unit": 500,
                "tax_ids": [Command.clear()],
                "account_id": other["default_account_revenue"].id,
            }
        )
        abroad = self._invoice(
            brought,
            "2026-01-10",
            [line],
            company_id=other["company"].id,
            journal_id=other["default_journal_sale"].id,
        )
        self.assertEqual(self._why("2026-01-31", program).move_id, abroad)
        for role, user in self.users.items():
            with self.subTest(role=role):
                with self.assertRaises(AccessError):
                    self._ask_as(user, program_id=program.id)
                with self.assertRaises(AccessError):
                    abroad.with_user(user).action_referral_why()
                with self.assertRaises(AccessError):
                    referral.with_user(user).action_why()
                with self.assertRaises(AccessError):
                    self._ask_as(user, participant_id=vera.id)
                # a crafted client is no way in
                rows = self._ask_as(user, everybody=True, partner_id=brought.id).row_ids
                self.assertFalse(rows)

    def test_branches_are_the_programs(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.cr.precommit.run()  # loads the branch's chart of accounts
        self.env.user.company_ids |= branch
        invoice = self._invoice(self.client, "2026-01-10", 1000, company_id=branch.id)
        self._pay(invoice, "2026-01-12")
        rows = self._ask_as(self.users["auditor"]).row_ids
        self.assertEqual(rows.sudo().move_id, invoice)
        self.assertEqual(rows.company_id, self.company)
        # strangers' invoices only of companies where the reader may read invoices
        stranger = self._partner("Stranger")
        self._invoice(stranger, "2026-01-10", 10, company_id=branch.id)
        rows = self._ask_as(self.users["auditor"], everybody=True).row_ids
        self.assertEqual(rows.sudo().move_id, invoice)
