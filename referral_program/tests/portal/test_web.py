"""The back office in a real browser: every view opens without an error."""

from odoo.tests import HttpCase, tagged

from ..common import JoiningCase

#: Each action with its views and a text that has to be there.
VIEWS = {
    "referral_participant_action": {"list": "Web Participant", "kanban": "Web"},
    "referral_referral_action": {"list": "Web Client"},
    "referral_accrual_action": {"list": "January 2026", "kanban": "January 2026"},
    "referral_compensation_action": {"list": "Web Participant"},
    "referral_accrual_line_action": {"list": "INV/2026", "pivot": "90", "graph": ""},
    "referral_program_action": {"list": "Referral Program", "kanban": "Referral"},
    "referral_program_terms_action": {"list": "Referral Program"},
    "referral_participant_type_action": {"list": "Legal entity, resident"},
    "referral_participant_verification_action": {
        "kanban": "Waiting",
        "list": "Waiting",
    },
    "referral_document_action": {"list": "Form 26.2-1"},
    "referral_agreement_action": {"list": "Participation agreement"},
    "referral_acceptance_action": {"list": "Waiting"},
    "referral_refusal_action": {"list": "same company"},
    "referral_visit_action": {"graph": "", "list": "Waiting"},
    "referral_document_reading_action": {"list": "Form 26.2-1"},
    "referral_document_destruction_action": {"list": "ACT/"},
}
RENDERED = ".o_list_renderer, .o_kanban_renderer, .o_pivot table, .o_graph_renderer, \
.o_form_view"


@tagged("post_install", "-at_install")
class TestWeb(JoiningCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.env.ref("base.user_admin").write(
            {
                "company_ids": [(4, self.company.id)],
                "company_id": self.company.id,
            }
        )
        self.participant = self._participant("Web Participant")
        self.client = self._partner("Web Client")
        self.referral = self._referral(self.participant, self.client)
        self.invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(self.invoice, "2026-01-12")
        self.accrual = self._accrue("2026-01")
        self.waiting = self._submitted(partner=self._partner("Waiting"))
        self.document = self.waiting.document_ids[0]
        self.document._log_reading("view")
        self.document.sudo()._leave_act("by test")
        self.env["referral.visit"]._count(self.waiting)
        self.env["referral.referral"]._bind(
            self.waiting, self.waiting.partner_id, "link"
        )

    def _open(self, path, text=""):
        """Open a page, wait until its view is there, and look for a text."""
        code = f"""
            const waitFor = async () => {{
                for (let i = 0; i < 200; i++) {{
                    await new Promise((done) => setTimeout(done, 50));
                    const error = document.querySelector(".o_error_dialog");
                    if (error) {{
                        throw new Error(error.textContent);
                    }}
                    const view = document.querySelector(`{RENDERED}`);
                    if (view && document.body.innerText.includes({text!r})) {{
                        console.log("test successful");
                        return;
                    }}
                }}
                throw new Error("not there: " + {text!r} + " in "
                    + document.body.innerText.slice(0, 2000));
            }};
            waitFor();
        """
        self.browser_js(path, code, "document.readyState === 'complete'", "admin")

    def test_lists_kanbans_pivot_and_graph(self):
        for action, views in VIEWS.items():
            for view, text in views.items():
                with self.subTest(action=action, view=view):
                    self._open(
                        f"/odoo/action-referral_program.{action}?view_type={view}", text
                    )

    def test_forms(self):
        for record, text in (
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
        ):
            with self.subTest(record=record):
                self._open(f"/odoo/{record._name}/{record.id}", text)

    def test_settings(self):
        # the test company has taxes on payments; the page would complain of it
        self.company.tax_exigibility = True
        self._open("/odoo/settings", "Settings")
