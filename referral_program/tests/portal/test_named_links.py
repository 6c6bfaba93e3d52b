"""Links with names: where they lead, what is counted for each, and whose they are."""

import base64
import io
import re
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

import qrcode
from PIL import Image

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.referral.referral_link import MAX_LINKS
from ...tools.visit_cookie import COOKIE
from .test_link import LinkCase
from .test_portal import BROWSER


@tagged("post_install", "-at_install")
class TestNamedLinks(LinkCase):
    def setUp(self):
        super().setUp()
        self.links = self.env["referral.link"]
        self.blog = self.links._add(self.anna, "blog")

    def _visit(self, participant, path=""):
        """Open a link as somebody who was never here."""
        self.opener.cookies.clear()
        return self._open(participant, path)

    def _brought(self, link, client, day="2026-01-01"):
        """Return the referral of a client who followed a link."""
        referral = self._referral(link.participant_id, client, day, source="link")
        # sudo: the program itself notes it
        referral.sudo().link_id = link
        return referral

    def _numbers(self, participant, since="2020-01-01"):
        return {
            row["link"].name or row["kind"]: (
                row["visits"],
                row["sign_ups"],
                row["clients"],
            )
            for row in participant._link_numbers(fields.Date.to_date(since))
        }

    # === Following them === #

    def test_a_visit_counts_for_the_link_and_an_unknown_name_for_the_main_one(self):
        for path in ("", "/blog", "/BLOG", "/unknown", "/-", "/" + "x" * 300):
            response = self._visit(self.anna, path)
            self.assertEqual(response.status_code, 302, path)
            self.assertIn(COOKIE, response.cookies)
        self.assertEqual(
            self._numbers(self.anna), {"plain": (4, 0, 0), "blog": (2, 0, 0)}
        )
        # another participant's name is no name of one's own
        self._visit(self.boris, "/blog")
        self.assertEqual(self._numbers(self.boris), {"plain": (1, 0, 0)})
        self.assertEqual(self._numbers(self.anna)["blog"], (2, 0, 0))

    def test_visits_are_summed_by_link_and_day(self):
        visits = self.env["referral.visit"]
        for _time in range(2):
            with self.on("2026-03-01"):
                visits._count(self.anna)
                visits._count(self.anna, self.blog)
                visits._count(self.anna, self.blog)
            visits._cron_sum()
        self.assertCountEqual(
            [(visit.link_id, visit.visits) for visit in visits.search([])],
            [(self.links, 2), (self.blog, 4)],
        )

    def test_the_same_visitor_counts_once_for_each_link(self):
        for path in ("/blog", "/blog", "", "", "/blog"):
            self._open(self.anna, path)
        self.assertEqual(
            self._numbers(self.anna), {"plain": (1, 0, 0), "blog": (2, 0, 0)}
        )

    def test_what_a_sign_up_came_by_is_kept(self):
        self._visit(self.anna, "/blog")
        by_name = self._referral_of(self._sign_up("named@example.net"))
        self._login(None)
        self._visit(self.anna)
        plain = self._referral_of(self._sign_up("plain@example.net"))
        self._login(None)
        self._visit(self.boris, "/blog")
        typed = self._referral_of(
            self._sign_up("typed@example.net", referral_code=self.anna.code)
        )
        self.assertEqual((by_name.source, by_name.link_id), ("link", self.blog))
        self.assertEqual((plain.source, plain.link_id), ("link", self.links))
        self.assertEqual((typed.source, typed.link_id), ("code", self.links))
        self.assertEqual((by_name | plain | typed).participant_id, self.anna)
        self.assertEqual(
            self._numbers(self.anna),
            {"plain": (1, 1, 0), "blog": (1, 1, 0), "code": (0, 1, 0)},
        )

    def test_of_two_links_the_first_or_the_last_holds_as_the_program_says(self):
        for click, expected in (("last", self.links), ("first", self.blog)):
            self._login(None)
            self.opener.cookies.clear()
            self.program.attribution_click = click
            self._open(self.anna, "/blog")
            self._open(self.anna)
            referral = self._referral_of(self._sign_up(f"{click}@example.net"))
            self.assertEqual(referral.link_id, expected, click)

    def test_pages_of_other_kinds_stay_where_they_are(self):
        for path in ("/referral/document/x", "/referral/data/x"):
            self.assertEqual(self._get(path, headers=BROWSER).status_code, 404)
        with self.assertRefused(ValidationError, "A page of the program"):
            self.anna.alias = "document"

    def test_a_suspended_participants_named_link_counts_nothing(self):
        self.anna._update_state("suspended", "Test")
        response = self._visit(self.anna, "/blog")
        self.assertEqual(response.status_code, 302)
        self.assertNotIn(COOKIE, response.cookies)
        self.assertEqual(self._numbers(self.anna)["blog"], (0, 0, 0))

    def test_a_cookie_from_before_names_still_binds(self):
        from odoo.tools.misc import hash_sign

        from ...tools.visit_cookie import SCOPE

        old = hash_sign(self.env, SCOPE, self.anna.id, expiration_hours=1)
        self.opener.cookies.set(COOKIE, old)
        referral = self._referral_of(self._sign_up("old@example.net"))
        self.assertEqual(
            (referral.participant_id, referral.link_id), (self.anna, self.links)
        )

    def test_a_cookie_with_a_link_of_somebody_else_counts_for_none(self):
        from odoo.tools.misc import hash_sign

        from ...tools.visit_cookie import SCOPE

        mixed = [self.boris.id, self.blog.id]
        self.opener.cookies.set(
            COOKIE, hash_sign(self.env, SCOPE, mixed, expiration_hours=1)
        )
        referral = self._referral_of(self._sign_up("mixed@example.net"))
        self.assertEqual(
            (referral.participant_id, referral.link_id), (self.boris, self.links)
        )

    # === What the program notes === #

    def test_a_client_is_one_who_has_paid_for_something_that_counts(self):
        client, idle = self._partner("Payer"), self._partner("Idle")
        for partner in (client, idle):
            self._brought(self.blog, partner, "2026-01-01")
        invoice = self._invoice(client, "2026-01-10", 1000)
        self._invoice(idle, "2026-01-10", 1000)
        with self.on("2026-01-11"):
            self.env["referral.estimate"]._cron_estimate()
        self.assertEqual(self._numbers(self.anna)["blog"], (0, 2, 0))
        self._pay(invoice, "2026-01-12")
        with self.on("2026-01-13"):
            self.env["referral.estimate"]._cron_estimate()
        self.assertEqual(self._numbers(self.anna)["blog"], (0, 2, 1))
        referrals = self.anna.referral_ids
        paid = referrals.filtered(lambda referral: referral.partner_id == client)
        self.assertEqual(str(paid.first_paid_on), "2026-01-13")
        # only those since the first day that counts
        self.assertEqual(self._numbers(self.anna, "2026-01-02")["blog"], (0, 0, 0))
        with self.on("2026-02-20"):
            self.env["referral.estimate"]._cron_estimate()
        self.assertEqual(str(paid.first_paid_on), "2026-01-13")

    def test_a_payment_of_something_that_earns_nothing_is_none(self):
        self.program.terms_ids.excluded_category_ids = self._category("domains")
        referral = self._referral(self.anna, self._partner("Other"), "2026-01-01")
        invoice = self._invoice(
            referral.partner_id, "2026-01-10", [self._line(1000, "domains")]
        )
        self._pay(invoice, "2026-01-12")
        with self.on("2026-01-13"):
            self.env["referral.estimate"]._cron_estimate()
        self.assertFalse(referral.first_paid_on)

    def test_a_client_that_is_moved_leaves_the_link(self):
        referral = self._brought(self.blog, self._partner("Moved"))
        referral.sudo().participant_id = self.boris
        self.assertFalse(referral.link_id)
        self.assertEqual(self._numbers(self.boris)["plain"], (0, 1, 0))

    def test_nobody_writes_by_hand_where_a_client_came_from(self):
        referral = self._referral(self.anna, self._partner("Kept"))
        officer = referral.with_user(self.officer)
        for vals in ({"link_id": self.blog.id}, {"first_paid_on": "2026-01-01"}):
            with self.assertRefused(UserError, "The program itself notes"):
                officer.write(vals)
        made = officer.create(
            {
                "participant_id": self.anna.id,
                "partner_id": self._partner("Made").id,
                "link_id": self.blog.id,
                "first_paid_on": "2026-01-01",
            }
        )
        self.assertFalse(made.link_id or made.first_paid_on)
        for operation, arguments in (
            ("write", [{"name": "forged"}]),
            ("unlink", []),
        ):
            with self.assertRaises(AccessError):
                getattr(self.blog.with_user(self.officer), operation)(*arguments)

    # === Naming them === #

    def test_names_are_checked(self):
        for name in ("", " ", "a b", "é", "-a", "a-", "a/b", "x" * 41, "a\0b", None):
            with self.assertRaises(ValidationError):
                self.links._add(self.anna, name)
        self.assertEqual(
            self.links._add(self.anna, " YouTube-2026 ").name, "youtube-2026"
        )
        with self.assertRefused(ValidationError, "a link with this name already"):
            self.links._add(self.anna, "Blog")
        # another participant's names are theirs
        self.assertTrue(self.links._add(self.boris, "blog"))

    def test_there_are_only_so_many(self):
        for number in range(MAX_LINKS - 1):
            self.links._add(self.anna, f"n{number}")
        with self.assertRefused(UserError, f"At most {MAX_LINKS}"):
            self.links._add(self.anna, "more")
        self.env["referral.visit"]._count(self.anna, self.blog)
        self.blog._remove()
        with self.assertRefused(UserError, f"At most {MAX_LINKS}"):
            self.links._add(self.anna, "more")

    def test_a_removed_link_keeps_its_numbers_and_counts_as_the_main_one(self):
        self._visit(self.anna, "/blog")
        self.blog._remove()
        self._visit(self.anna, "/blog")
        self.assertEqual(
            self._numbers(self.anna), {"plain": (1, 0, 0), "blog": (1, 0, 0)}
        )
        self.assertEqual(self.links._add(self.anna, "blog"), self.blog)
        self.assertTrue(self.blog.active)
        unused = self.links._add(self.anna, "unused")
        unused._remove()
        self.assertFalse(unused.exists())


@tagged("post_install", "-at_install")
class TestLinksPage(LinkCase):
    def setUp(self):
        super().setUp()
        self.mine = self._participant(partner_id=self.owner.partner_id.id)
        self.theirs = self._participant(partner_id=self.other.partner_id.id)
        self.links = self.env["referral.link"]
        self._login(self.owner)

    def _add(self, name):
        return self._post("/my/referral/links", {"name": name})

    def _rows(self, text):
        """Return the numbers of the page by what each link is called."""
        table = re.search(r"<table[^>]*o_referral_link_numbers.*?</table>", text, re.S)
        rows = {}
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table.group(0), re.S)[1:]:
            cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
            plain = [" ".join(re.sub("<[^>]*>", " ", c).split()) for c in cells]
            rows[plain[0]] = plain[1:5]
        return rows

    def test_naming_seeing_and_removing(self):
        response = self._add("Blog")
        self.assertTrue(
            response.headers["Location"].endswith("/my/referral/links?link=blog")
        )
        blog = self.mine.link_ids
        self.env["referral.visit"]._count(self.mine)
        for _visitor in range(4):
            self.env["referral.visit"]._count(self.mine, blog)
        today = self.program._today()
        referral = self._referral(self.mine, self._partner("One"), today, source="link")
        # sudo: the program itself notes it
        referral.sudo().write({"link_id": blog.id, "first_paid_on": today})
        self._referral(self.mine, self._partner("Two"), today, source="code")
        text = self._get("/my/referral/links").text
        self.assertEqual(
            self._rows(text),
            {
                "Main link": ["1", "0", "0", "0.0 %"],
                "blog": ["4", "1", "1", "25.0 %"],
                "Code typed in": ["", "1", "0", ""],
                "Total": ["5", "2", "1", ""],
            },
        )
        self.assertRegex(text, r"Best source:\s*<strong>\s*blog")
        year = self._get("/my/referral/links?days=365&link=blog").text
        self.assertIn(f"{self.mine.link}/blog", year)
        self.assertIn("Month by month", year)
        self._post(f"/my/referral/links/{blog.id}/remove", {})
        self.assertFalse(blog.active)
        self.assertIn("Removed", self._get("/my/referral/links").text)

    def test_a_name_that_is_none_is_told(self):
        text = self._add("my blog").text
        self.assertIn('id="error_name"', text)
        self.assertIn('value="my blog"', text)
        self.assertFalse(self.mine.link_ids)

    def test_other_peoples_links_are_out_of_reach(self):
        theirs = self.links._add(self.theirs, "secret")
        for response in (
            self._post(f"/my/referral/links/{theirs.id}/remove", {}),
            self._post("/my/referral/links/999999999/remove", {}),
        ):
            self.assertEqual(response.status_code, 404)
        self.assertTrue(theirs.exists().active)
        for query in ("", "?link=secret", f"?link={theirs.id}"):
            text = self._get(f"/my/referral/links{query}").text
            self.assertNotIn(self.theirs.code, text)
            self.assertNotIn("secret</a>", text)

    def test_a_viewer_sees_numbers_and_names_nothing(self):
        self.mine.representative_ids.filtered(
            lambda row: row.user_id == self.owner
        ).sudo().role = "viewer"
        blog = self.links._add(self.mine, "blog")
        text = self._get("/my/referral/links").text
        self.assertIn("blog", self._rows(text))
        self.assertNotIn("csrf_token", re.search("<main.*</main>", text, re.S).group(0))
        for path, data in (
            ("/my/referral/links", {"name": "x"}),
            (f"/my/referral/links/{blog.id}/remove", {}),
        ):
            token = re.search(
                r'csrf_token" value="([^"]+)"', self.url_open("/my/account").text
            )
            response = self.url_open(
                path, {"csrf_token": token.group(1), **data}, allow_redirects=False
            )
            self.assertEqual(response.status_code, 404, path)
        self.assertEqual(self.mine.link_ids, blog)

    def test_forms_need_their_token(self):
        blog = self.links._add(self.mine, "blog")
        for path in ("/my/referral/links", f"/my/referral/links/{blog.id}/remove"):
            with mute_logger("odoo.http"):
                response = self.url_open(path, {"name": "x"}, allow_redirects=False)
            self.assertEqual(response.status_code, 400)
        self.assertEqual(self.mine.link_ids, blog)

    def test_suspended_and_closed_participants(self):
        self.links._add(self.mine, "blog")
        self.mine._update_state("suspended", "Test")
        text = self._get("/my/referral/links").text
        self.assertIn("Your participation is suspended", text)
        self.assertNotIn(self.mine.code, text)
        self.assertEqual(self._add("more").status_code, 404)
        self.mine._update_state("closed", "Test")
        self.assertEqual(self._get("/my/referral/links").status_code, 303)
        self.assertEqual(self._add("more").status_code, 404)
        self.assertEqual(len(self.mine.link_ids), 1)

    def test_sharing_is_by_plain_links(self):
        self.links._add(self.mine, "blog")
        text = self._get("/my/referral/links?link=blog").text
        address = f"{self.mine.link}/blog"
        block = re.search("o_referral_shares.*?</ul>", text, re.S).group(0)
        found = re.findall(r'href="([^"]+)"', block.replace("&amp;", "&"))
        self.assertEqual(
            [urlsplit(one).netloc or urlsplit(one).scheme for one in found],
            ["mailto", "t.me", "wa.me", "vk.com", "x.com", "www.linkedin.com",
             "www.facebook.com"],
        )  # fmt: skip
        for one in found:
            self.assertIn(address, unquote(one))
            self.assertIn(address, str(parse_qs(urlsplit(one).query)))
        self.assertNotIn("+", urlsplit(found[0]).query)  # mail programs show it
        page = re.search("<main.*</main>", text, re.S).group(0)
        self.assertNotIn("<script", page)
        self.assertNotIn("<iframe", page)

    def test_qr_codes_are_downloaded_as_png_and_svg(self):
        self.links._add(self.mine, "blog")
        text = self._get("/my/referral/links?link=blog").text.replace("&amp;", "&")
        png = re.search(r'href="data:image/png;base64,([^"]+)" download', text)
        picture = Image.open(io.BytesIO(base64.b64decode(png.group(1))))
        # large enough for print, with the white margin that readers need
        self.assertEqual(picture.format, "PNG")
        self.assertGreater(min(picture.size), 400)
        grey = picture.convert("L")
        self.assertEqual({grey.getpixel((5, y)) for y in range(grey.height)}, {255})
        self.assertEqual(self._modules(grey), self._expected(f"{self.mine.link}/blog"))
        svg = re.search(r'href="data:image/svg\+xml;base64,([^"]+)" download', text)
        drawn = ElementTree.fromstring(base64.b64decode(svg.group(1)))
        self.assertTrue(drawn.tag.endswith("svg"))

    def _modules(self, picture):
        """Return the black and white squares of a code that was drawn."""
        box = 16
        count = picture.width // box - 8
        return [
            [
                picture.getpixel((int((x + 4.5) * box), int((y + 4.5) * box))) < 128
                for x in range(count)
            ]
            for y in range(count)
        ]

    def _expected(self, address):
        code = qrcode.QRCode()
        code.add_data(address)
        code.make()
        return [[bool(module) for module in row] for row in code.modules]
