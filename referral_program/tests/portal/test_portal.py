"""The participant's pages over HTTP: who gets what, and who must not get in."""

import fcntl
import io
import json
import re
import tempfile
import zipfile
from pathlib import Path

from odoo import api, fields, http, sql_db
from odoo.tests import HttpCase, new_test_user, tagged

from ...tools import uploads
from ..common import JoiningCase

#: Pages for members of the program, and what others get.
PAGES = (
    "/my/referral",
    "/my/referral/join",
    "/my/referral/claim",
    "/my/referral/materials",
    "/my/referral/data",
)
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"}


@tagged("post_install", "-at_install")
class PortalCase(JoiningCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls._portal_user("owner")
        cls.other = cls._portal_user("other")
        cls.stranger = cls._portal_user("stranger")
        cls.officer = cls._user("portal_officer", "referral_program.group_officer")
        cls.employee = cls._user("portal_employee", "base.group_user")
        cls.accountant = cls._user("portal_acc", "referral_program.group_accountant")

    @classmethod
    def _portal_user(cls, login):
        user = cls._user(login, "base.group_portal")
        user.partner_id.write({"email": f"{login}@example.com", "is_company": True})
        return user

    def _login(self, user):
        if user:
            self.authenticate(user.login, user.login)
        else:
            self.authenticate(None, None)

    def _membership(self, user, kind="individual_tax_resident"):
        return self._submitted(kind, user.partner_id)

    def _get(self, path, **options):
        return self.url_open(path, allow_redirects=False, **options)

    def _post(self, path, data, files=None):
        """Send a form as the page does, with its token."""
        page = self.url_open("/my/referral/join")
        if "csrf_token" not in page.text:
            page = self.url_open("/my/referral")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        data = {"csrf_token": token.group(1) if token else "", **data}
        return self.url_open(path, data=data, files=files, allow_redirects=False)


@tagged("post_install", "-at_install")
class TestPortal(PortalCase):
    # === Pages === #

    def test_public_visitors_are_sent_to_log_in(self):
        self._login(None)
        for path in (*PAGES, "/referral/document/1", "/referral/data/1"):
            response = self._get(path)
            self.assertEqual(response.status_code, 303, path)
            self.assertIn("/web/login", response.headers["Location"])

    def test_pages_without_a_membership(self):
        self._login(self.stranger)
        self.assertIn("Join the program", self._get("/my/referral").text)
        self.assertIn("Individual, resident", self._get("/my/referral/join").text)
        self.assertEqual(self._get("/my/referral/data").status_code, 404)
        claim = self._get("/my/referral/claim")
        self.assertEqual(claim.headers["Location"].rpartition("/my")[2], "/referral")

    def test_without_a_program_there_is_no_page(self):
        self.program.active = False
        self._login(self.owner)
        for path in PAGES:
            self.assertEqual(self._get(path).status_code, 404, path)

    def test_the_way_in(self):
        self._login(self.stranger)
        home = self._get("/my").text
        # a card, and a line of the user's menu, which a website has for phones too
        menus = home.count('href="/web/session/logout')
        self.assertTrue(menus)
        self.assertEqual(home.count('href="/my/referral"'), 1 + menus)

    def test_overview_shows_ones_own_membership_only(self):
        mine, theirs = self._membership(self.owner), self._membership(self.other)
        (mine | theirs).action_approve_documents()
        self._login(self.owner)
        text = self._get("/my/referral").text
        self.assertIn(mine.code, text)
        self.assertNotIn(theirs.code, text)

    def test_pages_are_not_framed_elsewhere(self):
        self._login(self.owner)
        headers = self._get("/my/referral/join").headers
        self.assertEqual(headers["X-Frame-Options"], "SAMEORIGIN")
        self.assertEqual(headers["Content-Security-Policy"], "frame-ancestors 'self'")

    # === Joining === #

    def _form_data(self, kind, accept=True):
        entity, residency, tax = {
            "individual_resident": ("individual", "resident", "no"),
            "individual_tax_resident": ("individual", "nonresident", "yes"),
            "individual_nonresident": ("individual", "nonresident", "no"),
            "legal_entity_resident": ("legal_entity", "resident", "no"),
            "legal_entity_nonresident": ("legal_entity", "nonresident", "no"),
            "sole_trader_resident": ("sole_trader", "resident", "no"),
            "sole_trader_nonresident": ("sole_trader", "nonresident", "no"),
            "state_organization_resident": ("state_organization", "resident", "no"),
            "state_organization_nonresident": (
                "state_organization",
                "nonresident",
                "no",
            ),
        }[kind]
        data = {
            "entity_type": entity,
            "country": "KZ",
            "company_name": "Joiner Ltd",
            "vat": "7707083893",
            "residency": residency,
            "tax_residency": tax,
            "action": "submit",
        }
        if accept:
            agreements = self.env["referral.agreement"]._current(
                self.company, fields.Date.today()
            )
            data.update({f"accept_{agreement.id}": "1" for agreement in agreements})
        return data

    def _form_files(self, kind):
        """Return texts and files: the first of each group of alternatives."""
        data, files, seen = {}, [], set()
        for requirement in self._type(kind).requirement_ids:
            if requirement.one_of in seen:
                continue
            seen.add(requirement.one_of or requirement.code)
            if requirement.kind == "text":
                data[requirement._form_key()] = "AB 1234567"
            else:
                scan = ("scan.png", self._picture(), "image/png")
                files.append((requirement._form_key(), scan))
        return data, files

    def _own(self, user):
        return self.env["referral.participant"].search(
            [("partner_id", "=", user.partner_id.id)]
        )

    def test_join_as_each_type(self):
        for kind in self.env["referral.participant.type"].search([]):
            name = kind.get_external_id()[kind.id].partition("participant_type_")[2]
            with self.subTest(type=name):
                user = self._portal_user(f"join_{name}")
                self._login(user)
                data, files = self._form_files(name)
                response = self._post(
                    "/my/referral/join", {**self._form_data(name), **data}, files
                )
                participant = self._own(user)
                if kind.can_join:
                    self.assertEqual(response.status_code, 303)
                    self.assertEqual(participant.state, "submitted")
                    self.assertEqual(participant.type_id, kind)
                    acceptance = participant.acceptance_ids[0]
                    self.assertEqual(acceptance.user_id, user)
                    self.assertEqual(acceptance.ip_address, "127.0.0.1")
                    self.assertTrue(acceptance.user_agent)
                else:
                    self.assertIn("cannot join", response.text)
                    self.assertFalse(participant)

    def test_errors_stand_beside_their_fields_and_values_survive(self):
        self._login(self.owner)
        kind = self._type("individual_tax_resident")
        by_code = {r.code: r._form_key() for r in kind.requirement_ids}
        response = self._post(
            "/my/referral/join",
            {
                **self._form_data("individual_tax_resident", accept=False),
                by_code["passport_number"]: "none",
            },
            [
                (by_code["identity"], ("id.png", self._picture(), "image/png")),
                (by_code["work_certificate"], ("w.pdf", b"<html>", "application/pdf")),
            ],
        )
        self.assertEqual(response.status_code, 200)
        page = response.text
        for key, text in (
            (by_code["passport_number"], "number is not valid"),
            (by_code["work_certificate"], "neither a PDF"),
            (by_code["residence_permit"], "Upload one of these documents"),
        ):
            error = re.search(rf'id="error_{key}"[^>]*>([^<]*)<', page)
            self.assertIn(text, error.group(1))
        self.assertIn('value="none"', page)
        self.assertIn("id.png", page)
        # beside each box, and in the list of what is missing
        self.assertEqual(page.count(">Read this text and accept it."), 2)
        self.assertEqual(page.count(": Read this text and accept it."), 2)
        participant = self._own(self.owner)
        self.assertEqual(participant.state, "draft")
        self.assertEqual(participant.document_ids.page_ids.mapped("name"), ["id.png"])

    def test_a_file_that_finds_no_place_ends_the_request(self):
        """Each further one would hold the worker for as long."""
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.patch(uploads, "config", {"data_dir": folder, "workers": 4})
        self.patch(uploads, "MAX_WAIT", 2)
        for number in range(uploads.MAX_AT_ONCE):
            place = Path(folder, f"referral_uploads.{number}.lock")
            fcntl.flock(self.enterContext(place.open("wb")), fcntl.LOCK_EX)
        self._login(self.owner)
        kind = self._type("individual_tax_resident")
        scans = kind.requirement_ids.filtered(lambda r: r.kind == "file")
        self.assertGreater(len(scans), 2)
        response = self._post(
            "/my/referral/join",
            self._form_data("individual_tax_resident"),
            [(scan._form_key(), ("a.png", self._picture())) for scan in scans],
        )
        for scan in scans:
            error = f'id="error_{scan._form_key()}"[^>]*>[^<]*Try again in a minute'
            self.assertRegex(response.text, error)
        self.assertLess(response.elapsed.total_seconds(), 2 * len(scans))

    def test_a_draft_is_left_and_continued(self):
        self._login(self.owner)
        data, files = self._form_files("individual_resident")
        form = self._form_data("individual_resident", accept=False)
        response = self._post(
            "/my/referral/join", {**form, **data, "action": "save"}, files[:1]
        )
        self.assertIn("saved=1", response.headers["Location"])
        self.assertIn("Continue", self._get("/my/referral").text)
        self.assertIn("scan.png", self._get("/my/referral/join").text)
        response = self._post(
            "/my/referral/join", self._form_data("individual_resident"), files[1:]
        )
        self.assertEqual(self._own(self.owner).state, "submitted")

    def test_one_request_hands_in_at_a_time(self):
        self._login(self.owner)
        data, files = self._form_files("individual_resident")
        form = {**self._form_data("individual_resident"), **data}
        with sql_db.db_connect(self.cr.dbname).cursor() as cr:
            another = api.Environment(cr, api.SUPERUSER_ID, {})
            another["referral.document"]._take_turn(self.owner.partner_id)
            response = self._post("/my/referral/join", form, files)
        self.assertIn("Try again in a minute", response.text)
        self.assertFalse(self._own(self.owner))
        self._post("/my/referral/join", form, files)
        self.assertEqual(self._own(self.owner).state, "submitted")

    def test_what_was_ticked_is_kept_with_the_draft(self):
        self._login(self.owner)
        form = self._form_data("individual_resident")
        ticked = [name for name in form if name.startswith("accept_")]
        del form[ticked[0]]
        saved = self._post("/my/referral/join", {**form, "action": "save"})
        page = self._get(saved.headers["Location"]).text
        self.assertFalse(self._own(self.owner).acceptance_ids)
        boxes = {
            name: "checked=" in box
            for box, name in re.findall(r'(<input[^>]*name="(accept_\d+)"[^>]*>)', page)
        }
        self.assertEqual(boxes, {name: name != ticked[0] for name in ticked})

    def test_the_country_is_asked_for_where_it_decides(self):
        partner = self.owner.partner_id
        partner.country_id = False
        self._login(self.owner)
        form = self._form_data("individual_nonresident")
        page = self._post("/my/referral/join", {**form, "country": ""}).text
        self.assertIn("Choose your country.", page)
        self.assertEqual(self._own(self.owner).state, "draft")
        self._post("/my/referral/join", form)
        self.assertEqual(partner.country_id.code, "KZ")
        self.assertEqual(self._own(self.owner).state, "submitted")
        # whose country is known keeps it
        other = self.other.partner_id
        other.country_id = self.env.ref("base.ru")
        self._login(self.other)
        self._post("/my/referral/join", form)
        self.assertEqual(other.country_id.code, "RU")

    def test_owners_see_their_number_on_record(self):
        self._login(self.owner)
        data, files = self._form_files("individual_tax_resident")
        form = self._form_data("individual_tax_resident", accept=False)
        self._post("/my/referral/join", {**form, **data, "action": "save"}, files[:1])
        participant = self._own(self.owner)
        self.assertFalse(participant.reading_ids)
        self.assertIn('value="AB 1234567"', self._get("/my/referral/join").text)
        self.assertRecordValues(
            participant.reading_ids, [{"user_id": self.owner.id, "purpose": "text"}]
        )

    def test_without_javascript_the_choice_is_a_step_of_its_own(self):
        self._login(self.owner)
        page = self._get(
            "/my/referral/join?entity_type=legal_entity&residency=nonresident"
        ).text
        shown = re.findall(r'<fieldset class="o_referral_type mt-3 "[^>]*>', page)
        self.assertEqual(len(shown), 1)
        self.assertIn('data-entity_type="legal_entity"', shown[0])
        self.assertIn('data-residency="nonresident"', shown[0])
        self.assertNotIn("disabled", shown[0])

    def test_resubmission_shows_what_is_wanted_only(self):
        participant = self._membership(self.owner, "individual_resident")
        participant.document_ids[0]._reject("Too dark")
        self._login(self.owner)
        self.assertIn("Too dark", self._get("/my/referral").text)
        page = self._get("/my/referral/join").text
        self.assertEqual(page.count('type="file"'), 1)
        key = participant.document_ids[0]._form_key()
        scan = (key, ("new.png", self._picture(), "image/png"))
        response = self._post("/my/referral/join", {"action": "submit"}, [scan])
        self.assertEqual(response.status_code, 303)
        self.assertEqual(participant.document_ids[0].state, "submitted")
        self.assertEqual(self._get("/my/referral/join").status_code, 303)

    def test_forms_need_their_token(self):
        self._login(self.owner)
        for path in ("/my/referral/join", "/my/referral/accept", "/my/referral/claim"):
            response = self.url_open(path, data={"action": "submit", "client": "x"})
            self.assertEqual(response.status_code, 400, path)
        self.assertFalse(self._own(self.owner))

    def test_colleagues_share_the_membership(self):
        company = self._partner("Company", email="c@company.example")
        colleagues = [self._user(f"colleague{n}", "base.group_portal") for n in (1, 2)]
        for user in colleagues:
            user.partner_id.parent_id = company
        participant = self._submitted(partner=company)
        participant.action_approve_documents()
        participant._add_person(colleagues[1].login, "viewer")
        for user in colleagues:
            self._login(user)
            self.assertIn(participant.code, self._get("/my/referral").text)

    def test_new_agreement_is_accepted_on_the_overview(self):
        participant = self._membership(self.owner)
        participant.action_approve_documents()
        agreement = self.env["referral.agreement"].create(
            {"kind": "engagement", "name": "Rules", "body": "<p>New rules</p>"}
        )
        agreement.action_publish()
        self._login(self.owner)
        self.assertIn("New rules", self._get("/my/referral").text)
        self._post("/my/referral/accept", {f"accept_{agreement.id}": "1"})
        self.assertIn(agreement, participant.acceptance_ids.agreement_id)
        self.assertNotIn("New rules", self._get("/my/referral").text)

    def test_the_closed_accept_nothing(self):
        participant = self._membership(self.owner)
        participant._update_state("closed", "Test")
        agreement = self.env["referral.agreement"].create(
            {"kind": "engagement", "name": "Rules", "body": "<p>New rules</p>"}
        )
        agreement.action_publish()
        self._login(self.owner)
        response = self._post("/my/referral/accept", {f"accept_{agreement.id}": "1"})
        self.assertEqual(response.status_code, 404)
        self.assertNotIn(agreement, participant.acceptance_ids.agreement_id)

    def test_claims_tell_nothing_about_the_client(self):
        self._membership(self.owner).action_approve_documents()
        new_test_user(self.env, "known@example.net", "base.group_portal")
        self._login(self.owner)
        answers = set()
        for text in ("known@example.net", "nobody@example.net"):
            page = self._get("/my/referral/claim").text
            token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
            response = self.url_open(
                "/my/referral/claim", data={"csrf_token": token, "client": text}
            )
            answers.add(
                re.sub(r"csrf_token[^>]+>", "", response.text.split("<main")[1])
            )
            self.assertIn("We will look into it", response.text)
        self.assertEqual(len(answers), 1)

    def test_claims_take_the_same_time_whoever_the_client_is(self):
        """By the number of queries; what follows is a scheduled action's work."""
        self._membership(self.owner).action_approve_documents()
        late = new_test_user(self.env, "late@example.net", "base.group_portal")
        new_test_user(self.env, "new@example.net", "base.group_portal")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = '2020-01-01' WHERE id = %s",
            [late.partner_id.id],
        )
        late.partner_id.vat = "RU7707083893"
        self._login(self.owner)
        token = http.Request.csrf_token(self)
        counts = []
        for text in (
            "nobody@example.net",  # warms the caches
            "nobody@example.net",
            "late@example.net",
            "new@example.net",
            "new@example.net",
            self.owner.partner_id.email,
            "7707083893",
            "7707083894",
        ):
            before = sql_db.sql_counter
            self.url_open(
                "/my/referral/claim", data={"csrf_token": token, "client": text}
            )
            counts.append(sql_db.sql_counter - before)
        self.assertEqual(set(counts[1:]), {counts[1]}, counts)
        self.assertEqual(self.env["referral.claim"].search_count([]), len(counts))
        self.assertFalse(self.env["referral.referral"].search([]))
        self.env["referral.claim"]._cron_look_into()
        self.assertEqual(
            self.env["referral.refusal"].search([], order="id").mapped("reason"),
            [
                "unknown_client",
                "unknown_client",
                "claimed_too_late",
                "bound_already",
                "self_referral",
                "claimed_too_late",
                "unknown_client",
            ],
        )

    # === Documents === #

    def test_documents_are_read_by_owner_and_officers_only(self):
        participant = self._membership(self.owner)
        self._membership(self.other)
        page = participant.document_ids.page_ids[0]
        path = f"/referral/document/{page.id}"
        for user, status in (
            (self.owner, 200),
            (self.officer, 200),
            (self.other, 404),
            (self.stranger, 404),
            (self.employee, 404),
            (self.accountant, 404),
        ):
            with self.subTest(user=user.login):
                self._login(user)
                response = self._get(path)
                self.assertEqual(response.status_code, status)
                if status == 200:
                    self.assertEqual(response.headers["Content-Type"], "image/png")
                    self.assertEqual(
                        response.headers["X-Content-Type-Options"], "nosniff"
                    )
                    self.assertIn(
                        "sandbox", response.headers["Content-Security-Policy"]
                    )
                    self.assertIn("no-store", response.headers["Cache-Control"])
                    self.assertEqual(response.content[:4], b"\x89PNG")
        self.assertEqual(
            participant.reading_ids.sorted("id").user_id, self.owner | self.officer
        )
        self.assertEqual(participant.reading_ids[0].ip_address, "127.0.0.1")
        self._login(self.owner)
        self.assertEqual(self._get("/referral/document/999999").status_code, 404)

    def test_documents_of_another_company_are_closed_to_its_officers(self):
        page = self._membership(self.owner).document_ids.page_ids[0]
        other = self.setup_other_company()["company"]
        officer = new_test_user(
            self.env,
            "elsewhere",
            "referral_program.group_officer",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self._login(officer)
        self.assertEqual(self._get(f"/referral/document/{page.id}").status_code, 404)
        self.assertEqual(
            self._get(f"/referral/data/{self._own(self.owner).id}").status_code, 404
        )

    def test_attachments_are_closed_by_every_other_way(self):
        page = self._membership(self.owner).document_ids.page_ids[0]
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .search([("res_model", "=", page._name), ("res_id", "=", page.id)])
        )
        self.assertFalse(attachment.public)
        for user in (self.owner, self.other, self.officer, self.employee, None):
            self._login(user)
            for path in (
                f"/web/content/{attachment.id}",
                f"/web/image/{attachment.id}",
                f"/web/content/{page._name}/{page.id}/content",
                f"/web/image/{page._name}/{page.id}/content",
                f"/web/content/{attachment.id}?download=1&access_token=x",
            ):
                with self.subTest(user=user and user.login, path=path):
                    response = self._get(path)
                    self.assertNotIn(b"\x89PNG", response.content[:8]) if (
                        "image" not in path
                    ) else self.assertNotEqual(
                        response.content, page.sudo()._read_content("view")
                    )

    # === Data === #

    def test_ones_own_data_is_for_oneself_and_officers(self):
        participant = self._membership(self.owner)
        self._membership(self.other)
        self._login(self.owner)
        response = self._get("/my/referral/data")
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            data = json.loads(archive.read("data.json"))
        self.assertEqual(
            data["participant"][0]["display_name"], self.owner.partner_id.name
        )
        path = f"/referral/data/{participant.id}"
        for user, status in (
            (self.officer, 200),
            (self.owner, 404),
            (self.other, 404),
            (self.employee, 404),
            (self.accountant, 404),
        ):
            self._login(user)
            self.assertEqual(self._get(path).status_code, status, user.login)
