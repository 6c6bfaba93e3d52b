"""Which pictures README and docs show: who logs in, where they go, what they do there.

A page is an address that begins with a slash, or the external id of an action of the
addon. Its steps are pairs of what is done and with what; see ``Photographer`` in
``screenshots.py``.
"""

import re
from dataclasses import dataclass

from . import paths
from .shell import SetupError

#: Width and height of the window.
DESK = (1360, 850)
PAGE = (1000, 850)
PHONE = (390, 844)


@dataclass(frozen=True)
class Page:
    """Where a picture is taken.

    :ivar str where: an address, or an action's external id
    :ivar tuple steps: what is done there before
    :ivar bool whole: from the page's top, whatever has been scrolled to
    """

    where: str
    steps: tuple = ()
    whole: bool = False


@dataclass(frozen=True)
class Picture:
    """A picture; several pages stand beside each other.

    :ivar str name: the file's name without its suffix
    :ivar role: the login of the demo, None for a visitor
    :ivar tuple pages: of ``Page``
    :ivar tuple size: of the window
    """

    name: str
    role: str | None
    pages: tuple
    size: tuple = DESK


def of(name, role, where, *steps, size=DESK, whole=False):
    """Return a picture of one page."""
    return Picture(name, role, (Page(where, steps, whole),), size)


def row(text):
    """Return the step that opens a row of a list."""
    return ("click", ".o_data_row .o_data_cell", text)


FIRST_ROW = ("click", ".o_data_row:nth-child(1) .o_data_cell")
#: The client whose lines are looked at, and who has brought them.
PARTICIPANT = "Baltic Web Studio LLC"

PICTURES = (
    # === participants === #
    of("overview", "participant1", "/my/referral", size=(1000, 1150), whole=True),
    of("billing", "participant1", "/my/referral/billing",
       ("click", ".o_referral_month a.fw-bold"), size=(1000, 900)),
    of("withdraw", "participant1", "/my/referral/withdraw", size=PAGE),
    of("withdraw-confirm", "participant1", "/my/referral/withdraw",
       ("fill", "#amount", "12000"), ("click", "#wrap form button[type=submit]"),
       ("wait", "#referral_confirm"), size=(1000, 560)),
    of("pay-invoice", "participant1", "/my/referral",
       ("click", "a.btn", "Pay with balance"), ("wait", "#amount"), size=(1000, 480)),
    of("referrals", "participant1", "/my/referral/referrals", size=(1000, 620)),
    of("materials", "participant1", "/my/referral/materials", size=PAGE),
    of("claim", "participant1", "/my/referral/claim", size=(1000, 440)),
    of("landing", "newcomer", "/my/referral", size=(1000, 520)),
    of("sign-up-code", None, "/web/signup", size=(1000, 620)),
    Picture("join-phone", "newcomer", (
        Page("/my/referral/join?entity_type=individual&residency=nonresident"
             "&tax_residency=yes", whole=True),), (390, 1520)),
    # === officers === #
    of("verification-queue", "officer", "referral_participant_verification_action"),
    of("verification", "officer", "referral_participant_verification_action",
       ("click", ".o_kanban_record, .o_data_row", "Kuznetsova"),
       ("wait", ".o_form_view")),
    of("participants", "officer", "referral_participant_action"),
    of("refusals", "officer", "referral_refusal_action"),
    of("referral-list", "officer", "referral_referral_action"),
    # === accountants === #
    of("dashboard", "accountant", "referral_dashboard_action"),
    of("accrual", "accountant", "referral_accrual_action", FIRST_ROW,
       ("wait", ".o_form_view")),
    of("withdrawals", "accountant", "referral_withdrawal_action"),
    of("withdrawal", "accountant", "referral_withdrawal_action", row("WD/"),
       ("wait", ".o_form_view")),
    of("invoice", "accountant", "referral_accrual_line_action",
       ("click", ".o_data_row .o_data_cell"), ("wait", ".o_form_view"),
       ("click", ".o_field_widget[name=move_id] a, .o_external_button")),
    of("statements", "accountant", "referral_statement_action"),
    of("payouts", "accountant", "referral_payout_action"),
    of("compensation-register", "accountant", "referral_compensation_register_action"),
    of("print-report", "accountant", "referral_report_action", ("wait", ".modal")),
    of("program-cost", "accountant", "referral_program_cost_action"),
    of("forecast", "accountant", "referral_forecast_open_action"),
    of("simulator", "accountant", "referral_simulation_action",
       ("fill", ".o_field_widget[name=rate] input", "10"),
       ("click", "button[name=action_simulate]")),
    # === auditors === #
    of("analysis", "auditor", "referral_accrual_line_analysis_action"),
    of("evidence", "auditor", "referral_accrual_line_action"),
    of("why-ask", "auditor", "referral_explain_action", ("wait", ".modal")),
    of("why", "auditor", "referral_explain_action",
       ("click", ".modal button[name=action_explain]"), ("wait", ".o_list_view")),
    of("why-line", "auditor", "referral_explain_action",
       ("click", ".modal button[name=action_explain]"),
       ("wait", ".o_list_view"), FIRST_ROW, ("wait", ".o_form_view")),
    of("excluded", "auditor", "referral_explain_excluded_action",
       ("click", ".modal button[name=action_explain]"),
       ("wait", ".o_action .o_content")),
    of("roll-forward", "auditor", "referral_rollforward_action",
       ("click", ".modal button[name=action_show]"),
       ("wait", ".o_form_view .o_data_row")),
    of("movements", "auditor", "referral_liability_movement_action"),
    of("integrity", "auditor", "referral_integrity_run_action", FIRST_ROW,
       ("wait", ".o_form_view")),
    of("hash-chain", "auditor", "referral_hash_chain_action"),
    of("audit-file", "auditor", "referral_accrual_action", FIRST_ROW,
       ("wait", "button[name=action_make_audit_file]")),
    of("document-readings", "auditor", "referral_document_reading_action"),
    # === administrators === #
    of("program", "admin", "referral_program_action", FIRST_ROW,
       ("wait", ".o_form_view")),
    of("terms", "admin", "referral_program_terms_action", FIRST_ROW,
       ("wait", ".o_form_view")),
    of("participant-type", "admin", "referral_participant_type_action",
       row("Individual, resident"), ("wait", ".o_form_view")),
    of("agreements", "admin", "referral_agreement_action"),
    of("settings", "admin", "res_config_settings_action"),
    Picture("phone", "accountant", (
        Page("referral_accrual_action", (("click", ".o_kanban_record"),
                                         ("wait", ".o_form_view"))),
        Page("referral_participant_action"),
        Page("referral_program_action", (("click", ".o_kanban_record"),
                                         ("wait", ".o_form_view"))),
        Page("referral_accrual_action"),
    ), PHONE),
)  # fmt: skip


def chosen(names):
    """Return the pictures with these names, all if there are none."""
    return [p for p in PICTURES if not names or p.name in names]


def require(names):
    """Refuse names that no picture has.

    :raise SetupError: naming them
    """
    unknown = set(names) - {picture.name for picture in PICTURES}
    if unknown:
        raise SetupError(
            f"there is no picture {', '.join(sorted(unknown))}",
            "choose from bin/project/pictures.py",
        )


def misfits():
    """Return the names of pictures that are not all three: shown, taken and kept.

    Those of Odoo's page of the addon have to be copies.
    """
    texts = [paths.ROOT / "README.md", *paths.ROOT.glob("docs/*.md")]
    shown = {
        name
        for text in texts
        for name in re.findall(r"\(\S*images/(\S+)\.png\)", text.read_text("utf-8"))
    }
    taken = {picture.name for picture in PICTURES}
    kept = {file.stem for file in paths.ROOT.glob("docs/images/*")}
    misfits = (shown | taken | kept) - (shown & taken & kept)
    misfits |= {
        file.stem
        for file in on_apps_page()
        if file.stem not in kept or file.read_bytes() != path(file.stem).read_bytes()
    }
    return sorted(misfits)


def path(name):
    """Return the file of a picture."""
    return paths.ROOT / "docs" / "images" / f"{name}.png"


def on_apps_page():
    """Return the copies of pictures that Odoo's page of the addon shows."""
    files = (paths.ADDON / "static" / "description").glob("*.png")
    return [file for file in files if file.name != "icon.png"]
