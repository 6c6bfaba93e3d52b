"""Links: where they lead, what is remembered, and what is counted."""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ...tools.visit_cookie import COOKIE, set_cookie
from .test_portal import BROWSER, PortalCase


class IdentityProvider(BaseHTTPRequestHandler):
    """An OAuth provider who knows one person, by one token."""

    def do_GET(self):
        known = "access_token=good" in self.path
        answer = (
            {"sub": "4711", "email": "oauth@example.net", "name": "Olga Auth"}
            if known
            else {"error": "invalid_token"}
        )
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_arguments):
        """Keep the tests' output clean."""


@tagged("post_install", "-at_install")
class LinkCase(PortalCase):
    """Two participants with links, and visitors who may sign up."""

    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].sudo().set_param(
            "auth_signup.invitation_scope", "b2c"
        )
        self.anna = self._participant("Anna")
        self.boris = self._participant("Boris")

    def _open(self, participant, query="", **headers):
        path = f"/referral/{participant.code}{query}"
        return self._get(path, headers={**BROWSER, **headers})

    def _visits(self, participant):
        visits = self.env["referral.visit"].search(
            [("participant_id", "=", participant.id)]
        )
        return sum(visits.mapped("visits"))

    def _sign_up(self, login, **further):
        page = self.url_open("/web/signup", headers=BROWSER)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text).group(1)
        self.url_open(
            "/web/signup",
            data={
                "csrf_token": token,
                "login": login,
                "name": "New Client",
                "password": "a long password",
                "confirm_password": "a long password",
                **further,
            },
        )
        # sudo: whoever signs up is in the website's company
        return self.env["res.users"].sudo().search([("login", "=", login)])

    def _referral_of(self, user):
        return self.env["referral.referral"].search(
            [("partner_id", "=", user.partner_id.id)]
        )


@tagged("post_install", "-at_install")
class TestLink(LinkCase):
    def test_leads_to_the_target_with_the_query_kept(self):
        for target, query, location in (
            ("/", "", "/"),
            ("/shop", "?utm_source=a&x=%20b", "/shop?utm_source=a&x=%20b"),
            ("/shop?lang=en", "?a=1", "/shop?lang=en&a=1"),
            ("/shop", "?page=pricing", "/shop?page=pricing"),
            ("/shop#plans", "?a=1", "/shop?a=1#plans"),
            (
                "https://panel.example.com/new",
                "?a=1",
                "https://panel.example.com/new?a=1",
            ),
        ):
            self.program.target_url = target
            response = self._open(self.anna, query)
            self.assertEqual(response.status_code, 302)
            found = response.headers["Location"].removeprefix(self.base_url())
            self.assertEqual(found, location)

    def test_query_leads_nowhere_else(self):
        for query in ("?redirect=https://evil.example", "?url=//evil.example"):
            location = self._open(self.anna, query).headers["Location"]
            path = location.removeprefix(self.base_url())
            self.assertTrue(path.startswith("/referral-program?"), path)

    def test_the_target_is_a_page(self):
        program = self.anna.program_id
        for address in (
            "javascript:alert(1)",
            "//evil.example",
            "/\\evil.example",
            "https:",
            "https://[evil",
            "data:text/html,x",
            "evil.example",
        ):
            with self.subTest(address), self.assertRaises(ValidationError):
                program.target_url = address
        program.target_url = "https://provider.example/vps?from=partners"

    def test_unknown_and_inactive_links_lead_on_without_a_cookie(self):
        self.boris._update_state("suspended", "Test")
        for path in ("/referral/nobody", f"/referral/{self.boris.code}"):
            response = self._get(path, headers=BROWSER)
            self.assertEqual(response.status_code, 302)
            self.assertNotIn(COOKIE, response.cookies)
        self.assertFalse(self._visits(self.boris))

    def test_cookie_is_signed_closed_to_scripts_and_ends(self):
        self.program.attribution_days = 10
        response = self._open(self.anna)
        cookie = next(c for c in response.cookies if c.name == COOKIE)
        text = response.headers["Set-Cookie"]
        self.assertIn("Max-Age=864000", text)
        self.assertIn("HttpOnly", text)
        self.assertIn("SameSite=Lax", text)
        self.assertNotIn(self.anna.code, cookie.value)

    def test_a_link_leads_to_a_page_that_says_who_recommends_what(self):
        self.program.target_url = "/referral-program"
        self.program.company_id.email = "sales@example.com"
        self.program.welcome = "<p>Servers in a minute</p>"
        location = self._open(self.anna, "?utm_source=a").headers["Location"]
        self.assertTrue(location.endswith("/referral-program?utm_source=a"))
        page = self._get(location, headers=BROWSER).text
        for text in ("Anna", "recommends", "Servers in a minute"):
            self.assertIn(text, page)
        self.assertIn(f"/web/signup?referral_code={self.anna.code}", page)
        # people are not named to whoever has their link
        self.anna.type_id = self._type("individual_resident")
        self.assertNotIn("Anna", self._get(location, headers=BROWSER).text)
        # where only the invited sign up, one writes
        self.env["ir.config_parameter"].sudo().set_param(
            "auth_signup.invitation_scope", "b2b"
        )
        if "website" in self.env:
            self.env["website"].search([]).auth_signup_uninvited = "b2b"
        page = self._get(location, headers=BROWSER).text
        self.assertNotIn("/web/signup", page)
        self.assertIn("mailto:sales@example.com", page)
        self.assertIn(self.anna.code, page)
        # without a link it is a page like any other
        self.opener.cookies.clear()
        page = self._get("/referral-program", headers=BROWSER).text
        self.assertIn("Servers in a minute", page)
        self.assertIn('<html lang="en-US"', page)
        self.assertNotIn(self.anna.code, page)
        self.program.active = False
        self.assertEqual(self._get("/referral-program").status_code, 404)

    def test_whoever_signed_up_in_a_company_without_a_program_finds_it(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self._open(self.anna)
        user = self._sign_up("elsewhere@example.net")
        user.write({"company_ids": [(4, elsewhere.id)], "company_id": elsewhere.id})
        self._login(None)
        self.authenticate("elsewhere@example.net", "a long password")
        self.assertEqual(self._get("/my/referral").status_code, 200)
        self.assertIn('href="/my/referral"', self._get("/my").text)
        # a program that is not theirs is not offered
        self.stranger.write(
            {"company_ids": [(4, elsewhere.id)], "company_id": elsewhere.id}
        )
        self._login(self.stranger)
        self.assertEqual(self._get("/my/referral").status_code, 404)
        self.assertNotIn('href="/my/referral"', self._get("/my").text)

    def test_signing_up_after_a_click(self):
        self._open(self.anna)
        user = self._sign_up("clicked@example.net")
        self.assertEqual(self._referral_of(user).participant_id, self.anna)
        self.assertEqual(self._referral_of(user).source, "link")

    def _provider(self):
        server = ThreadingHTTPServer(("127.0.0.1", 0), IdentityProvider)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        address = f"http://127.0.0.1:{server.server_port}"
        return self.env["auth.oauth.provider"].create(
            {
                "name": "Identity",
                "body": "Log in with Identity",
                "enabled": True,
                "auth_endpoint": f"{address}/auth",
                "validation_endpoint": f"{address}/userinfo",
            }
        )

    def _sign_in_by(self, provider, token):
        state = {"d": self.env.cr.dbname, "p": provider.id, "r": "%2Fmy"}
        self._get(
            f"/auth_oauth/signin?access_token={token}&state={json.dumps(state)}",
            headers=BROWSER,
        )
        # sudo: whoever signs up is in the website's company
        users = self.env["res.users"].sudo()
        return users.search([("login", "=", "oauth@example.net")])

    def test_signing_up_with_oauth_after_a_click(self):
        provider = self._provider()
        self._open(self.anna)
        self.assertFalse(self._sign_in_by(provider, "bad"))
        user = self._sign_in_by(provider, "good")
        self.assertEqual(user.name, "Olga Auth")
        self.assertEqual(self._referral_of(user).participant_id, self.anna)
        self.assertEqual(self._referral_of(user).source, "link")
        # whoever comes back has signed up already: no second referral
        self._login(None)
        self._open(self.boris)
        self.assertEqual(self._sign_in_by(provider, "good"), user)
        self.assertEqual(self._referral_of(user).participant_id, self.anna)

    def test_last_or_first_click_wins(self):
        for setting, winner in (("last", self.boris), ("first", self.anna)):
            self.program.attribution_click = setting
            self.opener.cookies.clear()
            self._open(self.anna)
            self._open(self.boris)
            user = self._sign_up(f"{setting}@example.net")
            self.assertEqual(self._referral_of(user).participant_id, winner, setting)
            self._login(None)

    def test_the_first_click_of_a_link_that_is_not_active_any_more(self):
        self.program.attribution_click = "first"
        self._open(self.anna)
        self.anna._update_state("suspended", "Test")
        self.assertIn(COOKIE, self._open(self.boris).cookies)

    def test_a_code_typed_in_wins_over_the_link(self):
        self._open(self.anna)
        user = self._sign_up("typed@example.net", referral_code=self.boris.code)
        self.assertEqual(self._referral_of(user).participant_id, self.boris)
        self.assertEqual(self._referral_of(user).source, "code")

    def test_an_unknown_code_is_told_before_anything_is_made(self):
        user = self._sign_up("typed@example.net", referral_code="nobody")
        self.assertFalse(user)

    def _bound_by(self, cookie, login):
        """Return the referral of whoever signs up with a cookie."""
        self.opener.cookies.set(COOKIE, cookie)
        user = self._sign_up(login)
        self.assertTrue(user)
        self._login(None)
        self.opener.cookies.clear()
        return self._referral_of(user)

    def test_forged_cookies_bind_nobody(self):
        for number, value in enumerate(
            ("x", "AQAAAAAAAAAA", f"{self.anna.id}", "é", "A" * 5000)
        ):
            cookie = value.encode().decode("latin-1")
            self.assertFalse(self._bound_by(cookie, f"forged{number}@example.net"))

    def _cookie_of(self, days):
        """Return what a browser that opened the link so many days ago was given."""
        given = {}
        response = SimpleNamespace(
            set_cookie=lambda name, value, **_options: given.update({name: value})
        )
        request = SimpleNamespace(httprequest=SimpleNamespace(is_secure=True))
        with self.on(fields.Date.subtract(fields.Date.today(), days=days)):
            set_cookie(response, self.anna, self.env["referral.link"], request)
        return given[COOKIE]

    def test_a_cookie_binds_within_its_window_only(self):
        """A browser that keeps a cookie for too long is not believed."""
        days = self.program.attribution_days
        referral = self._bound_by(self._cookie_of(days - 1), "in_time@example.net")
        self.assertEqual(referral.participant_id, self.anna)
        late = self._bound_by(self._cookie_of(days + 1), "late@example.net")
        self.assertFalse(late)

    def test_visits_are_counted_per_day_and_bots_are_not(self):
        self._open(self.anna)
        self.assertEqual(self._visits(self.anna), 1)
        self._open(self.anna)  # the same visitor
        self.assertEqual(self._visits(self.anna), 1)
        self.opener.cookies.clear()
        self._open(self.anna)
        self.assertEqual(self._visits(self.anna), 2)
        self.opener.cookies.clear()
        for agent in ("Googlebot/2.1", "curl/8.0", "facebookexternalhit/1.1", ""):
            response = self._open(self.anna, **{"User-Agent": agent})
            self.assertNotIn(COOKIE, response.cookies)
        self.opener.head(self.base_url() + f"/referral/{self.anna.code}")
        self.assertEqual(self._visits(self.anna), 2)

    def test_visits_are_summed_to_a_row_a_day(self):
        visits = self.env["referral.visit"]
        for day, number in (("2026-03-01", 3), ("2026-03-02", 1)):
            with self.on(day):
                for _visit in range(number):
                    visits._count(self.anna)
        visits._cron_sum()
        with self.on("2026-03-01"):
            visits._count(self.anna)
            visits._count(self.boris)
        self.assertEqual(self._visits(self.anna), 5)
        visits._cron_sum()
        visits._cron_sum()  # nothing to do any more
        found = visits.search([])
        self.assertCountEqual(
            [(visit.participant_id, str(visit.day), visit.visits) for visit in found],
            [
                (self.anna, "2026-03-01", 4),
                (self.boris, "2026-03-01", 1),
                (self.anna, "2026-03-02", 1),
            ],
        )

    def test_a_visit_that_cannot_be_counted_leads_on(self):
        """As when the participant is deleted at that moment."""
        self.env.cr.execute(
            "ALTER TABLE referral_visit ADD CONSTRAINT none CHECK (visits < 1)"
        )
        logger = "odoo.addons.referral_program.models.referral.referral_visit"
        with self.assertLogs(logger, "WARNING"):
            response = self._open(self.anna)
        self.assertEqual(response.status_code, 302)
        self.assertIn(COOKIE, response.cookies)
        self.assertEqual(self._visits(self.anna), 0)

    def test_without_a_window_nothing_is_remembered(self):
        self.program.attribution_days = 0
        self.assertNotIn(COOKIE, self._open(self.anna).cookies)
