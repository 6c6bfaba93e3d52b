"""Prepares a database for the walk; runs inside Odoo's shell."""

from dateutil.relativedelta import relativedelta

#: Who has an account already: login, which is the password, and language. Whoever has
#: a role of the addon is staff.
PORTAL = {"anna": "en_US", "anna_ru": "ru_RU", "firm": "en_US", "firm_ru": "ru_RU",
          "colleague": "en_US", "colleague_ru": "ru_RU"}  # fmt: skip
#: A portal user of the same company as another one.
COLLEAGUES = {"colleague": "firm", "colleague_ru": "firm_ru"}
STAFF = ("officer", "accountant", "auditor")
ROLE = "referral_program.group_"


def main(env):
    """Have Russian there, and people who log in: each password is the login."""
    env["res.lang"]._activate_lang("ru_RU")
    modules = env["ir.module.module"].search([("state", "=", "installed")])
    modules._update_translations(["ru_RU"])
    env["ir.config_parameter"].set_param("auth_signup.invitation_scope", "b2c")
    company = env.ref("referral_program.demo_company")
    accrue(env.ref("referral_program.demo_program"))
    for login, lang in PORTAL.items():
        make(env, company, login, lang, env.ref("base.group_portal"))
    find(env, "participant2").lang = "ru_RU"
    for login, boss in COLLEAGUES.items():
        find(env, login).partner_id.parent_id = find(env, boss).partner_id
    for role in STAFF:
        for login, lang in ((role, "en_US"), (f"{role}_ru", "ru_RU")):
            make(env, company, login, lang, env.ref(f"{ROLE}{role}"))
    env.cr.commit()


def accrue(program):
    """Accrue the months that are over but the last one, which is left to people."""
    last = program._today().replace(day=1) - relativedelta(months=1)
    while program.next_period < last:
        program._accrue(program.next_period)
        program.env.cr.commit()
        program.invalidate_recordset()
    program.env["referral.statement"]._cron_statements()
    program._cron_check_integrity()


def find(env, login):
    return env["res.users"].search([("login", "=", login)])


def make(env, company, login, lang, group):
    """Make a user, if there is none of that login."""
    if find(env, login):
        return
    env["res.users"].with_context(no_reset_password=True).create(
        {
            "login": login,
            "password": login,
            "name": login.replace("_", " ").title(),
            "email": f"{login}@{login.replace('_', '-')}.example.com",
            "lang": lang,
            "tz": "Europe/Moscow",
            "group_ids": [(6, 0, group.ids)],
            "company_id": company.id,
            "company_ids": [(6, 0, company.ids)],
        }
    )
