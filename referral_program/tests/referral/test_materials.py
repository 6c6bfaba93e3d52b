"""Advertising materials: what may be shown, who keeps them, who gets them, and how."""

import base64
import html
import io
import re

from PIL import Image, PngImagePlugin

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ...tools import banners
from ..portal.test_portal import BROWSER, PortalCase

STARTERS = {
    (970, 250), (728, 90), (468, 60), (336, 280), (300, 250), (300, 600), (160, 600),
    (320, 100), (320, 50),
}  # fmt: skip


class MaterialCase(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the starter set would hide what a test is about
        cls.env["referral.material"].search([]).active = False

    def _encoded(self, *args, **options):
        return base64.b64encode(self._picture(*args, **options))

    def _banner(self, **values):
        values.setdefault("image", self._encoded(size=(300, 250)))
        values.setdefault("name", "Test banner")
        return self.env["referral.material"].create(values)

    def _text(self, text="Look: {link}", **values):
        return self.env["referral.material"].create(
            {"name": "Test text", "kind": "text", "text": text, **values}
        )

    def _content(self, banner):
        return base64.b64decode(banner.with_context(bin_size=False).image)


@tagged("post_install", "-at_install")
class TestMaterial(MaterialCase):
    """What is kept of a picture, and what is refused."""

    def test_what_is_measured_follows_from_the_picture(self):
        for kind, mimetype in (("PNG", "image/png"), ("JPEG", "image/jpeg")):
            banner = self._banner(image=self._encoded(kind, size=(728, 90)))
            self.assertEqual((banner.width, banner.height), (728, 90))
            self.assertEqual(banner.size, "728 × 90")
            self.assertEqual(banner.mimetype, mimetype)
            banner.image = self._encoded(kind, size=(160, 600))
            self.assertEqual((banner.width, banner.height), (160, 600))

    def test_nobody_writes_what_is_measured(self):
        banner = self._banner()
        for name, value in (("width", 1), ("checksum", "x"), ("mimetype", "text/html")):
            with self.subTest(field=name):
                with self.assertRefused(UserError, "determined by the picture"):
                    banner.write({name: value})
                with self.assertRefused(UserError, "determined by the picture"):
                    self._banner(**{name: value})

    def test_the_context_brings_no_picture_in(self):
        page = base64.b64encode(b"<html><script>alert(1)</script></html>")
        for context in (
            {"default_image": page},
            {"default_checksum": "x", "default_image": page},
        ):
            with self.assertRefused(ValidationError, "Add a picture"):
                self.env["referral.material"].with_context(**context).create(
                    {"name": "By the context"}
                )

    def test_bad_pictures_are_refused_with_their_reason(self):
        vector = b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"
        banner = self._banner()
        before = banner.checksum
        for name, content, reason in (
            ("vector picture", vector, "neither"),
            ("page", b"<html>", "neither"),
            ("PDF", self._pdf(), "neither"),
            ("animation", self._picture("GIF"), "neither"),
            ("half a picture", self._picture()[:40], "cannot be read"),
            ("wide picture", self._picture(size=(4097, 1)), "up to 4096"),
            ("no picture", b"\0", "neither"),
        ):
            with self.subTest(file=name):
                encoded = base64.b64encode(content)
                with self.assertRefused(ValidationError, reason):
                    self._banner(image=encoded)
                with self.assertRefused(ValidationError, reason):
                    banner.image = encoded
        self.assertEqual(banner.checksum, before)

    def test_large_files_are_refused(self):
        self.patch(banners, "MAX_SIZE", 100)
        with self.assertRefused(ValidationError, "too large"):
            self._banner()

    def test_metadata_is_gone(self):
        exif = Image.Exif()
        exif[0x010E] = "Taken at home"
        note = PngImagePlugin.PngInfo()
        note.add_text("Comment", "Taken at home")
        for options in ({"kind": "JPEG", "exif": exif}, {"pnginfo": note}):
            banner = self._banner(image=self._encoded(**options))
            self.assertNotIn(b"Taken at home", self._content(banner))

    def test_what_is_behind_a_picture_is_gone(self):
        encoded = base64.b64encode(self._picture() + b"<html>")
        self.assertNotIn(b"<html>", self._content(self._banner(image=encoded)))

    def test_few_colours_stay_small_and_the_same(self):
        drawn = Image.new("RGB", (300, 250), "navy")
        for step in range(40):
            drawn.paste((step, 200, 255 - step), (step * 7, 0, step * 7 + 7, 250))
        target = io.BytesIO()
        drawn.save(target, "PNG")
        kept = self._content(self._banner(image=base64.b64encode(target.getvalue())))
        with Image.open(io.BytesIO(kept)) as image:
            self.assertEqual(image.mode, "P")
            self.assertEqual(image.convert("RGB").tobytes(), drawn.tobytes())

    def test_a_banner_needs_a_picture_and_a_text_needs_words(self):
        with self.assertRefused(ValidationError, "Add a picture"):
            self._banner(image=False)
        with self.assertRefused(ValidationError, "Enter the text"):
            self._text("  ")
        banner = self._banner()
        with self.assertRefused(ValidationError, "Add a picture"):
            banner.image = False

    def test_a_copy_has_a_picture_of_its_own(self):
        banner = self._banner()
        copy = banner.copy()
        self.assertEqual(self._content(copy), self._content(banner))
        self.assertEqual(copy.checksum, banner.checksum)
        self.assertNotEqual(copy.address, banner.address)

    def test_the_address_changes_with_the_picture_only(self):
        banner = self._banner()
        address = banner.address
        self.assertTrue(
            address.startswith(f"{banner.get_base_url()}/referral/material")
        )
        banner.name = "Another name"
        self.assertEqual(banner.address, address)
        banner.image = self._encoded(size=(300, 600))
        self.assertNotEqual(banner.address, address)

    def test_the_link_stands_in_its_place_or_after_the_text(self):
        anna = self._participant("Anna")
        text = self._text("See {link} and %(x)s {other}")
        self.assertEqual(
            text._text_with_link(anna), f"See {anna.link} and %(x)s {{other}}"
        )
        text.text = "See this\n"
        self.assertEqual(text._text_with_link(anna), f"See this\n{anna.link}")

    def test_the_starter_set(self):
        materials = self.env["referral.material"].with_context(active_test=False)
        for lang in ("base.lang_en", "base.lang_ru"):
            own = materials.search([("lang_id", "=", self.env.ref(lang).id)])
            sizes = set(zip(own.mapped("width"), own.mapped("height"), strict=True))
            self.assertEqual(sizes, STARTERS)
        pictures = materials.search([("kind", "=", "banner")])
        self.assertLess(sum(len(self._content(p)) for p in pictures), 400_000)
        texts = materials.search([("kind", "=", "text")])
        self.assertGreaterEqual(len(texts), 2)
        self.assertTrue(all("{link}" in text.text for text in texts))

    # === Who must not get in === #

    def test_who_has_no_role_has_no_rights(self):
        banner = self._banner()
        self._membership(self.owner).action_approve_documents()
        for user in (
            self.owner,
            self.stranger,
            self.employee,
            self.env.ref("base.public_user"),
        ):
            own = banner.with_user(user)
            for act in (
                lambda own=own: own.read(["name"]),
                lambda own=own: own.read(["image"]),
                lambda own=own: own.search([]),
                lambda own=own: own.write({"name": "Mine"}),
                lambda own=own: own.create({"name": "x", "image": self._encoded()}),
                own.unlink,
            ):
                with self.subTest(user=user.id), self.assertRaises(AccessError):
                    act()

    def test_roles_read_and_administrators_write(self):
        banner = self._banner()
        auditor = self._user("material_auditor", "referral_program.group_auditor")
        for user in (self.officer, self.accountant, auditor):
            own = banner.with_user(user)
            self.assertEqual(own.name, "Test banner")
            for act in (
                lambda own=own: own.write({"name": "Mine"}),
                lambda own=own: own.create({"name": "x", "image": self._encoded()}),
                own.unlink,
            ):
                with self.subTest(user=user.id), self.assertRaises(AccessError):
                    act()
        boss = self._user("material_boss", "referral_program.group_administrator")
        banner.with_user(boss).write({"name": "Ours", "image": self._encoded()})
        self.assertEqual(banner.size, "60 × 40")

    def test_another_companys_materials_are_closed(self):
        other = self.setup_other_company()["company"]
        boss = new_test_user(
            self.env,
            "material_elsewhere",
            "referral_program.group_administrator",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        own = self._banner(program_id=self.program.id).with_user(boss)
        with self.assertRaises(AccessError):
            own.read(["name"])
        with self.assertRaises(AccessError):
            own.write({"name": "Theirs"})
        self.assertTrue(self._banner().with_user(boss).read(["name"]))


@tagged("post_install", "-at_install")
class TestMaterialPages(MaterialCase):
    """The public picture, and the participant's page."""

    def _member(self, user=None):
        participant = self._membership(user or self.owner)
        participant.action_approve_documents()
        return participant

    def _page(self, query=""):
        return self._get(f"/my/referral/materials{query}")

    def _codes(self, page):
        """Return what there is to copy, as the browser shows it."""
        return [
            html.unescape(text)
            for text in re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
        ]

    # === The picture === #

    def test_everybody_gets_the_picture(self):
        banner = self._banner()
        response = self._get(banner._path(), headers=BROWSER)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.content, self._content(banner))
        headers = response.headers
        self.assertEqual(headers["Content-Type"], "image/png")
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertIn("sandbox", headers["Content-Security-Policy"])
        self.assertIn("public", headers["Cache-Control"])
        self.assertRegex(headers["Cache-Control"], r"max-age=\d+")
        self.assertNotIn("Set-Cookie", headers)

    def test_what_the_browser_has_is_not_sent_again(self):
        banner = self._banner()
        mark = self._get(banner._path()).headers["ETag"]
        again = self._get(banner._path(), headers={"If-None-Match": mark})
        self.assertEqual(again.status_code, 304)
        self.assertFalse(again.content)
        self.assertIn("public", again.headers["Cache-Control"])
        banner.image = self._encoded(size=(60, 60))
        again = self._get(banner._path(), headers={"If-None-Match": mark})
        self.assertEqual(again.status_code, 200)

    def test_an_address_given_out_shows_the_new_picture(self):
        banner = self._banner()
        path = banner._path()
        banner.image = self._encoded(size=(300, 600))
        self.assertEqual(self._get(path).content, self._content(banner))

    def test_what_is_not_for_everybody_is_not_there(self):
        archived = self._banner(active=False)
        text = self._text()
        turned = self._banner()
        turned.write({"kind": "text", "text": "Words"})
        closed = self._banner(program_id=self.program.id)
        foreign = self._banner()
        self.env["ir.attachment"].search(
            [
                ("res_model", "=", foreign._name),
                ("res_id", "=", foreign.id),
                ("res_field", "=", "image"),
            ]
        ).raw = b"<script>alert(1)</script>"
        self.program.active = False
        for name, path in (
            ("archived", archived._path()),
            ("text", f"/referral/material/{text.id}/x.png"),
            ("turned into a text", f"/referral/material/{turned.id}/x.png"),
            ("of an archived program", closed._path()),
            ("not what was checked", foreign._path()),
            ("unknown", "/referral/material/999999999/x.png"),
            ("not a number", "/referral/material/x/x.png"),
        ):
            for user in (None, self.owner, self.employee):
                self._login(user)
                with self.subTest(what=name, user=user and user.login):
                    self.assertEqual(self._get(path).status_code, 404)

    def test_odoos_own_ways_to_the_picture_are_closed(self):
        banner = self._banner()
        for user in (None, self.owner, self.employee):
            self._login(user)
            for way in ("content", "image"):
                response = self._get(f"/web/{way}/{banner._name}/{banner.id}/image")
                self.assertNotEqual(response.content, self._content(banner))

    # === The page === #

    def test_code_and_text_carry_ones_own_link(self):
        participant, other = self._member(), self._member(self.other)
        banner = self._banner(alt='Cloud "A" <b>')
        self._text()
        self._login(self.owner)
        page = self._page().text
        self.assertNotIn(other.code, page)
        code, text = self._codes(page)
        self.assertEqual(text, f"Look: {participant.link}")
        self.assertEqual(
            code,
            f'<a href="{participant.link}"><img src="{banner.address}" width="300" '
            'height="250" alt="Cloud &#34;A&#34; &lt;b&gt;" '
            'style="border:0;max-width:100%;height:auto" /></a>',
        )
        self.assertIn('loading="lazy"', page)
        self.assertIn("300 × 250", page)
        self.assertRegex(page, r'download="300x250\.png"')

    def test_words_of_staff_are_escaped(self):
        self._member()
        self._banner(name="<i>Name</i>", alt="</textarea><script>1</script>")
        self._text("</textarea><script>2</script>", name="<i>Words</i>")
        self._login(self.owner)
        page = self._page().text
        self.assertNotRegex(page, r"<script>[12]</script>")
        self.assertNotIn("<i>Name", page)
        self.assertNotIn("<i>Words", page)

    def test_banners_stand_by_size_in_the_order_of_staff(self):
        self._member()
        for sequence, size in ((3, (60, 40)), (1, (300, 250)), (2, (60, 40))):
            self._banner(image=self._encoded(size=size), sequence=sequence)
        self._login(self.owner)
        page = self._page().text
        sizes = re.findall(r'<h3 class="h6 mb-0">(\d+ × \d+)', page)
        self.assertEqual(sizes, ["300 × 250", "60 × 40"])
        self.assertEqual(len(self._codes(page)), 3)

    def test_materials_of_others_are_not_shown(self):
        self._member()
        other = self._program(self.setup_other_company()["company"])
        self._banner(name="Own banner", program_id=self.program.id)
        self._banner(name="Foreign banner", program_id=other.id)
        self._banner(name="Archived banner", active=False)
        self._login(self.owner)
        page = self._page().text
        self.assertIn("Own banner", page)
        self.assertNotIn("Foreign banner", page)
        self.assertNotIn("Archived banner", page)

    def test_the_language_is_ones_own_or_chosen(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self._member()
        names = ("English banner", "Russian banner", "Wordless banner")
        for name, lang in zip(
            names, ("base.lang_en", "base.lang_ru", False), strict=True
        ):
            self._banner(name=name, lang_id=lang and self.env.ref(lang).id)
        self._login(self.owner)
        for query, shown in (
            ("", {names[0], names[2]}),
            ("?language=ru_RU", {names[1], names[2]}),
            ("?language=nonsense", {names[0], names[2]}),
        ):
            page = self._page(query).text
            self.assertEqual({name for name in names if name in page}, shown, query)

    def test_a_banner_is_described_in_its_own_language(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self._member()
        banner = self._banner(alt="Cloud", lang_id=self.env.ref("base.lang_ru").id)
        banner.with_context(lang="ru_RU").alt = "Облако"
        self._login(self.owner)
        self.assertIn('alt="Облако"', self._codes(self._page("").text)[0])

    def test_without_materials_there_is_the_link(self):
        participant = self._member()
        self._login(self.owner)
        page = self._page().text
        self.assertIn("There are no materials yet", page)
        self.assertIn(participant.link, page)

    # === Who gets the page === #

    def test_who_waits_for_the_link_is_told_when(self):
        participant = self._membership(self.owner, "individual_resident")
        self._banner()
        self._login(self.owner)
        page = self._page().text
        self.assertIn("when your documents are approved", page)
        self.assertIn(participant._promise(), page)
        self.assertNotIn("<textarea", page)
        self.assertNotIn(participant.code, page)
        participant.action_approve_documents()
        participant._update_state("suspended", "Test")
        page = self._page().text
        self.assertIn("suspended", page)
        self.assertNotIn("<textarea", page)

    def test_others_are_led_to_the_program(self):
        self._banner()
        closed = self._member(self.other)
        closed._update_state("closed", "Test")
        self.env["referral.participant"]._draft(
            self.program,
            self.owner.partner_id,
            self._type("individual_resident"),
        )
        for user in (self.stranger, self.owner, self.other, self.employee):
            self._login(user)
            response = self._get("/my/referral/materials")
            self.assertEqual(response.status_code, 303, user.login)
            self.assertTrue(response.headers["Location"].endswith("/my/referral"))
        self._login(None)
        response = self._get("/my/referral/materials")
        self.assertIn("/web/login", response.headers["Location"])

    def test_tabs_lead_from_page_to_page(self):
        self._member()
        self._banner()
        self._login(self.owner)
        for path in ("/my/referral", "/my/referral/materials"):
            page = self._get(path).text
            current = re.findall(r'href="([^"]+)"\s+aria-current="page"', page)
            self.assertEqual(current, [path])
            self.assertIn('href="/my/referral/materials"', page)
