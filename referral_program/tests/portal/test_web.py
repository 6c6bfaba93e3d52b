"""The back office in a real browser: every view opens without an error."""

from urllib.parse import urljoin

from odoo.tests import HttpCase, tagged

from ..browsing import BrowsingMixin
from ..common import JoiningCase

#: Each action with a text that has to be there in its list and on its cards.
LISTS = {
    "referral_participant_action": "Web Participant",
    "referral_referral_action": "Web Client",
    "referral_accrual_action": "January 2026",
    "referral_compensation_action": "Web Participant",
    "referral_accrual_line_action": "INV/2026",
    "referral_program_action": "Referral Program",
    "referral_program_terms_action": "Referral Program",
    "referral_participant_type_action": "Legal entity, resident",
    "referral_participant_verification_action": "Waiting",
    "referral_document_action": "Form 26.2-1",
    "referral_agreement_action": "Participation agreement",
    "referral_acceptance_action": "Waiting",
    "referral_refusal_action": "same company",
    "referral_visit_action": "Waiting",
    "referral_document_reading_action": "Form 26.2-1",
    "referral_document_destruction_action": "ACT/",
    "referral_api_call_action": "withdraw",
    "referral_event_action": "participant.joined",
}
VIEWS = [
    *((action, view, LISTS[action]) for action in LISTS for view in ("list", "kanban")),
    ("referral_accrual_line_action", "pivot", "90"),
    ("referral_accrual_line_action", "graph", ""),
    ("referral_visit_action", "graph", ""),
]
RENDERED = ", ".join(
    (
        ".o_list_renderer",
        ".o_kanban_renderer",
        ".o_pivot table",
        ".o_graph_renderer",
        ".o_form_view",
    )
)
#: A view is there with its text, or an error is.
THERE = """([view, text]) => document.querySelector(".o_error_dialog")
    || document.querySelector(view) && document.body.innerText.includes(text)"""


@tagged("post_install", "-at_install")
class TestWeb(BrowsingMixin, JoiningCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.env.ref("base.user_admin")
        cls.admin.write(
            {"company_ids": [(4, cls.company.id)], "company_id": cls.company.id}
        )
        cls.participant = cls._participant("Web Participant")
        cls.client = cls._partner("Web Client")
        cls.referral = cls._referral(cls.participant, cls.client)
        cls.invoice = cls._paid("2026-01-10")
        cls.accrual = cls._accrue("2026-01")

    def setUp(self):
        super().setUp()
        self.waiting = self._submitted(partner=self._partner("Waiting"))
        self.document = self.waiting.document_ids[0]
        self.document._log_reading("view")
        self.document.sudo()._leave_act("by test")
        self.env["referral.visit"]._count(self.waiting)
        self.program.action_new_event_secret()
        self.program.event_url = "https://panel.example.com/events"
        self.env["referral.event"]._record("participant.joined", self.participant)
        self.env["referral.api.call"]._once(
            self.participant, "key", "withdraw", {"amount": "1"}, lambda: {"id": 1}
        )
        self.env["referral.referral"]._bind(
            self.waiting, self.waiting.partner_id, "link"
        )

    def _open(self, window, path, text=""):
        """Open a page of the back office and wait for its view and a text."""
        window.page.goto(urljoin(self.base_url(), path))
        window.page.wait_for_function(THERE, arg=[RENDERED, text])
        self.assertFalse(
            window.evaluate("document.querySelector('.o_error_dialog')?.textContent")
        )

    def test_lists_kanbans_pivot_and_graph(self):
        with self._window(self.admin) as window:
            for action, view, text in VIEWS:
                with self.subTest(action=action, view=view):
                    path = f"/odoo/action-referral_program.{action}"
                    self._open(window, f"{path}?view_type={view}", text)

    def test_forms(self):
        records = (
            (self.participant, "Web Participant"),
            (self.waiting, "Form 26.2-1"),
            (self.document, "scan.png"),
            (self.waiting.acceptance_ids.agreement_id[:1], "Acceptances"),
            (self.referral, "Web Participant"),
            (self.accrual, "Accrual of January 2026"),
            (self.accrual.compensation_ids, "INV/2026"),
            (self.accrual.line_ids, "Service vps"),
            (self.program, "Terms in Force On"),
            (self.program.terms_ids, "Excluded Categories"),
            (self.participant.type_id, "Legal"),
            (self.client, "Web Client"),
            (self.invoice, "Accrual Lines"),
        )
        with self._window(self.admin) as window:
            for record, text in records:
                with self.subTest(record=record):
                    self._open(window, f"/odoo/{record._name}/{record.id}", text)

    def test_settings(self):
        # the test company has taxes on payments; the page would complain of it, and of
        # an app's price lists that nobody uses
        self.company.tax_exigibility = True
        self.env["product.pricelist"].search([]).active = False
        with self._window(self.admin) as window:
            self._open(window, "/odoo/settings", "Settings")
