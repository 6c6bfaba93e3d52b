"""Whatever strangers send is answered or refused: never an error, never a change.

Each route of the addon and each public method that takes plain arguments, as they
are registered: new ones are attacked without being named here.
"""

import inspect
import json
import threading
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import quote

from odoo import fields, http
from odoo.models import BaseModel
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ...models.base.ir_http import MAX_FORM_TEXT, OWN_PAGES
from .hostile import TEXTS, VALUES, names_of, paths_of
from .test_portal import BROWSER
from .test_portal_money import MoneyPortalCase

#: About how long its classes take: such are begun first.
SECONDS = 80

#: What nobody makes, changes or takes away by nonsense.
KEPT = (
    "referral.participant",
    "referral.referral",
    "referral.withdrawal",
    "referral.redemption",
    "referral.acceptance",
    "referral.document",
    "referral.document.page",
    "res.partner.bank",
    "account.move",
    "res.bank",
)


#: A new account whose digits are right.
ACCOUNT = {"number": "40702810400000000005", "bic": "044525225"}
#: A member says by an empty form that no mails are wanted; money steps are counted.
FREE = [
    "mail_clients",
    "mail_payments",
    "mail_statement",
    "mail_withdrawal",
    "money_steps",
    "write_date",
    "write_uid",
]


class HostileCase(MoneyPortalCase):
    def _kept(self):
        """Return everything that matters, as it is in the database."""
        self.env.flush_all()
        kept = {}
        for model in KEPT:
            table = SQL.identifier(self.env[model]._table)
            self.env.cr.execute(
                SQL(
                    "SELECT (to_jsonb(t) - %s)::text FROM %s t ORDER BY id", FREE, table
                )
            )
            kept[model] = self.env.cr.fetchall()
        return kept


@tagged("post_install", "-at_install")
class TestHostileRequests(HostileCase):
    def setUp(self):
        super().setUp()
        thread = threading.current_thread()
        with patch.object(thread, "dbname", self.env.cr.dbname, create=True):
            rules = list(self.env["ir.http"].routing_map().iter_rules())
        self.rules = {
            (rule.rule, method): rule.endpoint
            for rule in rules
            if "referral_program" in inspect.unwrap(rule.endpoint.func).__module__
            # Odoo's own addresses of reports take any: see audit.test_report_doors
            and rule.methods
            for method in rule.methods & {"GET", "POST"}
        }

    def _send(self, path, method="GET", query="", form=""):
        """Send what is percent-encoded as it is; a form as browsers encode it."""
        url = f"{self.base_url()}{path}{query and '?'}{query}"
        headers = {
            **BROWSER,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        response = self.opener.request(
            method,
            url,
            data=form or None,
            headers=headers,
            allow_redirects=False,
            timeout=60,
        )
        self.assertLess(response.status_code, 500, f"{method} {url[:200]} {form[:200]}")
        return response

    def _token(self):
        return f"csrf_token={quote(http.Request.csrf_token(self))}"

    def _people(self):
        for user in (None, self.owner, self.officer):
            self._login(user)
            yield user

    def test_all_routes_are_where_values_are_judged(self):
        self.assertGreater(len(self.rules), 25)
        for path, _method in self.rules:
            self.assertTrue(path.startswith(OWN_PAGES) or path == "/web/signup", path)
            self.assertNotIn("<int:", path)

    def test_addresses(self):
        before = self._kept()
        for user in self._people():
            for (rule, method), _endpoint in self.rules.items():
                form = self._token() if method == "POST" else ""
                for text in TEXTS[:7]:
                    for path in paths_of(rule, text):
                        with self.subTest(user=user, path=path[:80]):
                            self._send(path, method, form=form)
        self.assertEqual(self._kept(), before)

    def _doors(self):
        """Return (address, method, names of what it takes) of each route, once."""
        doors = {}
        for (rule, method), endpoint in self.rules.items():
            path = next(paths_of(rule, "1"), rule)
            key = (inspect.unwrap(endpoint.func), method)
            doors[key] = (path, method, names_of(endpoint, method))
        return doors.values()

    def test_queries_and_forms(self):
        before = self._kept()
        self._login(self.owner)
        token = self._token()
        for path, method, names in self._doors():
            for name in names:
                for text in TEXTS[:7] if method == "GET" else TEXTS:
                    pair = f"{name}={text}"
                    with self.subTest(path=path, method=method, pair=pair[:80]):
                        if method == "GET":
                            self._send(path, query=pair)
                        else:
                            self._send(path, "POST", form=f"{token}&{pair}")
        self.assertEqual(self._kept(), before)

    def test_everything_at_once_by_everybody(self):
        before = self._kept()
        for user in self._people():
            token = self._token()
            for path, method, names in self._doors():
                for text in TEXTS[:5]:
                    pairs = "&".join(f"{name}={text}" for name in names)
                    with self.subTest(user=user, path=path, method=method):
                        if method == "GET":
                            self._send(path, query=pairs)
                        else:
                            self._send(path, "POST", form=f"{token}&{pairs}")
        self.assertEqual(self._kept(), before)

    def test_amounts_and_accounts(self):
        """All but one of what is typed is right, so that the wrong one is reached."""
        self._login(self.owner)
        token = self._token()
        fitting = {"amount": "12000", "account": "new", **ACCOUNT}
        before = self._kept()
        for name in ("amount", "number", "bic", "account"):
            for text in TEXTS:
                if name == "account" and not text:
                    continue  # as much as a new one
                pairs = [f"{key}={value}" for key, value in fitting.items()]
                pairs.append(f"{name}={text}")
                if name == "account":
                    pairs.append("number=")
                form = "&".join([token, *pairs[::-1]])
                with self.subTest(name=name, text=text[:80]):
                    self._send("/my/referral/withdraw", "POST", form=form)
        self.assertEqual(self._kept(), before)
        for text in TEXTS:
            form = "&".join(
                [token, *(f"{k}={v}" for k, v in fitting.items()), f"bank={text}"]
            )
            self._send("/my/referral/withdraw", "POST", form=form)
        after = self._kept()
        self.assertEqual(
            len(after["res.partner.bank"]), len(before["res.partner.bank"]) + 1
        )
        for model in KEPT:
            if not model.startswith("res."):
                self.assertEqual(after[model], before[model])

    def test_files_where_texts_are_expected_and_names_of_files(self):
        before = self._kept()
        self._login(self.owner)
        token = http.Request.csrf_token(self)
        for path, method, names in self._doors():
            if method != "POST" or not path.startswith(OWN_PAGES):
                continue
            files = {name: ("a.txt", b"x") for name in names}
            for sent in (files, {"file": ("a\0b.txt", b"x")}):
                response = self.url_open(
                    path,
                    data={"csrf_token": token},
                    files=sent,
                    allow_redirects=False,
                )
                self.assertLess(response.status_code, 500, path)
        self.assertEqual(self._kept(), before)

    def test_texts_that_nobody_types_are_refused(self):
        """Looked for in the database, twenty megabytes kept a worker for 16 seconds."""
        self._login(self.owner)
        long = "a" * (MAX_FORM_TEXT + 1)
        with mute_logger("odoo.http"):
            for name, value in (("login", long), (long, "a")):
                form = f"{self._token()}&role=viewer&{name}={value}"
                answer = self._send("/my/referral/people", "POST", form=form)
                self.assertEqual(answer.status_code, 400)
        form = f"{self._token()}&role=viewer&login={long[:-1]}"
        answer = self._send("/my/referral/people", "POST", form=form)
        self.assertEqual(answer.status_code, 200)

    def test_forms_without_a_token_of_their_own_are_refused(self):
        """Another site cannot send a form in a member's name."""
        before = self._kept()
        self._login(self.owner)
        posts = [rule for rule, method in self.rules if method == "POST"]
        self.assertGreater(len(posts), 7)
        for rule in posts:
            path = next(paths_of(rule, "1"), rule)
            for token in ("", "x", "%C3%A9o1", f"{'0' * 40}o9999999999", "%00"):
                with (
                    self.subTest(path=path, token=token),
                    mute_logger("odoo.http"),
                ):
                    if not path.startswith(OWN_PAGES):
                        continue
                    form = f"csrf_token={token}&amount=1&client=a@b.example"
                    self.assertEqual(
                        self._send(path, "POST", form=form).status_code, 400
                    )
        self.assertEqual(self._kept(), before)


@tagged("post_install", "-at_install")
class TestHostileCalls(HostileCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.panel = cls._user("hostile_panel", "referral_program.group_integration")
        cls.boss = cls._user("hostile_boss", "referral_program.group_administrator")

    def _methods(self):
        """Return (model, method, names of its arguments) of all public methods."""
        found = set()
        for model, cls in self.env.registry.models.items():
            if not model.startswith("referral."):
                continue
            for name, method in inspect.getmembers(cls, inspect.isfunction):
                plain = inspect.unwrap(method)
                names = tuple(list(inspect.signature(plain).parameters)[1:])
                if (
                    not name.startswith("_")
                    and names
                    and plain.__module__.startswith("odoo.addons.referral_program.")
                    and not hasattr(BaseModel, name)
                    and not getattr(method, "_api_private", False)
                ):
                    found.add((model, name, names))
        return sorted(found)

    def _key(self, user):
        soon = fields.Datetime.now() + timedelta(days=1)
        keys = self.env["res.users.apikeys"].with_user(user)
        return keys._generate("rpc", "hostile", soon)

    def _call(self, key, model, method, body):
        response = self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(body),
            headers={
                "Authorization": f"bearer {key}",
                "Content-Type": "application/json",
                "X-Odoo-Database": self.env.cr.dbname,
            },
        )
        self.assertLess(
            response.status_code, 500, f"{model}.{method} {json.dumps(body)[:200]}"
        )
        return response.status_code

    def _fitting(self, name):
        return {
            "partner_id": self.owner.partner_id.id,
            "entity_type": "individual",
            "residency": "resident",
            "document": "passport",
            "date_from": "2026-01-01",
            "date_to": "2026-01-31",
            "key": "one",
            "amount": "10000.00",
            "currency": self.program.currency_id.name,
            "account_id": self.foreign_account.id,
            "withdrawal_id": 1,
            "invoice_id": 1,
            "statement_id": 1,
            "kind": "xlsx",
            "limit": 10,
            "offset": 0,
            "number": "1",
            "code": self.mine.code,
            "figure": "liability",
            "field_name": "name",
        }.get(name)

    def test_arguments(self):
        methods = self._methods()
        self.assertGreaterEqual(len(methods), 10)
        panel, boss, owner = map(self._key, (self.panel, self.boss, self.owner))
        before = self._kept()
        for model, method, names in methods:
            able = panel if model == "referral.api" else boss
            ids = {"ids": self.program.ids} if model == "referral.program" else {}
            fitting = {
                name: value
                for name in names
                if (value := self._fitting(name)) is not None
            }
            for name in names:
                for number, value in enumerate(VALUES):
                    body = {**ids, **fitting, name: value}
                    for key in {able, owner} if number < 3 else {able}:
                        with self.subTest(method=method, name=name, number=number):
                            self._call(key, model, method, body)
        self.assertEqual(self._kept(), before)

    def test_clients_and_days_that_are_none_are_refused(self):
        key = self._key(self.panel)
        days = {"date_from": "2026-01-01", "date_to": "2026-01-31"}
        own = {"partner_id": self.owner.partner_id.id}
        for value in VALUES:
            with self.subTest(value=str(value)[:50]):
                self.assertEqual(
                    self._call(key, "referral.api", "state", {"partner_id": value}), 422
                )
                self.assertEqual(
                    self._call(
                        key,
                        "referral.api",
                        "movements",
                        {**own, **days, "date_to": value},
                    ),
                    # a last day may be left out
                    200 if value is None else 422,
                )
