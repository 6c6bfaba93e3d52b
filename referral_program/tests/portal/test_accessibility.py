"""Every page of the portal is checked by axe-core, on a desk and a phone, in English
and Russian; and those who use no mouse get through.

What is checked is the addon's own markup: Odoo's header, breadcrumbs, side panels and
other cards are left out, because they are the same on all of its pages.
"""

import json
import tempfile
from importlib.resources import files
from pathlib import Path

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..browsing import DESK, PHONE, BrowsingMixin
from .test_billing import DOCUMENT
from .test_portal_money import MoneyPortalCase

#: About how long its classes take: such are begun first.
SECONDS = 120

LANGUAGES = {"en_US": "en-US", "ru_RU": "ru-RU"}
#: The addon's part of a page of its own, and of pages of Odoo.
OWN = "#wrap"
#: Beside a website, addresses begin with the language.
CARD = ".o_portal_my_home a[href$='/my/referral']"
PAY_LINK = ".o_referral_pay_link"
CODE = ".field-referral_code"
#: (entity type, residency, tax residency), also those who cannot join
KINDS = (
    ("individual", "resident", "no"),
    ("individual", "nonresident", "yes"),
    ("individual", "nonresident", "no"),
    ("legal_entity", "resident", "no"),
    ("legal_entity", "nonresident", "no"),
    ("sole_trader", "resident", "no"),
    ("sole_trader", "nonresident", "no"),
    ("state_organization", "resident", "no"),
    ("state_organization", "nonresident", "no"),
)
#: Numbers the controls of a page in their order, with how each looks without focus.
NUMBER = """(() => {
    window.look = e => {
        const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(e);
        return `${outlineStyle} ${outlineWidth} ${boxShadow}`;
    };
    const controls = [...document.querySelectorAll(
        `#wrap :is(a[href], button, input:not([type=hidden]), select, textarea, summary,
                   [tabindex='0'])`
    )].filter(e => !e.matches(":disabled") && e.checkVisibility()
        && !(e.type === "radio" && !e.checked && e.form.elements[e.name].value));
    window.looks = controls.map(window.look);
    controls.forEach((e, index) => e.dataset.stop = index);
    return controls.length;
})()"""
#: Which of them has the focus, and whether one sees that it has.
STOP = """(e => [
    e.dataset.stop, window.look(e) !== window.looks[e.dataset.stop]
])(document.activeElement)"""
#: The tables of which a part is out of sight.
CUT = """[...document.querySelectorAll("#wrap .table-responsive")]
    .filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"""


def submit(button):
    """Return the JavaScript that presses a form's button."""
    return f"document.querySelector({json.dumps(button)}).click()"


class AccessibilityCase(BrowsingMixin, MoneyPortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        russian = cls.env["res.lang"]._activate_lang("ru_RU")
        if "website" in cls.env:
            cls.env["website"].search([]).language_ids |= russian
        cls.env["ir.module.module"]._load_module_terms(["referral_program"], ["ru_RU"])
        with cls.on("2026-02-01"):
            cls.env["referral.statement"]._cron_statements()
        cls.axe = (files("axe_playwright_python") / "axe.min.js").read_text()

    def _violations(self, window, scope=OWN):
        """Return what axe-core finds in a part of the page."""
        if not window.evaluate("'axe' in window"):
            window.evaluate(f"{self.axe}; true")
        return window.evaluate(
            f"axe.run({{include: [{json.dumps(scope)}]}},"
            "{resultTypes: ['violations']}).then(found => found.violations.map("
            "v => `${v.impact}: ${v.help}: `"
            " + v.nodes.map(n => n.html + n.failureSummary).join('; ')))"
        )

    def _frame(self, window):
        """Return what a page of the addon says of itself, for who does not see it."""
        return window.evaluate(
            "({lang: document.documentElement.lang, title: document.title !== 'Odoo',"
            " headings: document.querySelectorAll('h1').length,"
            " main: document.querySelectorAll('main').length,"
            " skip: document.querySelectorAll('a.o_skip_to_content').length})"
        )

    def _audit(self, window, path, scope=OWN, act=None, then="true"):
        """Check a page in each language and size.

        :param act: JavaScript that leads on from the page to the one that is meant
        :param then: what is true on that page
        """
        for lang, html_lang in LANGUAGES.items():
            with self.subTest(path=path, act=act, lang=lang):
                window.speak(lang)
                window.open(path)
                if act:
                    window.leave()
                    window.evaluate(act)
                    window.arrive(then)
                elif scope == OWN:
                    self.assertTrue(window.evaluate("location.href").endswith(path))
                if scope == OWN:
                    told = {"title": True, "headings": 1, "main": 1, "skip": 1}
                    self.assertEqual(self._frame(window), {"lang": html_lang, **told})
                for size in (DESK, PHONE):
                    window.resize(size)
                    self.assertEqual(self._violations(window, scope), [], size)
                    self.assertEqual(window.evaluate(CUT), [], size)


@tagged("post_install", "-at_install")
class TestPages(AccessibilityCase):
    def test_what_is_wrong_is_found(self):
        with self._window(self.stranger) as window:
            window.open("/my/referral")
            window.evaluate(
                "document.querySelector('#wrap').append("
                "document.createElement('img'), document.createElement('input'))"
            )
            found = self._violations(window)
            with window.page.expect_event("pageerror"):
                window.evaluate(
                    "console.error('logged'); setTimeout(() => { throw 'thrown' })"
                )
            self.assertEqual(window.errors, ["logged", "thrown"])
            window.errors.clear()
        self.assertEqual(
            [violation.partition(":")[0] for violation in found],
            ["critical", "critical"],
        )

    def test_before_joining(self):
        with self._window(self.stranger) as window:
            self._audit(window, "/my", scope=CARD)
            self._audit(window, "/my/referral")
            for entity, residency, tax in KINDS:
                self._audit(
                    window,
                    f"/my/referral/join?entity_type={entity}&residency={residency}"
                    f"&tax_residency={tax}",
                )

    def test_joining_with_errors_and_a_draft(self):
        draft = self._draft("individual_tax_resident", self.stranger.partner_id)
        draft.document_ids[0]._hand_in_files([("scan.png", self._picture())])
        with self._window(self.stranger) as window:
            self._audit(window, "/my/referral")
            self._audit(
                window,
                "/my/referral/join",
                act=submit("button[value=submit]"),
                then="document.activeElement.matches('.alert-danger')",
            )
            self._audit(
                window,
                "/my/referral/join",
                act=submit("button[value=save]"),
                then="document.activeElement.matches('.alert-success')",
            )

    def test_submitted(self):
        self._membership(self.stranger)
        with self._window(self.stranger) as window:
            for path in ("", "/referrals", "/materials"):
                self._audit(window, f"/my/referral{path}")

    def test_documents_are_asked_for_again(self):
        participant = self._membership(self.stranger, "individual_resident")
        participant.document_ids[0]._reject("The stamp is cut off")
        agreement = self.env["referral.agreement"].search([], limit=1)
        with self.on("2026-03-01"):
            agreement.copy().action_publish()
        with self._window(self.stranger) as window:
            self._audit(window, "/my/referral")
            self._audit(window, "/my/referral/join")

    def test_memberships_that_are_not_active(self):
        for state in ("suspended", "rejected", "closed"):
            if state == "rejected":
                user, participant = self.stranger, self._membership(self.stranger)
            else:
                user, participant = self.owner, self.mine
            participant._update_state(state, "A reason to be told")
            with self._window(user) as window:
                for path in ("", "/referrals", "/billing", "/withdraw"):
                    self._audit(window, f"/my/referral{path}")
                if state == "suspended":
                    self._audit(window, "/my/referral/materials")

    def test_a_member(self):
        statement = self.env["referral.statement"].search(
            [("participant_id", "=", self.mine.id)]
        )
        self._invoice(self.owner.partner_id, "2026-02-01", 4_000)
        self.env["referral.withdrawal"]._request(self.mine, 20_000, self.account)
        with self._window(self.owner) as window:
            for path in (
                "",
                "/referrals",
                f"/referrals/{self.mine.referral_ids.id}",
                "/links",
                "/billing",
                f"/billing/{statement.id}",
                "/materials",
                "/materials?language=ru_RU",
                "/claim",
                "/withdraw",
                "/withdraw?done=1",
            ):
                self._audit(window, f"/my/referral{path}")
            self._audit(
                window,
                "/my/referral/claim",
                act=submit("#wrap button[type=submit]"),
                then="document.activeElement.id === 'client'",
            )

    def test_people(self):
        colleague = self._portal_user("colleague")
        colleague.partner_id.write(
            {"is_company": False, "parent_id": self.owner.partner_id.id}
        )
        with self._window(colleague) as window:
            self._audit(window, "/my/referral")
        self.mine._add_person("colleague", "viewer")
        with self._window(colleague) as window:
            self._audit(window, "/my/referral")
        with self._window(self.owner) as window:
            self._audit(window, "/my/referral/people")
            self._audit(
                window,
                "/my/referral/people",
                act=submit("form[action$='/my/referral/people'] button"),
                then="document.activeElement.id === 'login'",
            )
            self._audit(
                window,
                "/my/referral/people",
                act=submit(".o_referral_person:first-child .btn-link"),
                then="document.activeElement.id === 'error_list'",
            )

    def test_a_member_without_anything(self):
        fresh = self._participant(partner_id=self.stranger.partner_id.id)
        self._accept_all(fresh)
        with self._window(self.stranger) as window:
            for path in ("", "/referrals", "/links", "/billing", "/withdraw"):
                self._audit(window, f"/my/referral{path}")

    def test_why_a_month_gave_it_and_asking(self):
        questions = self.env["referral.question"].with_user(self.owner)
        question = questions._ask(self.mine, self.program.accrual_ids, "Why?")
        with self._window(self.owner) as window:
            for path in ("/why/2026-01", "/why/2026-01/ask", "/questions"):
                self._audit(window, f"/my/referral{path}")
            self._audit(
                window,
                question._path(),
                act=submit("#wrap form button[type=submit]"),
                then="document.activeElement.id === 'text'",
            )

    def test_without_materials(self):
        self.env["referral.material"].search([]).active = False
        with self._window(self.owner) as window:
            self._audit(window, "/my/referral/materials")

    def test_a_document_that_cannot_be_given(self):
        statement = self.env["referral.statement"].search(
            [("participant_id", "=", self.mine.id)]
        )
        statement._read_file("xlsx")
        self.env.cr.execute(
            "UPDATE referral_statement SET xlsx_sha256 = 'another' WHERE id = %s",
            [statement.id],
        )
        statement.invalidate_recordset()
        with mute_logger(DOCUMENT), self._window(self.owner) as window:
            self._audit(window, f"/my/referral/billing/{statement.id}/xlsx")

    def test_withdrawing(self):
        with self._window(self.owner) as window:
            for amount, account, focus in (
                ("1", None, "amount"),
                ("20000", "#account_new", "number"),
            ):
                self._audit(
                    window,
                    "/my/referral/withdraw",
                    act=f"document.querySelector('#amount').value = '{amount}';"
                    + (submit(account) if account else "")
                    + ";"
                    + submit("#wrap form button[type=submit]"),
                    then=f"document.activeElement.id === '{focus}'",
                )
            self._audit(
                window,
                "/my/referral/withdraw",
                act="document.querySelector('#amount').value = '20000';"
                + submit("#wrap form button[type=submit]"),
                then="document.querySelector('#referral_confirm')",
            )

    def test_paying_an_invoice(self):
        invoice = self._invoice(self.owner.partner_id, "2026-02-01", 4_000)
        path = f"/my/referral/pay/{invoice.id}"
        with self._window(self.owner) as window:
            self._audit(window, f"/my/invoices/{invoice.id}", scope=PAY_LINK)
            self._audit(window, path)
            self._audit(
                window,
                path,
                act="document.querySelector('#amount').value = '1000000';"
                + submit("#wrap form button[type=submit]"),
                then="document.activeElement.id === 'amount'",
            )
            self._audit(
                window,
                path,
                act=submit("#wrap form button[type=submit]"),
                then="document.querySelector('#referral_confirm')",
            )

    def test_signing_up(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "auth_signup.invitation_scope", "b2c"
        )
        self.program.target_url = "/web/signup"
        with self._window() as window:
            self._audit(window, f"/referral/{self.mine.code}", scope=CODE)


@tagged("post_install", "-at_install")
class TestKeyboard(AccessibilityCase):
    # === Order and sight === #

    def assertTabOrder(self, window):
        """Check that Tab reaches every control, in order, and that it shows."""
        count = window.evaluate(NUMBER)
        self.assertTrue(count)
        window.tab_to("[data-stop='0']")
        for stop in range(count):
            self.assertEqual(window.evaluate(STOP), [str(stop), True], window.focused())
            window.press("Tab")
        self.assertFalse(window.evaluate(STOP)[0])  # there is a way out

    def test_every_control_is_reached_and_seen(self):
        self._invoice(self.owner.partner_id, "2026-02-01", 4_000)
        statement = self.env["referral.statement"].search(
            [("participant_id", "=", self.mine.id)]
        )
        with self._window(self.owner) as window:
            for path in (
                "",
                "/referrals",
                f"/referrals/{self.mine.referral_ids.id}",
                "/links",
                "/billing",
                f"/billing/{statement.id}",
                "/materials",
                "/withdraw",
                "/claim",
            ):
                for size in (DESK, PHONE):
                    with self.subTest(path=path, size=size):
                        window.resize(size)
                        window.open(f"/my/referral{path}")
                        self.assertTabOrder(window)

    def test_the_form_to_join_is_reached_and_seen(self):
        with self._window(self.stranger) as window:
            for entity, residency, tax in KINDS:
                window.open(
                    f"/my/referral/join?entity_type={entity}&residency={residency}"
                    f"&tax_residency={tax}",
                )
                self.assertTabOrder(window)

    # === Ways === #

    def _enter(self, window, selector, then="true"):
        """Go to a link or button with the Tab key and press Enter."""
        window.tab_to(selector)
        window.leave()
        window.press("Enter")
        window.arrive(then)

    def test_join(self):
        scan = Path(self.enterContext(tempfile.TemporaryDirectory())) / "form.png"
        scan.write_bytes(self._picture())
        with self._window(self.stranger) as window:
            window.open("/my/referral")
            self._enter(window, "#referral_sign_up")
            window.tab_to("#entity_type")
            window.press("ArrowDown")
            window.wait(
                "document.querySelector('.o_referral_chosen').textContent"
                " === 'Sole trader, resident'"
            )
            window.tab_to("#vat_sole_trader")
            window.type("7707083893")
            # no document is there yet: what is missing has the focus, and leads there
            self._enter(
                window,
                "button[value=submit]",
                "document.activeElement.matches('.alert-danger')",
            )
            window.press("Tab")
            window.press("Enter")
            window.wait("document.activeElement.matches('input[type=file]')")
            described = window.evaluate(
                "document.activeElement.getAttribute('aria-describedby').split(' ')"
                ".map(id => document.getElementById(id).textContent.trim())"
            )
            self.assertIn("One of these:", described)
            self.assertIn("Upload one of these documents.", described)
            with window.page.expect_file_chooser() as chooser:
                window.press("Enter")
            chooser.value.set_files(scan)
            window.wait("document.activeElement.files.length === 1")
            window.tab_to("summary")
            for is_open in ("!", ""):  # opened already, because it is not accepted
                window.press("Enter")
                window.wait(f"{is_open}document.querySelector('details').open")
            for box in window.evaluate(
                "[...document.querySelectorAll('.o_referral_agreements input')]"
                ".map(box => box.id)"
            ):
                window.tab_to(f"#{box}")
                window.press(" ")
            self._enter(window, "button[value=submit]")
            self.assertEqual(window.evaluate("location.pathname"), "/my/referral")
        participant = self.env["referral.participant"].search(
            [("partner_id", "=", self.stranger.partner_id.id)]
        )
        self.assertEqual(participant.state, "submitted")
        self.assertEqual(participant.type_id, self._type("sole_trader_resident"))

    def test_withdraw(self):
        with self._window(self.owner) as window:
            window.open("/my/referral")
            self._enter(window, "#wrap .btn[href$='/my/referral/withdraw']")
            window.tab_to("#amount")
            window.type("1")
            self._enter(
                window,
                "#wrap form button[type=submit]",
                "document.activeElement.id === 'amount'",
            )
            self.assertEqual(
                window.evaluate(
                    "[document.activeElement.ariaInvalid,"
                    " document.activeElement.getAttribute('aria-describedby')]"
                ),
                ["true", "hint_amount error_amount"],
            )
            window.type("12000")
            window.tab_to(f"#account_{self.account.id}")
            window.press("ArrowDown")
            window.wait("document.activeElement.id === 'account_new'")
            window.tab_to("#number")
            window.type("40702810938000000001")
            window.tab_to("#bic")
            window.type("044525225")
            self._enter(
                window,
                "#wrap form button[type=submit]",
                "document.querySelector('#referral_confirm')",
            )
            self._enter(
                window,
                "#referral_confirm",
                "document.activeElement.matches('.alert-success')",
            )
        withdrawal = self.mine.withdrawal_ids
        self.assertEqual(withdrawal.amount, 12_000)
        self.assertEqual(
            withdrawal.bank_account_id.sanitized_acc_number, "40702810938000000001"
        )

    def test_pay_an_invoice(self):
        invoice = self._invoice(self.owner.partner_id, "2026-02-01", 4_000)
        with self._window(self.owner) as window:
            window.open(f"/my/invoices/{invoice.id}")
            self._enter(window, PAY_LINK)
            window.tab_to("#amount")
            window.type("1000")
            self._enter(
                window,
                "#wrap form button[type=submit]",
                "document.querySelector('#referral_confirm')",
            )
            self._enter(window, "#referral_confirm")
            self.assertEqual(
                window.evaluate("location.pathname"), f"/my/invoices/{invoice.id}"
            )
        self.assertEqual(invoice.amount_residual, 3_000)

    def test_copying_is_said(self):
        with self._window(self.owner) as window:
            window.page.context.grant_permissions(["clipboard-write"])
            for path in ("", "/materials"):
                window.open(f"/my/referral{path}")
                window.tab_to(".o_referral_copy")
                window.press(" ")
                window.wait(
                    "[...document.querySelectorAll('#wrap [role=status]')]"
                    ".some(status => status.textContent === 'Copied')"
                )
