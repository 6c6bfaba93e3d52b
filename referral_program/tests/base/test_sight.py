"""Nobody names a record that they cannot see, and so learns or moves what is in it."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..balance.test_withdrawals import MoneyCase

MAGIC_COLUMNS = {"create_uid", "write_uid"}
ROLES = ("auditor", "officer", "accountant", "administrator")


class TwoCompaniesCase(MoneyCase):
    """Two companies with a program each; intruders are of the second one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.setup_other_company()["company"]
        cls.other_program = cls._program(cls.other)
        cls.guest = cls._participant("Guest", cls.other_program)
        cls.intruders = {
            role: new_test_user(
                cls.env,
                f"intruder_{role}",
                f"referral_program.group_{role}",
                company_id=cls.other.id,
                company_ids=[Command.set(cls.other.ids)],
            )
            for role in ROLES
        }

    def _of_intruder(self, role, records):
        return records.with_user(self.intruders[role]).with_context(
            allowed_company_ids=self.other.ids
        )

    def setUp(self):
        super().setUp()
        self.found = {}  # by model: looking for them takes long

    def _foreign(self, model):
        """Return a record of the first company that intruders may not read."""
        if model not in self.found:
            self.found[model] = self._find_foreign(model)
        return self.found[model]

    def _find_foreign(self, model):
        intruder = self.intruders["administrator"]
        records = self.env[model].sudo().with_context(active_test=False)
        for record in records.search([], order="id desc", limit=20):
            if not record.with_user(intruder).has_access("read"):
                return record
        return records.browse()


@tagged("post_install", "-at_install")
class TestSight(TwoCompaniesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._request(10_000)
        cls.env["referral.document"].create(
            {"participant_id": cls.participant.id, "name": "Paper"}
        )
        cls.own_type = cls.participant.type_id.copy({"company_id": cls.company.id})

    def _relations(self, model):
        """Yield what a form of a model may name: the field, and a foreign record."""
        for name, field in self.env[model]._fields.items():
            ours = field.relational and not field.comodel_name.startswith("mail.")
            if ours and name not in MAGIC_COLUMNS:
                named = self._foreign(field.comodel_name)
                if named:
                    yield name, field, named

    def _ways(self, field, named):
        """Return the ways in which a request can name a record."""
        if field.type == "many2one":
            return named.id, {"id": named.id}
        return [[4, named.id]], [[6, 0, [named.id]]]

    def _models(self):
        return [
            name
            for name, model in self.env.registry.items()
            if name.startswith("referral.") and not model._abstract
        ]

    def test_there_is_something_to_see(self):
        for model in (
            "referral.accrual",
            "referral.document",
            "referral.participant",
            "referral.participant.type",
            "referral.program",
            "referral.program.terms",
            "referral.referral",
            "referral.withdrawal",
            "account.move",
        ):
            self.assertTrue(self._foreign(model), model)

    def test_no_form_tells_of_what_one_cannot_see(self):
        tried = 0
        for model in self._models():
            spec = {name: {} for name in self.env[model]._fields}
            for name, field, named in self._relations(model):
                for role in ROLES:
                    records = self._of_intruder(role, self.env[model])
                    for value in self._ways(field, named):
                        tried += 1
                        with (
                            self.subTest(model=model, field=name, role=role),
                            self.assertRaises(AccessError),
                        ):
                            records.onchange({name: value}, [name], spec)
                    with (
                        self.subTest(model=model, default=name, role=role),
                        self.assertRaises(AccessError),
                    ):
                        records.with_context(
                            **{f"default_{name}": self._ways(field, named)[-1]}
                        ).onchange({}, [], {"display_name": {}})
        self.assertGreater(tried, 200)

    def test_nothing_is_made_of_what_one_cannot_see(self):
        for model in self._models():
            for role in ROLES:
                records = self._of_intruder(role, self.env[model])
                if not records.has_access("create"):
                    continue
                for name, field, named in self._relations(model):
                    for value in self._ways(field, named):
                        if isinstance(value, dict):
                            continue  # forms only
                        with (
                            self.subTest(model=model, field=name, role=role),
                            # some are refused to everybody, before it is asked whose
                            self.assertRaises(UserError),
                        ):
                            records.create({name: value})

    def test_no_line_of_a_form_tells_either(self):
        programs = self._of_intruder("administrator", self.env["referral.program"])
        line = [0, 0, {"type_id": self.own_type.id}]
        with self.assertRaises(AccessError):
            programs.onchange({"participant_ids": [line]}, ["participant_ids"], {})
        asked = [0, 0, {"type_id": self.own_type.id}]
        kinds = self._of_intruder(
            "administrator", self.env["referral.participant.type"]
        )
        with self.assertRaises(AccessError):
            kinds.onchange({"requirement_ids": [asked]}, ["requirement_ids"], {})

    def test_nothing_that_exists_is_moved_out_of_sight(self):
        for role, name, named in (
            ("officer", "program_id", self.program),
            ("administrator", "program_id", self.program),
            ("administrator", "type_id", self.own_type),
        ):
            own = self._of_intruder(role, self.guest)
            with self.subTest(role=role, field=name):
                with self.assertRaises(AccessError):
                    own.write({name: named.id})
                with self.assertRaises(AccessError):
                    own.onchange({name: named.id}, [name], {"display_name": {}})
        client = self._partner("Their client")
        referral = self._of_intruder("officer", self._referral(self.guest, client))
        with self.assertRaises(AccessError):
            referral.participant_id = self.participant
        terms = self._of_intruder("administrator", self.other_program.terms_ids[:1])
        with self.assertRaises(AccessError):
            terms.program_id = self.program
        with self.assertRaises(AccessError):
            terms.program_id.company_id = self.company

    def test_who_reads_all_companies_hands_nothing_to_another(self):
        self.intruders["administrator"].group_ids |= self.env.ref(
            "base.group_erp_manager"
        )
        own = self._of_intruder(
            "administrator", self.own_type.copy({"company_id": self.other.id})
        )
        with self.assertRaises(AccessError):
            own.company_id = self.company

    def test_the_withdrawal_wizard_tells_its_own_company(self):
        wizards = self.env["referral.withdraw"].with_user(self._user_of("accountant"))
        told = wizards.onchange(
            {"participant_id": self.participant.id},
            ["participant_id"],
            {"available_balance": {}, "bank_account_id": {}},
        )["value"]
        self.assertEqual(told["available_balance"], 80_000)
        self.assertEqual(told["bank_account_id"], self.account.id)

    def test_settings_tell_of_ones_own_company_only(self):
        user = self.intruders["administrator"]
        user.group_ids |= self.env.ref("base.group_system")
        settings = self._of_intruder("administrator", self.env["res.config.settings"])
        told = settings.onchange(
            {"company_id": self.company.id},
            ["company_id"],
            {"referral_program_id": {}, "referral_min_withdrawal": {}},
        )["value"]
        self.assertFalse(any(told.values()), told)

    # === Within what one sees === #

    def test_who_has_documents_or_money_stays_in_the_program(self):
        self.env.user.company_ids |= self.other
        with self.assertRefused(UserError, "documents or money"):
            self.participant.program_id = self.other_program
        fresh = self._participant("Fresh")
        fresh.document_ids.unlink()
        fresh._accept(fresh._agreements_to_accept())
        with self.assertRefused(UserError, "documents or money"):
            fresh.program_id = self.other_program
        self._accept_agreements(self.guest)
        with self.assertRefused(UserError, "documents or money"):
            self.other_program.company_id = self.company
