"""Events for the provider's own system: recorded with what happened, and delivered."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import socket
import time
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ...models.program.referral_event_delivery import LOOPBACK, MAX_ATTEMPTS
from ...tools import secrets, webhooks
from ..api import validate
from ..balance.test_withdrawals import MoneyCase
from ..receiving import receiving


@tagged("post_install", "-at_install")
class EventCase(MoneyCase):
    def setUp(self):
        super().setUp()
        self.server = self.enterContext(receiving())
        self._allow_loopback("True")
        self.secret = self._new_secret(self.program)
        self.program.event_url = self.server.address
        self.events = self.env["referral.event"]

    def _allow_loopback(self, value):
        self.env["ir.config_parameter"].sudo().set_param(LOOPBACK, value)

    def _new_secret(self, program):
        return program.action_new_event_secret()["context"]["default_key"]

    def _commit(self):
        """Do what each commit does before it."""
        self.env.cr.flush()

    def _kinds(self):
        self._commit()
        events = self.events.search([], order="id")
        for event in events:
            validate(json.loads(event.body), "#/components/schemas/Event")
        return events.mapped("kind")

    def _one(self):
        """Return an event."""
        self.events._record("participant.joined", self.participant)
        return self.events.search([], limit=1)


@tagged("post_install", "-at_install")
class TestEventsRecorded(EventCase):
    def _told(self, kind):
        event = self.events.search([("kind", "=", kind)])
        body = json.loads(event.body)
        self.assertEqual((body["id"], body["type"]), (event.uid, kind))
        return body["data"]

    def test_joining(self):
        newcomer = self.env["referral.participant"]._draft(
            self.program, self._partner("Newcomer"), self.participant.type_id
        )
        self.assertEqual(self._kinds(), [])
        newcomer._accept(newcomer._agreements_to_accept())
        newcomer.document_ids.sudo().unlink()
        newcomer._submit()
        newcomer._update_state("active")
        newcomer._update_state("suspended", "He said that he was ill")
        newcomer._update_state("active")
        newcomer._update_state("closed", "He said that he was ill")
        self.assertEqual(
            self._kinds(),
            [
                "participant.joined",
                "participant.verified",
                "participant.suspended",
                "participant.resumed",
                "participant.closed",
            ],
        )
        self.assertEqual(
            self._told("participant.verified"),
            {
                "partner_id": newcomer.partner_id.id,
                "code": newcomer.code,
                "participant_id": newcomer.id,
                "state": "active",
            },
        )
        self.assertNotIn("ill", "".join(self.events.search([]).mapped("body")))

    def test_referrals(self):
        other = self._participant("Other")
        referral = self._referral(self.participant, self._partner("Second Client"))
        waiting = self._referral(
            self.participant, self._partner("Third Client"), state="pending"
        )
        self.assertEqual(self._kinds(), ["referral.registered"])
        waiting._update_state("active")
        referral._move(other, referral.date_start, "By test")
        referral._update_state("ended")
        referral._update_state("active")
        referral._update_state("cancelled")
        self.assertEqual(
            self._kinds(),
            [
                "referral.registered",
                "referral.registered",
                "referral.moved",
                "referral.ended",
                "referral.reopened",
                "referral.cancelled",
            ],
        )
        told = self._told("referral.moved")
        self.assertEqual(told["partner_id"], other.partner_id.id)
        self.assertEqual(told["client_id"], referral.partner_id.id)
        self.assertNotIn("Client", "".join(self.events.search([]).mapped("body")))

    def test_a_credited_month(self):
        self._give(1_000, "2026-02")
        self.assertEqual(self._kinds(), ["month.credited"])
        told = self._told("month.credited")
        self.assertEqual(told["month"], "2026-02-01")
        self.assertEqual(
            (told["amount"], told["currency"]), ("90.00", self.currency.name)
        )
        # run again, it credits nothing
        self._accrue("2026-02")
        self.assertEqual(self._kinds(), ["month.credited"])

    def test_a_withdrawals_steps(self):
        withdrawal = self._request(30_000)
        self.assertEqual(self._kinds(), ["withdrawal.requested"])
        withdrawal.action_approve()
        with self.on("2026-03-06"):
            withdrawal.action_bill()
        self._commit()
        payment = self._pay(withdrawal.bill_id, "2026-03-07")
        self._commit()
        self._unmatch(payment, "2026-03-08")
        steps = ["requested", "approved", "billed", "paid", "billed"]
        self.assertEqual(self._kinds(), [f"withdrawal.{step}" for step in steps])
        told = self._told("withdrawal.paid")
        self.assertEqual(
            (told["number"], told["amount"], told["state"]),
            (withdrawal.name, "30000.00", "paid"),
        )
        self.assertNotIn("40702810", "".join(self.events.search([]).mapped("body")))

    def test_refused_and_cancelled(self):
        first, second = self._request(10_000), self._request(10_000)
        self._commit()
        first._refuse("Another time")
        second._cancel()
        self.assertEqual(
            self._kinds()[2:], ["withdrawal.refused", "withdrawal.cancelled"]
        )

    def test_an_invoice_paid_from_the_balance_and_undone(self):
        self.participant.partner_id.email = "owner@example.com"
        invoice = self._invoice(self.participant.partner_id, "2026-03-01", 40_000)
        with self.on("2026-03-05"):
            redemption = self.env["referral.redemption"]._redeem(
                self.participant, invoice, 15_000
            )
        self.assertEqual(self._kinds(), ["redemption.done"])
        told = self._told("redemption.done")
        self.assertEqual((told["amount"], told["invoice"]), ("15000.00", invoice.name))
        # however it is undone
        with self.on("2026-03-06"):
            invoice.button_draft()
            invoice.button_cancel()
        self.assertEqual(self._kinds(), ["redemption.done", "redemption.undone"])
        self.assertEqual(self._told("redemption.undone")["number"], redemption.name)
        mail = self.env["mail.mail"].search(
            [
                ("model", "=", "referral.participant"),
                ("res_id", "=", self.participant.id),
            ]
        )
        self.assertEqual(len(mail), 1)
        self.assertIn("15,000.00 is on your balance again", str(mail.body_html))

    def test_what_is_undone_is_not_told(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self._request(30_000)
            self.participant._update_state("suspended", "Test")
            self.env.flush_all()
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertEqual(self._kinds(), [])

    def test_without_an_address_nothing_is_recorded(self):
        self.program.event_url = False
        self._request(30_000)
        self._give(1_000, "2026-02")
        self.assertEqual(self._kinds(), [])


@tagged("post_install", "-at_install")
class TestEventsDelivered(EventCase):
    def _due(self):
        self.events.search([]).sudo().next_attempt_on = fields.Datetime.now()

    def _deliver(self):
        self.events._cron_deliver()
        self.env.invalidate_all()

    def test_signed_and_once(self):
        event = self._one()
        self._deliver()
        self._deliver()
        [(path, headers, body)] = self.server.received
        self.assertEqual(path, "/events?from=odoo")
        self.assertEqual(headers["Referral-Event-Id"], event.uid)
        self.assertEqual(body.decode(), event.body)
        moment, digest = re.fullmatch(
            r"t=(\d+),v1=([0-9a-f]{64})", headers["Referral-Signature"]
        ).groups()
        expected = hmac.new(
            self.secret.encode(), f"{moment}.".encode() + body, hashlib.sha256
        ).hexdigest()
        self.assertEqual(digest, expected)
        self.assertEqual((event.state, event.status), ("delivered", 200))
        self.assertTrue(event.delivered_on)

    def test_failing_and_recovering(self):
        event = self._one()
        self.server.status = 503
        waits = []
        for _attempt in range(4):
            self._due()
            before = fields.Datetime.now()
            self._deliver()
            waits.append(round((event.next_attempt_on - before) / timedelta(minutes=1)))
            # not before its time
            sent = len(self.server.received)
            self._deliver()
            self.assertEqual(len(self.server.received), sent)
        self.assertEqual(waits, [5, 10, 20, 40])
        self.assertEqual((event.state, event.attempts), ("pending", 4))
        self.assertIn("503", event.error)
        self.server.status = 204
        self._due()
        self._deliver()
        self.assertEqual((event.state, event.attempts), ("delivered", 5))
        self.assertFalse(event.error)
        self.assertEqual({body["id"] for body in self.server.bodies}, {event.uid})

    def test_one_that_is_refused_stops_no_other(self):
        self.server.status = 422
        self._one()
        self._one()
        self._deliver()
        self.assertEqual(len(self.server.received), 2)

    def test_an_address_that_does_not_answer_stops_only_its_own_program(self):
        other = self._program(self.setup_other_company()["company"])
        self._new_secret(other)
        other.event_url = self.server.address
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))  # and nobody listens
            port = silent.getsockname()[1]
            self.program.event_url = f"http://127.0.0.1:{port}/"
            first, second = self._one(), self._one()
            third = self._participant("Elsewhere", other)
            self.events._record("participant.joined", third)
            self._deliver()
        self.assertEqual((first.attempts, second.attempts), (1, 0))
        self.assertIn("Refused", first.error)
        self.assertEqual(
            [body["data"]["partner_id"] for body in self.server.bodies],
            [third.partner_id.id],
        )

    def test_redirects_are_not_followed(self):
        event = self._one()
        self.server.status = 302
        self._deliver()
        self.assertEqual(len(self.server.received), 1)
        self.assertEqual((event.state, event.status), ("pending", 302))
        self.assertIn("Redirects", event.error)

    def test_giving_up_and_sending_again(self):
        event = self._one()
        self.server.status = 500
        for _attempt in range(MAX_ATTEMPTS):
            self._due()
            self._deliver()
        self.assertEqual((event.state, event.attempts), ("failed", MAX_ATTEMPTS))
        self.assertEqual(len(self.server.received), MAX_ATTEMPTS)
        [message] = self.program.message_ids.filtered(
            lambda message: "own system" in message.body
        )
        self.assertIn("500", message.body)
        self._deliver()
        self.assertEqual(len(self.server.received), MAX_ATTEMPTS)
        self.server.status = 200
        event.with_user(self._user_of("administrator")).action_send_again()
        self._deliver()
        self.assertEqual(event.state, "delivered")
        self.assertEqual({body["id"] for body in self.server.bodies}, {event.uid})

    def test_without_the_servers_key_it_is_put_off_as_well(self):
        event = self._one()
        other = base64.urlsafe_b64encode(b"o" * 32).decode()
        with (
            patch.dict(os.environ, {secrets.VARIABLE: other}),
            mute_logger(
                "odoo.addons.referral_program.models.base.referral_secret_mixin"
            ),
        ):
            self._deliver()
        self.assertFalse(self.server.received)
        self.assertEqual((event.state, event.attempts), ("pending", 1))
        self.assertGreater(event.next_attempt_on, fields.Datetime.now())
        self._due()
        self._deliver()
        self.assertEqual(event.state, "delivered")

    def test_a_neutralized_copy_sends_nothing(self):
        event = self._one()
        self.env.flush_all()
        for query in get_neutralization_queries(["referral_program"]):
            self.env.cr.execute(query)  # pylint: disable=sql-injection
        self.env.invalidate_all()
        self._deliver()
        self.assertFalse(self.server.received)
        self.assertEqual(event.state, "pending")

    def test_who_sends_again(self):
        event = self._one()
        for role in ("auditor", "accountant", "officer", "integration"):
            with self.assertRaises(AccessError):
                event.with_user(self._user_of(role)).action_send_again()
        other = self.setup_other_company()["company"]
        stranger = self._user_of("administrator")
        stranger.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        with self.assertRaises(AccessError):
            event.with_user(stranger).action_send_again()
        with self.assertRaises(AccessError):
            event.with_user(stranger).read(["body"])

    def test_old_ones_are_forgotten_but_not_what_waits(self):
        old, waiting = self._one(), self._one()
        long_ago = fields.Datetime.now() - timedelta(days=self.program.trace_days + 1)
        (old | waiting).sudo().write({"occurred_on": long_ago})
        old.sudo().state = "delivered"
        young = self._one()
        self.events._gc_events()
        self.assertEqual(self.events.search([]), young | waiting)


@tagged("post_install", "-at_install")
class TestEventAddresses(EventCase):
    def test_only_public_addresses_by_https(self):
        self._allow_loopback("")
        for address, text in (
            ("http://panel.example.com/", "https://"),
            ("ftp://panel.example.com/", "https://"),
            ("javascript:alert(1)", "Enter an address"),
            ("panel.example.com", "Enter an address"),
            ("https://", "Enter an address"),
            ("https://user:word@panel.example.com/", "Enter an address"),
            ("https://panel.example.com/#a", "Enter an address"),
            ("https://panel.example.com/a b", "Enter an address"),
            ("https://panel.example.com:99999/", "Enter an address"),
            (f"https://panel.example.com/{'x' * 500}", "Enter an address"),
            ("https://localhost/", "private"),
            ("https://127.0.0.1/", "private"),
            ("https://10.0.0.1/", "private"),
            ("https://192.168.1.1/", "private"),
            ("https://169.254.169.254/latest/meta-data", "private"),
            ("https://100.64.0.1/", "private"),
            ("https://0.0.0.0/", "private"),
            ("https://224.0.0.1/", "private"),
            ("https://[::1]/", "private"),
            ("https://[fd00::1]/", "private"),
            ("https://[fe80::1]/", "private"),
            ("https://[fec0::1]/", "private"),
            ("https://[::ffff:10.0.0.1]/", "private"),
            ("https://[64:ff9b::a00:1]/", "private"),
            ("https://[2002:a00:1::]/", "private"),
        ):
            with (
                self.subTest(address=address[:60]),
                self.assertRefused(ValidationError, text),
            ):
                self.program.event_url = address
        self.program.event_url = "https://panel.example.com:8443/events?a=1"

    def test_loopback_is_for_tests(self):
        event = self._one()
        self._allow_loopback("")
        self.events._cron_deliver()
        self.assertFalse(self.server.received)
        self.assertEqual((event.state, event.status), ("pending", 0))
        self.assertIn("private", event.error)
        # other private addresses are refused even so
        self._allow_loopback("True")
        with self.assertRefused(ValidationError, "private"):
            self.program.event_url = "https://10.0.0.1/"
        with self.assertRefused(ValidationError, "https://"):
            self.program.event_url = "http://panel.example.com/"

    def test_names_are_judged_by_where_they_lead(self):
        # this machine's own name for itself, as a stranger's DNS may give it
        with self.assertRaises(webhooks.BadAddress):
            webhooks._judged("localhost", 443, False)
        self.assertTrue(webhooks._judged("localhost", 443, True))

    def test_a_name_of_many_silent_addresses_keeps_nobody_waiting(self):
        """The events of other companies' programs are sent by the same worker."""
        self.patch(webhooks, "TIMEOUT", 0.2)
        with contextlib.ExitStack() as kept:
            listener = kept.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            found = socket.getaddrinfo(*listener.getsockname(), type=socket.SOCK_STREAM)
            with self.assertRaises(TimeoutError):
                while True:  # until nobody more is let in
                    kept.enter_context(webhooks._connect(found))
            began = time.monotonic()
            with self.assertRaises(TimeoutError):
                webhooks._connect(found * 100)
            self.assertLess(time.monotonic() - began, 2)

    def test_a_decimal_or_hexadecimal_number_is_no_way_around(self):
        for host in ("2130706433", "0x7f000001", "127.1", "0177.0.0.1"):
            with self.subTest(host=host), self.assertRaises(webhooks.BadAddress):
                webhooks.post(f"https://{host}/", b"{}", {})


@tagged("post_install", "-at_install")
class TestEventSecrets(EventCase):
    def _kept(self):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "SELECT event_secret FROM referral_program WHERE id = %s",
                self.program.id,
            )
        )
        return self.env.cr.fetchone()[0]

    def _server_keys(self, *keys):
        return patch.dict(os.environ, {secrets.VARIABLE: ",".join(keys)})

    def test_kept_encrypted_and_read_by_nobody(self):
        self.assertGreaterEqual(len(self.secret), 43)
        self.assertNotIn(self.secret, self._kept())
        kept = base64.urlsafe_b64decode(self._kept())
        self.assertNotIn(self.secret.encode(), kept)
        self.assertTrue(secrets.is_encrypted(kept))
        for role in ("administrator", "auditor"):
            with self.assertRaises(AccessError):
                self.program.with_user(self._user_of(role)).read(["event_secret"])
        with self.assertRaises(AccessError):
            self.program.with_user(
                self._user_of("accountant")
            ).action_new_event_secret()

    def test_a_new_one_signs_what_waits_as_well(self):
        self._one()
        new = self._new_secret(self.program)
        self.assertNotEqual(new, self.secret)
        self.events._cron_deliver()
        [(_path, headers, body)] = self.server.received
        signature = headers["Referral-Signature"]
        moment = int(re.match(r"t=(\d+)", signature).group(1))
        self.assertEqual(signature, webhooks.sign(new, moment, body))

    def test_an_address_needs_a_secret(self):
        other = self._program(self.setup_other_company()["company"])
        with self.assertRefused(ValidationError, "secret first"):
            other.event_url = "https://panel.example.com/"

    def test_another_key_of_the_server(self):
        before = self._kept()
        new = base64.urlsafe_b64encode(b"n" * 32).decode()
        old = secrets._keys()[0]
        with self._server_keys(new, old):
            self.env["referral.participant"]._renew_document_secrets(lambda: None)
            self.assertNotEqual(self._kept(), before)
        with self._server_keys(new):
            self.assertEqual(self.program._event_key(), self.secret)
        with (
            self._server_keys(old),
            mute_logger(
                "odoo.addons.referral_program.models.base.referral_secret_mixin"
            ),
            self.assertRaises(ValidationError),
        ):
            self.program._event_key()
