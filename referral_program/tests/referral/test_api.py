"""The API over real HTTP: the requests of docs/api.md, and who may not call it."""

import base64
import json

from odoo.tests import HttpCase, tagged

from ..api import ApiMixin, guide_requests
from ..common import JoiningCase


@tagged("post_install", "-at_install")
class TestApi(ApiMixin, JoiningCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.panel = cls._user("panel", "referral_program.group_integration")
        cls.joiner = cls._partner("Joiner", email="joiner@example.com")
        cls.client = cls._partner("Client", email="client@example.net")

    def test_the_guides_requests_in_their_order(self):
        key = self._key(self.panel)
        requests = guide_requests("# API", "## Money")
        self.assertEqual(len(requests), 9)
        texts, code = [], ""
        for method, body, shown in requests:
            arguments = json.loads(body)
            ids = {17: self.joiner.id, 18: self.client.id}
            arguments.update(
                {k: ids[v] for k, v in arguments.items() if k == "partner_id"}
            )
            for file in arguments.get("files", ()):
                file["content"] = base64.b64encode(self._picture()).decode()
            if "accepted" in arguments:
                arguments["accepted"] = [
                    {"id": text["id"], "hash": text["hash"]} for text in texts
                ]
            if "code" in arguments:
                arguments["code"] = code
            with self.subTest(method=method, body=body):
                status, answer = self._call(method, key, **arguments)
                self.assertEqual(status, 200, answer)
                self.assertShown(answer, shown)
            if method == "agreements":
                texts = answer
            if method == "submit":
                self.assertEqual(answer["state"], "submitted")
                participant = self.env["referral.participant"].search(
                    [("partner_id", "=", self.joiner.id)]
                )
                self.assertEqual(
                    participant.acceptance_ids.mapped("ip_address"), ["192.0.2.7"] * 2
                )
                participant.sudo().action_approve_documents()
            if method == "link":
                code = answer["code"]
        referral = self.env["referral.referral"].search(
            [("partner_id", "=", self.client.id)]
        )
        self.assertEqual(
            (referral.participant_id, referral.source), (participant, "api")
        )

    def _active(self):
        participant = self._submitted(partner=self.joiner)
        participant.action_approve_documents()
        return participant

    def test_registration_is_idempotent_by_the_callers_key(self):
        key, participant = self._key(self.panel), self._active()
        arguments = {
            "key": "one",
            "code": participant.code,
            "partner_id": self.client.id,
        }
        _status, first = self._call("register_referral", key, **arguments)
        _status, again = self._call("register_referral", key, **arguments)
        self.assertEqual(first, again)
        self.assertTrue(first["referral_id"])
        # another key is another registration: the client is bound already
        _status, other = self._call(
            "register_referral", key, **{**arguments, "key": "two"}
        )
        self.assertEqual(other["reason"], "bound_already")
        _status, same = self._call(
            "register_referral", key, **{**arguments, "key": "two"}
        )
        self.assertEqual(same, other)
        referrals = self.env["referral.referral"]
        self.assertEqual(
            referrals.search_count([("partner_id", "=", self.client.id)]), 1
        )
        self.assertEqual(
            self.env["referral.refusal"].search_count([("external_key", "=", "two")]), 1
        )

    def test_a_used_key_registers_no_other_client(self):
        """Whose referral it is would never be known to have been lost."""
        key, participant = self._key(self.panel), self._active()
        other = self._partner("Another client")
        for own, code in (("bound", participant.code), ("refused", "nobody")):
            arguments = {"key": own, "code": code, "partner_id": self.client.id}
            self._call("register_referral", key, **arguments)
            status, answer = self._call(
                "register_referral", key, **{**arguments, "partner_id": other.id}
            )
            self.assertEqual(status, 422)
            self.assertIn("used for another client", answer["message"])
            self.assertEqual(answer["context"]["code"], "key_reused")
        self.assertFalse(other.sudo().referral_ids)

    def test_refusals_are_answers_with_a_reason(self):
        key = self._key(self.panel)
        status, answer = self._call(
            "register_referral", key, key="k", code="nobody", partner_id=self.client.id
        )
        self.assertEqual((status, answer["reason"]), (200, "unknown_code"))
        self.assertIn("no participant", answer["explanation"])

    def test_bad_input_is_a_clear_error_and_changes_nothing(self):
        key = self._key(self.panel)
        self._draft(partner=self.joiner)
        own = {"partner_id": self.joiner.id}
        png = base64.b64encode(self._picture()).decode()
        for method, arguments, text in (
            ("state", {"partner_id": 999999}, "no client"),
            ("state", {"partner_id": "1"}, "ID as a number"),
            ("state", {"partner_id": True}, "ID as a number"),
            ("link", {"partner_id": self.client.id}, "does not take part"),
            ("join", {**own, "entity_type": "x", "residency": "y"}, "no such type"),
            (
                "join",
                {**own, "entity_type": "sole_trader", "residency": "nonresident"},
                "cannot join",
            ),
            ("hand_in", {**own, "document": "x"}, "is not required"),
            (
                "hand_in",
                {**own, "document": "form_26_2_1", "files": [{"name": "a"}]},
                "in Base64",
            ),
            (
                "hand_in",
                {
                    **own,
                    "document": "form_26_2_1",
                    "files": [{"name": "a.png", "content": png[:40]}],
                },
                "cannot be read",
            ),
            ("submit", own, "Still missing"),
            ("movements", {**own, "date_from": "x", "date_to": "y"}, "is not a date"),
            ("register_referral", {**own, "key": "", "code": "x"}, "Send a key"),
        ):
            with self.subTest(method=method, arguments=arguments):
                status, answer = self._call(method, key, **arguments)
                self.assertGreaterEqual(status, 400)
                self.assertLess(status, 500, answer)
                self.assertIn(text, answer["message"])
        participant = self.env["referral.participant"].search(
            [("partner_id", "=", self.joiner.id)]
        )
        self.assertEqual(participant.state, "draft")
        self.assertFalse(participant.document_ids.page_ids)

    def test_another_text_than_the_one_in_force_is_not_accepted(self):
        key = self._key(self.panel)
        participant = self._draft(partner=self.joiner)
        self._fill(participant)
        agreement = participant._agreements_to_accept()[0]
        status, answer = self._call(
            "submit",
            key,
            partner_id=self.joiner.id,
            accepted=[{"id": agreement.id, "hash": "0" * 64}],
        )
        self.assertEqual(status, 422)
        self.assertIn("not the text in force", answer["message"])
        self.assertFalse(participant.acceptance_ids)

    def test_only_the_integration_group_calls_it(self):
        self._active()
        methods = {
            "agreements": {},
            "join": {
                "partner_id": self.client.id,
                "entity_type": "legal_entity",
                "residency": "resident",
            },
            "hand_in": {"partner_id": self.joiner.id, "document": "form_26_2_1"},
            "submit": {"partner_id": self.joiner.id},
            "state": {"partner_id": self.joiner.id},
            "link": {"partner_id": self.joiner.id},
            "register_referral": {
                "key": "k",
                "code": "x",
                "partner_id": self.client.id,
            },
            "balance": {"partner_id": self.joiner.id},
            "movements": {"partner_id": self.joiner.id},
            "referrals": {"partner_id": self.joiner.id},
            "materials": {"partner_id": self.joiner.id},
            "accounts": {"partner_id": self.joiner.id},
            "add_account": {
                "partner_id": self.joiner.id,
                "number": "GB82WEST12345698765432",
            },
            "withdrawals": {"partner_id": self.joiner.id},
            "withdraw": {
                "key": "k",
                "partner_id": self.joiner.id,
                "amount": "10000",
                "currency": "USD",
                "account_id": 1,
            },
            "cancel_withdrawal": {
                "key": "k",
                "partner_id": self.joiner.id,
                "withdrawal_id": 1,
            },
            "invoices": {"partner_id": self.joiner.id},
            "pay_invoice": {
                "key": "k",
                "partner_id": self.joiner.id,
                "invoice_id": 1,
                "amount": "1",
                "currency": "USD",
            },
            "statements": {"partner_id": self.joiner.id},
            "statement_file": {"partner_id": self.joiner.id, "statement_id": 1},
        }
        users = (
            self._user("api_officer", "referral_program.group_officer"),
            self._user("api_employee", "base.group_user"),
            self._user("api_portal", "base.group_portal"),
        )
        for user in users:
            key = self._key(user)
            for method, arguments in methods.items():
                with self.subTest(user=user.login, method=method):
                    status, _answer = self._call(method, key, **arguments)
                    self.assertEqual(status, 403)
        status, _answer = self._call("state", "forged", partner_id=self.joiner.id)
        self.assertEqual(status, 401)
        self.assertFalse(
            self.env["referral.participant"].search(
                [("partner_id", "=", self.client.id)]
            )
        )

    def test_the_integration_group_calls_nothing_else(self):
        self._active()
        for model in ("referral.participant", "referral.document", "referral.referral"):
            records = self.env[model].with_user(self.panel)
            for operation in ("read", "write", "create", "unlink"):
                self.assertFalse(records.has_access(operation), (model, operation))

    def test_other_companies_programs_are_out_of_reach(self):
        self._active()
        other = self.setup_other_company()["company"]
        self._program(other)
        self.panel.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        key = self._key(self.panel)
        _status, answer = self._call("state", key, partner_id=self.joiner.id)
        self.assertEqual(answer, {"state": False})

    def test_other_companies_clients_are_out_of_reach(self):
        key, participant = self._key(self.panel), self._active()
        self.client.company_id = self.setup_other_company()["company"]
        status, answer = self._call(
            "register_referral",
            key,
            key="k",
            code=participant.code,
            partner_id=self.client.id,
        )
        self.assertEqual((status, answer["context"]["code"]), (422, "unknown_client"))
        self.assertFalse(self.client.sudo().referral_ids)
