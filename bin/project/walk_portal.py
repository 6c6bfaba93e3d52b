"""What participants and visitors come for, step by step."""

from .walking import file

PAPERS = ".o_referral_form input[type=file]"


def tab(walker, path):
    """Open one of the participant's pages."""
    walker.click(f".o_referral_tabs a[href$='/my/referral{path}']")


def join(walker, entity, residency="resident", **company):
    """Join: who one is, the documents, the agreements."""
    walker.open("/my/referral")
    walker.click("#referral_sign_up")
    walker.choose("#entity_type", entity)
    walker.choose("#residency", residency)
    for name, text in company.items():
        walker.fill(f"input[name={name}]", text)
    papers = walker.page.locator(PAPERS).filter(visible=True)
    for number in range(papers.count()):
        papers.nth(number).set_input_files(file())
        walker.taken.clicks += 1
    texts = walker.page.locator(
        ".o_referral_form input[type=text]:not([name=company_name]):not([name=vat])"
    ).filter(visible=True)
    for number in range(texts.count()):
        texts.nth(number).fill(f"AB {1234567 + number}")
    ticks = walker.page.locator(".o_referral_form input[type=checkbox]")
    for number in range(ticks.count()):
        ticks.nth(number).check()
        walker.taken.clicks += 1
    walker.click(".o_referral_form button[value=submit]")
    walker.see(".o_referral_state")


def upload_again(walker):
    """Read why a document was rejected, and hand in another one."""
    walker.open("/my/referral")
    walker.click(".alert a[href$='/my/referral/join']")
    papers = walker.page.locator(PAPERS).filter(visible=True)
    papers.first.set_input_files(file())
    walker.taken.clicks += 1
    walker.click(".o_referral_form button[value=submit]")
    walker.see(".o_referral_state")


def get_link(walker):
    """Copy the link, and give a blog one of its own.

    :return str: the path of the link
    """
    walker.open("/my/referral")
    walker.click(".o_referral_copy")
    link = walker.find("input.o_referral_link").input_value()
    tab(walker, "/links")
    walker.fill("#name", f"blog{len(walker.where)}")
    walker.click("form[action$='/my/referral/links'] button[type=submit]")
    walker.see("a[href*='link=blog']")
    return "/referral/" + link.rpartition("/")[2]


def withdraw(walker, amount):
    """Have money paid out to a new account."""
    walker.open("/my/referral")
    tab(walker, "/withdraw")
    walker.fill("#amount", amount)
    if walker.has("#account_new"):
        walker.click("label[for=account_new]")
    walker.fill("#number", "40702810100000000004")
    walker.fill("#bic", "044525225")
    walker.click(".o_referral_withdraw form button.btn-primary")
    walker.click("#referral_confirm")
    walker.see(".o_referral_withdrawals .badge")


def pay_invoice(walker):
    """Pay an own invoice from the balance."""
    walker.open("/my/referral")
    walker.click("a[href*='/my/referral/pay/']")
    walker.click(".o_referral_pay form button.btn-primary")
    walker.click("#referral_confirm")
    walker.see(".o_portal_invoice_sidebar")


def ask_why(walker):
    """Find out why a month gave what it did, and ask about it."""
    walker.open("/my/referral")
    tab(walker, "/billing")
    walker.click("a[href*='/my/referral/why/']")
    walker.click("a[href$='/ask']")
    walker.fill("textarea", f"Why so little? {walker.where}")
    walker.click("form[action*='/ask'] button[type=submit]")
    walker.see("form[action*='/my/referral/questions/'] textarea")


def look_around(walker):
    """Read the pages that are left."""
    walker.open("/my/referral")
    for page in ("/referrals", "/materials", "/people"):
        tab(walker, page)
    walker.open("/my/referral/questions")
    walker.open("/my/referral/claim")


def add_person(walker, login):
    """Let a colleague see the figures."""
    walker.open("/my/referral")
    tab(walker, "/people")
    walker.fill("#login", login)
    walker.choose("form[action$='/my/referral/people'] #role", "viewer")
    walker.click("form[action$='/my/referral/people'] button[type=submit]")
    walker.see(".o_referral_person:nth-child(2)")


def follow(walker, link, login):
    """Follow a link, read what it is about, and sign up."""
    walker.open(link)
    walker.click("a[href*='/web/signup']")
    for name in ("login", "name"):
        walker.fill(f".oe_signup_form input[name={name}]", login)
    for name in ("password", "confirm_password"):
        walker.fill(f".oe_signup_form input[name={name}]", "a long password")
    walker.click(".oe_signup_form button[type=submit]")
    walker.see(".o_portal_my_home, .o_portal_docs, .o_portal")
