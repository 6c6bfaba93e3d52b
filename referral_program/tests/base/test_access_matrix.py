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
#: What wizards are about.
NAMED = {
    "account.move",
    "referral.document",
    "referral.participant",
    "referral.program",
    "referral.referral",
    "referral.withdrawal",
}


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
        cls.env["referral.question"]._ask(cls.participant, cls.program.accrual_ids, "?")
        cls.program.accrual_ids._make_statements()
        with cls.on("2026-03-05"):
            cls.env["referral.redemption"]._redeem(
                cls.participant, cls._own_invoice(), 100
            )
        cls.env["referral.integrity.finding"].sudo().create(
            {
                "run_id": cls.env["referral.integrity.run"].search([], limit=1).id,
                "check_name": "balance_ledger",
                "res_model": "referral.participant",
                "res_id": cls.participant.id,
            }
        )

    @classmethod
    def _own_invoice(cls):
        partner = cls.participant.partner_id
        return cls._invoice(partner, "2026-02-10", [cls._line(500)])

    def _sample(self, model, user=None):
        """Return a record of the first company, or of all; a wizard of the user's."""
        records = self.env[model]
        if records._abstract:
            return records
        if records._transient:
            return self._wizard(model, user)
        return self._foreign(model) or records.search([], limit=1)

    def _wizard(self, model, user):
        """Return a user's wizard, or a line of its answer, about the first company.

        In it is whatever a form can name; whether the user may is for the methods.
        """
        # sudo: as if somebody got past the form
        wizards = self.env[model].with_user(user).sudo()
        fields = wizards._fields.items()
        return wizards.create(
            {name: self._value(f, user) for name, f in fields if self._is_typed(f)}
        )

    def _is_typed(self, field):
        named = (field.comodel_name or "") in NAMED and not field.related
        left_out = field.compute or field.default
        return field.store and not left_out and (field.required or named)

    def _value(self, field, user):
        """Return what is typed into a field."""
        if field.type == "many2one":
            return self._sample(field.comodel_name, user).id
        if field.relational:
            return [Command.set(self._sample(field.comodel_name, user).ids)]
        if field.type == "selection":
            return field.get_values(self.env)[0]
        return {"date": "2026-02-28", "char": "Why not"}.get(field.type, 1)

    def _arguments(self, model, method):
        """Return what a method is called with."""
        client = self.participant.partner_id.id
        own = [("participant_id", "=", self.participant.id)]
        statement = self.env["referral.statement"].search(own, limit=1).id
        withdrawal = self.env["referral.withdrawal"].search(own, limit=1).id
        known = {
            "agreements": [],
            "hand_in": [client, "passport_number", "AB 1234567"],
            "join": [client, "individual", "resident"],
            "register_referral": ["key", self.participant.code, client],
            "statement_file": [client, statement],
            "add_account": [client, "GB82WEST12345698765432"],
            "withdraw": ["key", client, "10000", "USD", self.account.id],
            "cancel_withdrawal": ["key", client, withdrawal],
            "pay_invoice": ["key", client, 1, "1", "USD"],
            "action_open_figure": ["participants"],
        }
        api = [client] if model == "referral.api" else []
        return known.get(method, api)

    def _rows(self):
        for model in matrix.names_of_models(self.env):
            row = [matrix.rights(self.env, model, user) for user in self.users.values()]
            yield [model, "", *row]
        for model, method in matrix.public_methods(self.env):
            arguments = self._arguments(model, method)
            row = [
                matrix.answer(self._sample(model, user), method, user, arguments)
                for user in self.users.values()
            ]
            yield [model, method, *row]

    def test_nobody_may_do_what_the_table_does_not_say(self):
        with self.on("2026-03-06"):
            found = matrix.text(self._rows(), self.users)
        if os.environ.get("REFERRAL_WRITE_ACCESS"):
            matrix.FILE.write_text(found)
        self.assertEqual(found, matrix.FILE.read_text(), "make access, and read it")
