"""The people who log in; as in all of Odoo's demo, the password is the login."""

from odoo import Command

from .part import Part

#: login: (name or partner, group)
STAFF = {
    "accountant": ("Tatiana Volkova", "referral_program.group_accountant"),
    "auditor": ("Sergey Antonov", "referral_program.group_auditor"),
    "officer": ("Natalia Lebedeva", "referral_program.group_officer"),
}
PARTICIPANTS = {"participant1": "contact_baltic", "participant2": "client_sokolov"}


class Users(Part):
    """Staff, and participants in the portal."""

    def make_users(self):
        self.make(
            "res.users",
            {
                f"user_{login}": {
                    **self._prepare_user_vals(login, group),
                    "name": name,
                    "email": f"{login}@northern-cloud.example.com",
                }
                for login, (name, group) in STAFF.items()
            },
        )
        self.make(
            "res.users",
            {
                f"user_{login}": {
                    **self._prepare_user_vals(login, "base.group_portal"),
                    "partner_id": self.record(partner).id,
                }
                for login, partner in PARTICIPANTS.items()
            },
        )
        self.env.ref("base.user_admin").write(
            {
                "company_ids": [Command.link(self.env.company.id)],
                "company_id": self.env.company.id,
            }
        )

    def _prepare_user_vals(self, login, group):
        return {
            "login": login,
            "password": login,
            "group_ids": [Command.set(self.env.ref(group).ids)],
            "company_id": self.env.company.id,
            "company_ids": [Command.set(self.env.company.ids)],
            "tz": "Europe/Moscow",
        }
