"""Prepares the demo for its pictures; runs inside Odoo's shell."""

ADDRESS = "https://cloud.example.com"
#: Somebody who has not joined: the login, which is the password, and the name.
NEWCOMER = ("newcomer", "Petr Novikov")


def main(env):
    """Let links lead to the provider, let visitors sign up, let somebody be new."""
    parameters = env["ir.config_parameter"]
    parameters.set_param("web.base.url", ADDRESS)
    parameters.set_param("web.base.url.freeze", "True")
    parameters.set_param("auth_signup.invitation_scope", "b2c")
    company = env.ref("referral_program.demo_company")
    login, name = NEWCOMER
    env["res.users"].with_context(no_reset_password=True).create(
        {
            "login": login,
            "password": login,
            "name": name,
            "email": "petr.novikov@example.com",
            "group_ids": [(6, 0, env.ref("base.group_portal").ids)],
            "company_id": company.id,
            "company_ids": [(6, 0, company.ids)],
        }
    )
    env.cr.commit()
