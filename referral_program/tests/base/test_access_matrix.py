"""Each right and each public method of the addon is in a table that somebody read.

`make access` writes the table anew: read what changed before you commit it.
"""

import os

from odoo import Command
from odoo.tests import new_test_user, tagged

from . import matrix
from .test_sight import TwoCompaniesCase

#: The roles, and their groups; in a company of their own for the last one.
GROUPS = {
    "administrator": "referral_program.group_administrator",
    "officer": "referral_program.group_officer",
    "accountant": "referral_program.group_accountant",
    "auditor": "referral_program.group_auditor",
    "reader": "referral_program.group_reader",
    "integration": "referral_program.group_integration",
    "employee": "base.group_user",
    "portal": "base.group_portal",
    "public": "base.group_public",
}
FOREIGN = "foreign administrator"


@tagged("post_install", "-at_install")
class TestAccessMatrix(TwoCompaniesCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(
                cls.env,
                f"matrix_{role}",
                groups,
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for role, groups in GROUPS.items()
        }
        cls.users[FOREIGN] = cls.intruders["administrator"]
        cls._request(10_000)
        cls.env["referral.document"].create(
            {"participant_id": cls.participant.id, "name": "Paper"}
        )
        cls.program.action_new_event_secret()
        cls.program.event_url = "https://panel.example.com/events"
        cls.env["referral.event"]._record("participant.joined", cls.participant)
        cls.program.action_check_integrity()
        cls.program.accrual_ids.action_make_audit_file()

    def _sample(self, model):
        """Return a record of the first company, or of all; maybe there is none."""
        records = self.env[model]
        if records._abstract:
            return records
        return self._foreign(model) or records.search([], limit=1)

    def _arguments(self, model, method):
        """Return what a method is called with."""
        client = self.participant.partner_id.id
        given = {
            "agreements": [],
            "hand_in": [client, "passport_number", "AB 1234567"],
            "join": [client, "individual", "resident"],
            "register_referral": ["key", self.participant.code, client],
            "statement_file": [client, 1],
            "add_account": [client, "GB82WEST12345698765432"],
            "withdraw": ["key", client, "10000", "USD", self.account.id],
            "cancel_withdrawal": ["key", client, 1],
            "pay_invoice": ["key", client, 1, "1", "USD"],
            "action_open_figure": ["participants"],
        }
        api = [client] if model == "referral.api" else []
        return given.get(method, api)

    def _rows(self):
        for model in matrix.names_of_models(self.env):
            row = [matrix.rights(self.env, model, user) for user in self.users.values()]
            yield [model, "", *row]
        for model, method in matrix.public_methods(self.env):
            record = self._sample(model)
            arguments = self._arguments(model, method)
            row = [
                matrix.answer(record, method, user, arguments)
                for user in self.users.values()
            ]
            yield [model, method, *row]

    def test_nobody_may_do_what_the_table_does_not_say(self):
        with self.on("2026-03-06"):
            found = matrix.text(self._rows(), self.users)
        if os.environ.get("REFERRAL_WRITE_ACCESS"):
            matrix.FILE.write_text(found)
        self.assertEqual(found, matrix.FILE.read_text(), "make access, and read it")
