"""Money over the API: exact amounts, keys that move it once, and nobody else's."""

import base64
import hashlib
import json

from odoo import Command
from odoo.tests import HttpCase, tagged

from ..api import ApiMixin, guide_requests
from .test_withdrawals import MoneyCase


@tagged("post_install", "-at_install")
class ApiMoneyCase(ApiMixin, MoneyCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.panel = cls._user("money_panel", "referral_program.group_integration")
        cls.who = {"partner_id": cls.participant.partner_id.id}
        cls.unit = cls.currency.name
        cls.other = cls._participant("Other")
        cls._accept_agreements(cls.other)
        cls.other_account = cls._bank_account(
            cls.other.partner_id, "40702810938000000002"
        )

    def setUp(self):
        super().setUp()
        self.key = self._key(self.panel)

    def _withdraw(self, key="one", **changes):
        return {
            **self.who,
            "key": key,
            "amount": "30000.50",
            "currency": self.unit,
            "account_id": self.account.id,
            **changes,
        }


@tagged("post_install", "-at_install")
class TestApiMoney(ApiMoneyCase):
    def test_the_balance_is_exact_text(self):
        self._request(30_000)
        self.assertEqual(
            self.assertAnswered("balance", self.key, **self.who),
            {
                "balance": "90000.00",
                "reserved": "30000.00",
                "available": "60000.00",
                "minimum_withdrawal": "10000.00",
                "currency": self.unit,
                "why_no_payout": False,
            },
        )

    def test_movements_are_the_ledger_page_by_page(self):
        self._give(1_000, "2026-02")
        self._give(2_000, "2026-03")
        answer = self.assertAnswered("movements", self.key, **self.who)
        self.assertEqual(
            [(m["date"], m["kind"], m["amount"]) for m in answer["movements"]],
            [
                ("2026-01-31", "accrual", "90000.00"),
                ("2026-02-28", "accrual", "90.00"),
                ("2026-03-31", "accrual", "180.00"),
            ],
        )
        self.assertEqual(answer["opening"], "0.00")
        self.assertEqual(answer["closing"], "90270.00")
        pages = [
            self.assertAnswered(
                "movements", self.key, **self.who, limit=1, offset=offset
            )
            for offset in range(4)
        ]
        self.assertEqual([page["count"] for page in pages], [3] * 4)
        self.assertEqual(
            [m for page in pages for m in page["movements"]], answer["movements"]
        )
        # both days are inclusive
        february = self.assertAnswered(
            "movements",
            self.key,
            **self.who,
            date_from="2026-01-31",
            date_to="2026-02-28",
        )
        self.assertEqual((february["opening"], february["count"]), ("0.00", 2))
        later = self.assertAnswered(
            "movements", self.key, **self.who, date_from="2026-02-01"
        )
        self.assertEqual((later["opening"], later["count"]), ("90000.00", 2))

    def test_a_withdrawal_and_the_same_call_again(self):
        first = self.assertAnswered("withdraw", self.key, **self._withdraw())
        again = self.assertAnswered("withdraw", self.key, **self._withdraw())
        self.assertEqual(first, again)
        shorter = self._withdraw(amount="30000.5")
        self.assertEqual(self.assertAnswered("withdraw", self.key, **shorter), first)
        self.assertEqual((first["amount"], first["state"]), ("30000.50", "requested"))
        withdrawal = self.participant.withdrawal_ids
        self.assertEqual(len(withdrawal), 1)
        self.assertEqual(withdrawal.requester_id, self.panel)
        self.assertMoney(90_000, 59_999.50)
        # the answer of then, whatever became of it
        withdrawal._cancel()
        again = self.assertAnswered("withdraw", self.key, **self._withdraw())
        self.assertEqual(first, again)
        self.assertEqual(len(self.participant.withdrawal_ids), 1)
        self.assertMoney(90_000, 90_000)

    def test_a_key_is_for_one_thing(self):
        self.assertAnswered("withdraw", self.key, **self._withdraw())
        for changes in (
            {"amount": "30000.51"},
            {"partner_id": self.other.partner_id.id},
            {"account_id": self.other_account.id},
        ):
            with self.subTest(changes=changes):
                self.assertCode(
                    "key_reused", "withdraw", self.key, **self._withdraw(**changes)
                )
        [withdrawal] = self.participant.withdrawal_ids
        self.assertCode(
            "key_reused",
            "cancel_withdrawal",
            self.key,
            **self.who,
            key="one",
            withdrawal_id=withdrawal.id,
        )
        self.assertEqual(withdrawal.state, "requested")
        self.assertFalse(self.other.withdrawal_ids)

    def test_what_is_refused_leaves_nothing_and_its_key_can_be_sent_again(self):
        for code, changes in (
            ("below_minimum", {"amount": "9999.99"}),
            ("insufficient_balance", {"amount": "90000.01"}),
            ("invalid_amount", {"amount": "0"}),
            ("invalid_amount", {"amount": "10000.001"}),
            ("invalid_amount", {"amount": "-10000"}),
            ("invalid_amount", {"amount": "1e4"}),
            ("invalid_amount", {"amount": "NaN"}),
            ("invalid_amount", {"amount": 10000}),
            ("invalid_amount", {"amount": "١٠٠٠٠"}),
            ("wrong_currency", {"currency": "XTS"}),
            ("unknown_account", {"account_id": self.other_account.id}),
            ("unknown_account", {"account_id": 0}),
            ("unknown_client", {"partner_id": 2**31 - 1}),
            ("no_participant", {"partner_id": self.client.id}),
            ("invalid", {"key": ""}),
            ("invalid", {"key": "x" * 201}),
        ):
            with self.subTest(code=code, changes=changes):
                self.assertCode(code, "withdraw", self.key, **self._withdraw(**changes))
        self.participant._update_state("suspended", "Test")
        self.assertCode("payout_not_allowed", "withdraw", self.key, **self._withdraw())
        self.participant._update_state("active")
        self.assertFalse(self.participant.withdrawal_ids)
        self.assertFalse(self.env["referral.api.call"].search([]))
        self.assertAnswered("withdraw", self.key, **self._withdraw())

    def test_the_callers_context_decides_nothing(self):
        other = self._billed(10_000)
        context = {
            "default_approved_on": "2026-01-01 00:00:00",
            "default_approver_id": self.env.ref("base.user_admin").id,
            "default_billed_amount": 1,
            "default_requested_on": "2026-01-01 00:00:00",
            "default_bill_id": other.bill_id.id,
            "default_problem": "x",
            "active_test": False,
            "tracking_disable": True,
            "ir_cron_progress_id": 1,
            "skip_invoice_sync": True,
        }
        asked = {**self._withdraw(), "context": context}
        told = self.assertAnswered("withdraw", self.key, **asked)
        withdrawal = self.participant.withdrawal_ids.filtered(
            lambda w: w.id == told["id"]
        )
        self.assertFalse(withdrawal.approved_on or withdrawal.approver_id)
        self.assertFalse(withdrawal.bill_id or withdrawal.problem)
        self.assertEqual(withdrawal.reserved_amount, 30_000.50)
        self.assertGreater(str(withdrawal.requested_on), "2026-02-01")
        call = self.env["referral.api.call"].search([])
        self.assertEqual(call.user_id, self.panel)

    def test_cancelling(self):
        withdrawal = self._request(30_000)
        theirs = {**self.who, "partner_id": self.other.partner_id.id}
        asked = {"key": "c", "withdrawal_id": withdrawal.id}
        self.assertCode(
            "unknown_withdrawal", "cancel_withdrawal", self.key, **theirs, **asked
        )
        self.assertEqual(withdrawal.state, "requested")
        first = self.assertAnswered("cancel_withdrawal", self.key, **self.who, **asked)
        self.assertEqual(first["state"], "cancelled")
        self.assertMoney(90_000, 90_000)
        # the same call is answered, another one is told
        self.assertEqual(
            self.assertAnswered("cancel_withdrawal", self.key, **self.who, **asked),
            first,
        )
        self.assertCode(
            "already_decided",
            "cancel_withdrawal",
            self.key,
            **{**self.who, **asked, "key": "d"},
        )

    def test_withdrawals_and_accounts_are_told_without_numbers(self):
        self._request(10_000)._refuse("Ask for less")
        self._billed(30_000)
        answer = self.assertAnswered("withdrawals", self.key, **self.who)
        self.assertEqual(answer["count"], 2)
        told, refused = answer["withdrawals"]
        self.assertEqual(refused["reason"], "Ask for less")
        self.assertEqual((told["state"], told["amount"]), ("billed", "30000.00"))
        self.assertEqual(told["billed_on"], "2026-03-05")
        [account] = self.assertAnswered("accounts", self.key, **self.who)
        self.assertEqual((account["number"], account["trusted"]), ("…0001", True))
        self.assertNotIn(self.account.acc_number, str(answer))

    def test_a_new_account_is_not_trusted(self):
        asked = {**self.who, "number": "GB82 WEST 1234 5698 7654 32"}
        added = self.assertAnswered("add_account", self.key, **asked)
        self.assertEqual((added["number"], added["trusted"]), ("…5432", False))
        self.assertEqual(self.assertAnswered("add_account", self.key, **asked), added)
        self.assertCode("invalid", "add_account", self.key, **self.who, number="1")


@tagged("post_install", "-at_install")
class TestApiInvoices(ApiMoneyCase):
    def setUp(self):
        super().setUp()
        self.invoice = self._invoice(self.participant.partner_id, "2026-03-01", 5_000)
        self.theirs = self._invoice(self.other.partner_id, "2026-03-01", 5_000)

    def _pay_with(self, key="pay", **changes):
        return {
            **self.who,
            "key": key,
            "invoice_id": self.invoice.id,
            "amount": "2000.00",
            "currency": self.unit,
            **changes,
        }

    def test_paying_once(self):
        [told] = self.assertAnswered("invoices", self.key, **self.who)["invoices"]
        self.assertEqual(
            (told["id"], told["open"], told["due"], told["why_not"]),
            (self.invoice.id, "5000.00", "5000.00", False),
        )
        first = self.assertAnswered("pay_invoice", self.key, **self._pay_with())
        self.assertEqual(
            (first["amount"], first["invoice_amount"], first["invoice_currency"]),
            ("2000.00", "2000.00", self.unit),
        )
        again = self.assertAnswered("pay_invoice", self.key, **self._pay_with())
        self.assertEqual(again, first)
        self.assertEqual(self.invoice.amount_residual, 3_000)
        self.assertMoney(88_000, 88_000)
        # another key is another payment
        self.assertAnswered("pay_invoice", self.key, **self._pay_with("pay2"))
        self.assertEqual(self.invoice.amount_residual, 1_000)

    def test_refusals(self):
        for code, changes in (
            ("unknown_invoice", {"invoice_id": self.theirs.id}),
            ("unknown_invoice", {"invoice_id": self._client_invoice().id}),
            ("more_than_due", {"amount": "5000.01"}),
            ("insufficient_balance", {"amount": "90000.01"}),
            ("wrong_currency", {"currency": "XTS"}),
            ("invalid", {"invoice_id": str(self.invoice.id)}),
            ("invalid", {"invoice_id": True}),
        ):
            with self.subTest(code=code, changes=changes):
                self.assertCode(
                    code, "pay_invoice", self.key, **self._pay_with(**changes)
                )
        self.program.redemption_allowed = False
        self.assertCode("not_payable", "pay_invoice", self.key, **self._pay_with())
        self.assertMoney(90_000, 90_000)


@tagged("post_install", "-at_install")
class TestApiPapers(ApiMoneyCase):
    def test_the_guides_requests_in_their_order(self):
        self.env["referral.statement"]._cron_statements()
        invoice = self._invoice(self.participant.partner_id, "2026-03-01", 5_000)
        ids = {
            **self.who,
            "account_id": self.account.id,
            "invoice_id": invoice.id,
            "statement_id": self.participant.statement_ids.id,
        }
        requests = guide_requests("## Money", "## Refusals")
        self.assertEqual(len(requests), 13)
        for method, body, shown in requests:
            with self.subTest(method=method):
                asked = json.loads(body)
                asked.update({name: ids[name] for name in asked if name in ids})
                if "currency" in asked:
                    asked["currency"] = self.unit
                answer = self.assertAnswered(method, self.key, **asked)
                self.assertShown(answer, shown)
                if method == "withdraw":
                    ids["withdrawal_id"] = answer["id"]
        self.assertMoney(88_000, 88_000)

    def test_statements_and_their_documents(self):
        self.env["referral.statement"]._cron_statements()
        answer = self.assertAnswered("statements", self.key, **self.who)
        [told] = answer["statements"]
        self.assertEqual(
            (told["month"], told["accrued"], told["closing"], told["currency"]),
            ("2026-01-01", "90000.00", "90000.00", self.unit),
        )
        asked = {**self.who, "statement_id": told["id"]}
        for kind, beginning in (("pdf", b"%PDF"), ("xlsx", b"PK")):
            file = self.assertAnswered("statement_file", self.key, **asked, kind=kind)
            content = base64.b64decode(file["content"])
            self.assertTrue(content.startswith(beginning))
            self.assertEqual(hashlib.sha256(content).hexdigest(), file["sha256"])
            self.assertTrue(file["name"].endswith(f".{kind}"))
        theirs = {**asked, "partner_id": self.other.partner_id.id}
        for wrong in (theirs, {**asked, "kind": "docx"}):
            self.assertCode("unknown_statement", "statement_file", self.key, **wrong)

    def test_referrals_and_materials(self):
        answer = self.assertAnswered("referrals", self.key, **self.who)
        [told] = answer["referrals"]
        self.assertEqual(
            (told["client_id"], told["credited"], told["date_end"]),
            (self.client.id, "90000.000000", False),
        )
        self.assertNotEqual(told["name"], self.client.name)  # as the program masks it
        materials = self.assertAnswered("materials", self.key, **self.who)
        kinds = {material["kind"] for material in materials}
        self.assertEqual(kinds, {"banner", "text"})
        for material in materials:
            shown = material.get("text") or material["snippet"]
            self.assertIn(self.participant.code, shown)
        self.participant._update_state("suspended", "Test")
        self.assertEqual(self.assertAnswered("materials", self.key, **self.who), [])

    def test_another_companys_panel_finds_nothing(self):
        other = self.setup_other_company()["company"]
        self._program(other)
        self.panel.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        key = self._key(self.panel)
        for method in ("balance", "movements", "referrals", "statements", "invoices"):
            self.assertCode("no_participant", method, key, **self.who)
        self.assertCode("no_participant", "withdraw", key, **self._withdraw())
        # nor by saying that it acts for the first company
        status, _answer = self._call(
            "balance",
            key,
            **self.who,
            context={"allowed_company_ids": self.company.ids},
        )
        self.assertEqual(status, 403)

    def test_whoever_is_not_of_the_integration_group(self):
        for groups in (
            "base.group_portal",
            "base.group_user",
            "referral_program.group_accountant",
            "referral_program.group_administrator",
        ):
            key = self._key(self._user(f"money_{groups}", groups))
            self.assertCode("access_denied", "withdraw", key, **self._withdraw())
            self.assertCode("access_denied", "balance", key, **self.who)
        self.assertFalse(self.participant.withdrawal_ids)

    def test_the_log_is_never_changed(self):
        self.assertAnswered("withdraw", self.key, **self._withdraw())
        call = self.env["referral.api.call"].search([])
        self.assertEqual((call.user_id, call.method), (self.panel, "withdraw"))
        self.assertNotIn("40702810", call.arguments + call.answer)
        for change in (lambda: call.sudo().write({"answer": "{}"}), call.sudo().unlink):
            with self.assertRefused(Exception, "cannot be edited or deleted"):
                change()
