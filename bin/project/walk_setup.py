"""What an administrator comes for in a new database, step by step."""

import re

from .walk_staff import close_month

#: Reads what was mailed to somebody.
READ_MAIL = """async address => {
    const answer = await fetch("/web/dataset/call_kw/mail.mail/search_read", {
        method: "POST",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify({params: {
            model: "mail.mail",
            method: "search_read",
            args: [[["recipient_ids.email", "=", address],
                    ["body_html", "like", "/web/signup"]]],
            kwargs: {fields: ["body_html"], order: "id desc"},
        }}),
    });
    return (await answer.json()).result.map(mail => mail.body_html);
}"""


def install(walker):
    """Install the addon, and make the program."""
    walker.open("/odoo/apps")
    walker.fill(".o_searchview_input", "referral_program")
    walker.page.keyboard.press("Enter")
    walker.rest()
    card = walker.find(".o_kanban_record", "Referral Program")
    card.locator("button[name=button_immediate_install]").click()
    walker.taken.clicks += 1
    walker.page.wait_for_event("load", timeout=600_000)
    walker.rest()
    walker.click(".o_navbar_apps_menu button")
    walker.click(".o-dropdown--menu a", "Referral Program")
    walker.click(".o_view_nocontent a")
    walker.press("action_create_referral_program")
    walker.see(".o_referral_step")


def hire(walker, name, role):
    """Make a colleague's account with a role; the password is the login."""
    login = f"{name}@example.com"
    walker.open("/odoo/users/new")
    walker.taken.clicks += 3
    walker.field("name", name.title())
    walker.field("login", login)
    walker.pick(
        ".o_wrap_label:has-text('Referral Program') + .o_wrap_input input", role
    )
    walker.click(".o_form_button_save")
    walker.click(".o_cp_action_menus button")
    walker.click(".o-dropdown--menu .o_menu_item", "Change Password")
    walker.click(".modal .o_data_row td[name=new_passwd]")
    walker.fill(".modal td[name=new_passwd] input", login)
    walker.press("change_password_button")
    return login


def decide(walker, officer, accountant, first_day):
    """Decide what the first steps ask an administrator for, one after the other."""
    _open(walker, "Country and time zone")
    walker.field("country_id", "Russian Federation")
    walker.pick(".modal .o_field_widget[name=tz] input", "Europe/Moscow")
    walker.confirm()
    _open(walker, "Officer and accountant")
    walker.field("officer_id", officer)
    walker.field("responsible_id", accountant)
    walker.confirm()
    for step in ("Journals and accounts", "Payments and bonuses"):
        _open(walker, step)
        walker.confirm()
    _open(walker, "Rate, first day and minimum withdrawal")
    walker.click(".modal .o_data_row td[name=date_from]")
    walker.field("date_from", first_day)
    walker.confirm()
    walker.confirm()
    for step in ("Agreements", "Participant types and documents", "Working calendar"):
        _open(walker, step)
        walker.menu("referral_dashboard_action")
        _step(walker, step).locator("button.btn-primary").click()
        walker.taken.clicks += 1
        walker.rest()
        walker.see(".o_referral_step:has(.fa-check-circle)", step)


def _open(walker, step):
    """Open what a step asks for, from the dashboard."""
    if not walker.has(".o_referral_dashboard .o_referral_step"):
        walker.menu("referral_dashboard_action")
    _step(walker, step).locator("button.btn-secondary").click()
    walker.taken.clicks += 1
    walker.rest()


def _step(walker, step):
    return walker.find(".o_referral_step", step)


def enroll(walker, client, kind):
    """Enroll a client, and invite them to the portal."""
    _open(walker, "First participant active")
    walker.click(".o_list_button_add")
    walker.field("partner_id", client)
    walker.field("type_id", kind)
    walker.press("action_invite")
    walker.click(".modal button[name=action_grant_access]")
    walker.see(".o_form_view")


def invited(walker, address):
    """Return the link of the invitation that somebody got by mail."""
    bodies = walker.page.evaluate(READ_MAIL, address)
    link = re.search(r'href="[^"]*(/web/signup[^"]*)"', bodies[0])[1]
    return link.replace("&amp;", "&")


def accept(walker, link):
    """Follow an invitation: choose a password."""
    walker.open(link)
    for name in ("password", "confirm_password"):
        walker.fill(f"input[name={name}]", "a long password")
    walker.click("form button[type=submit]")


def refer(walker, client, participant, first_day):
    """Register whom a participant brought."""
    walker.menu("referral_referral_action")
    walker.click(".o_list_button_add")
    walker.field("partner_id", client)
    walker.field("participant_id", participant)
    walker.field("date_start", first_day)
    walker.click(".o_form_button_save")
    walker.state("active")


def post(walker):
    """Post the first month, from the first steps."""
    _open(walker, "First month posted")
    close_month(walker)
    walker.menu("referral_dashboard_action")
    walker.see(".o_referral_dashboard .row")
