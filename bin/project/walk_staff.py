"""What officers, accountants and auditors come for, step by step."""

from .walking import ROW

#: Closes a dialog; in a narrow window it is an arrow.
CLOSE = ".modal .btn-close, .modal header .oi-arrow-left"
DOCUMENTS = (
    ".o_field_widget[name=document_ids] "
    ":is(.o_data_row, .o_kanban_record:not(.o_kanban_ghost))"
)


def reject(walker, name, reason):
    """Look at a participant's document and reject it with a reason."""
    walker.menu("referral_participant_verification_action")
    walker.row(name)
    _read(walker, walker.find(DOCUMENTS))
    walker.click(f"{DOCUMENTS} button[name=action_reject]")
    walker.field("reason", reason)
    walker.confirm()
    walker.see(DOCUMENTS, reason)


def _read(walker, document):
    # where no button is
    document.click(position={"x": 30, "y": 15})
    walker.taken.clicks += 1
    walker.rest()
    walker.click(CLOSE)


def verify(walker, name):
    """Look at each of a participant's documents and approve them."""
    walker.menu("referral_participant_verification_action")
    walker.row(name)
    rows = walker.page.locator(DOCUMENTS)
    for number in range(rows.count()):
        if rows.nth(number).locator("button[name=action_approve]").count():
            _read(walker, rows.nth(number))
    walker.press("action_approve_documents")
    walker.state("active")


def move(walker, client, participant):
    """Move a referral to whom it belongs, after reading what that moves."""
    walker.menu("referral_referral_action")
    walker.row(client)
    # the one that opens a form of its own
    walker.press_one(
        ":is(.o_statusbar_buttons, .o-dropdown--menu) button[name]:not([name^=action_])"
    )
    walker.field("participant_id", participant)
    walker.field("reason", "The client says so")
    walker.confirm()
    walker.see(".o_field_widget[name=participant_id]")


def accrue(walker):
    """Compute the month that is over, review it and post it."""
    walker.menu("referral_program_action")
    walker.row()
    close_month(walker)


def close_month(walker):
    """Compute the month from the program's page, review it and post it."""
    walker.press("action_accrue_next")
    walker.confirm()
    if walker.has("button[name=action_post]"):
        walker.click(".o_notebook .nav-link[name=review]")
        walker.press("action_post")
        if walker.has(".modal footer"):
            walker.confirm()
    walker.state("posted")


def trust(walker, name):
    """Say that an account was checked: whoever does so does not approve."""
    walker.menu("referral_withdrawal_action")
    walker.row(name)
    walker.press("action_trust_account")
    walker.confirm()


def pay_out(walker, name):
    """Approve a withdrawal, bill it and register the payment."""
    walker.menu("referral_withdrawal_action")
    walker.row(name)
    if walker.has("button[name=action_approve]"):
        walker.press("action_approve")
    walker.press("action_bill")
    walker.state("billed")
    walker.press("action_pay")
    walker.confirm()
    # Odoo shows the payment: one step back is what it paid
    walker.click(".o_back_button")
    walker.state("paid")


def answer(walker):
    """Answer a participant's question."""
    walker.menu("referral_question_action")
    walker.row()
    walker.click(".o-mail-Chatter-sendMessage")
    walker.fill(".o-mail-Composer-input", "The client has not paid yet.")
    walker.click(".o-mail-Composer-send")
    walker.see(".o-mail-Message", "The client has not paid yet.")
    walker.state("answered")


def trace(walker):
    """Follow a kopeck from a compensation to its evidence and to the invoice."""
    walker.menu("referral_accrual_action")
    walker.row()
    walker.press("action_view_lines")
    walker.row()
    walker.click(".o_field_widget[name=move_id] a")
    walker.see(".o_form_view .o_field_widget[name=invoice_line_ids]")


def prove(walker):
    """Read an integrity check and take the audit file along."""
    walker.menu("referral_integrity_run_action")
    walker.row()
    walker.see(".o_form_view .o_data_row")
    walker.menu("referral_accrual_action")
    walker.row()
    with walker.page.expect_download():
        walker.press("action_make_audit_file")
        if walker.has(".modal footer"):
            walker.confirm()


def look_around(walker, actions):
    """Read lists, and the first form of each."""
    for action in actions:
        walker.menu(action)
        if walker.has(ROW):
            walker.row()
