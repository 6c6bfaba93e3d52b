"""The auditor reads everything and changes nothing, over RPC; others do neither.

Which models and methods there are is asked of the registry, so that none is forgotten.
"""

import inspect
from collections import defaultdict

from odoo import Command, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import call_kw, get_public_method
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL, mute_logger

from ..books import BooksCase
from ..common import JoiningCase

ADDON = "odoo.addons.referral_program."
#: What auditors do not read: personal papers and claims are for officers, how often
#: somebody uploads is for nobody, and marks are notes to the next run.
NOT_FOR_AUDITORS = {
    "referral.claim",
    "referral.document",
    "referral.document.page",
    "referral.mark",
    "referral.pace",
    "referral.redemption.mark",
    "referral.statement.mark",
}
#: What all companies share, or may.
SHARED = {
    "referral.agreement",
    "referral.document.requirement",
    "referral.material",
    "referral.participant.type",
}
#: Of whom nothing may change; and these, of Odoo's own.
WATCHED = (
    "account_move",
    "account_move_line",
    "account_payment",
    "account_partial_reconcile",
    "account_full_reconcile",
    "ir_attachment",
    "ir_config_parameter",
    "ir_cron_trigger",
    "mail_activity",
    "mail_mail",
    "mail_message",
    "product_category",
    "res_company",
    "res_partner",
    "res_partner_bank",
    "res_users",
)
#: What Odoo lets all employees do; of who takes part, the addon lets them do nothing:
#: Odoo notes on other contacts that they may sign up, when it tells how.
ODOOS_DESIGN = {("res.partner", "signup_get_auth_param"): {"res_partner"}}
#: What an auditor's button leaves by design, too: who had an audit file made, the
#: check that was run for it, and the file.
BY_DESIGN = {
    **ODOOS_DESIGN,
    ("referral.accrual", "action_make_audit_file"): {
        "referral_audit_file",
        "referral_integrity_run",
        "referral_integrity_result",
        "ir_attachment",
        "mail_message",
    },
}
#: How many records of a model each method is called with.
SOME = 4
#: Values for what a method asks for, by the parameter's name.
VALUES = {"vals": {}, "values": {}, "domain": [], "fields": ["display_name"]}
#: What a call may end with besides a result. Anything else is a fault of the method,
#: if it is one of the addon's models and has a record to be called with.
REFUSALS = (UserError, AccessError, ValidationError)


@tagged("post_install", "-at_install")
class AuditorCase(BooksCase):
    """Books with a record of every model, and who looks at them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls._user("the_auditor", "referral_program.group_auditor")
        cls.employee = cls._user("an_employee", "base.group_user")
        cls.portal = cls._user("a_visitor", "base.group_portal")

    def setUp(self):
        super().setUp()
        with self.on("2026-03-02"):
            self._make_the_rest()
        self.env.flush_all()

    def _make_the_rest(self):
        """Make what books have not: papers, refusals, visits, marks, checks, files."""
        self._find_something()
        self.second.action_make_audit_file()
        newcomer = self.env["referral.participant"]._draft(
            self.program,
            self._partner("Newcomer"),
            self.env.ref("referral_program.participant_type_individual_resident"),
        )
        newcomer._accept(newcomer._agreements_to_accept())
        document = newcomer.document_ids[0]
        document._hand_in_files([("scan.png", JoiningCase._picture())])
        document._log_reading("view")
        document.sudo()._leave_act("by test")
        link = self.env["referral.link"]._add(self.participant, "blog")
        self.env["referral.visit"]._count(self.participant, link)
        self.env["referral.kept.invoice"].sudo()._keep(self.participant.referral_ids)
        self.env["referral.referral"]._bind(
            self.participant, self.participant.partner_id, "manual"
        )
        self.env["referral.api.call"]._once(
            self.participant, "key", "withdraw", {"amount": "1"}, lambda: {"id": 1}
        )
        self.program.action_new_event_secret()
        self.program.event_url = "https://panel.example.com/events"
        self.env["referral.event"]._record("participant.joined", self.participant)
        person = self._user("a_person", "base.group_portal")
        person.partner_id.parent_id = newcomer.partner_id
        self.env["referral.representative"].sudo().create(
            {"participant_id": newcomer.id, "user_id": person.id, "role": "viewer"}
        )
        self.env["referral.former.contact"].sudo().create(
            {
                "participant_id": self.participant.id,
                "partner_id": self._partner("Former").id,
            }
        )
        self.env["referral.claim"]._take(self.participant, "client@example.com")
        self.env["referral.question"]._ask(self.participant, self.second, "Why?")
        self.env["referral.pace"].sudo().create(
            {"kind": "upload", "subject": -1, "since": "2026-03-02", "steps": 1}
        )
        self.env["referral.estimate"]._cron_estimate()
        self.program._mark_everything()
        self.env["referral.mark"]._write_marks()
        terms = self.program.terms_ids
        self.draft = terms.copy({"rate": 12, "date_from": "2026-05-01"})
        self.draft.tier_ids = [Command.create({"above": 10, "rate": 20})]
        self._entry(1, "2026-03-01")
        self._ask()

    def _ask(self):
        """Have wizards of the auditor's, with answers, and of others."""
        for model, action in (
            ("referral.explain", "action_explain"),
            ("referral.rollforward", "action_show"),
            ("referral.report.wizard", "action_show"),
        ):
            asked = self.env[model].with_user(self.auditor).create({})
            getattr(asked, action)()
        self.env["referral.forecast"].with_user(self.auditor).action_open()
        simulation = self.env["referral.simulation"].with_user(self.auditor)
        simulation.create(
            {"program_id": self.program.id, "kind": "draft", "terms_id": self.draft.id}
        ).action_simulate()
        self.env["referral.withdraw"].create(
            {
                "participant_id": self.participant.id,
                "amount": 20_000,
                "bank_account_id": self.account.id,
            }
        )
        invoice = self._invoice(self.participant.partner_id, "2026-02-20", 1_000)
        self.env["referral.redeem"].create({"invoice_id": invoice.id, "amount": 500})
        self.env["referral.redemption.mark"].sudo().create(
            {"participant_id": self.participant.id, "invoice_id": invoice.id}
        )
        self.env["referral.reason"].create(
            {
                "action": "suspended",
                "reason": "By test",
                "participant_ids": [Command.set(self.participant.ids)],
            }
        )
        self.env["referral.move"].create(
            {
                "referral_id": self.participant.referral_ids[:1].id,
                "participant_id": self.participant.id,
                "reason": "By test",
            }
        )
        self.env["referral.move.membership"].create(
            {"participant_id": self.participant.id, "partner_id": self.client.id}
        )
        self.env["res.config.settings"].create({})

    def _find_something(self):
        """Have a check with a finding: break something for as long as it runs."""
        break_it = "UPDATE referral_redemption SET amount = amount + %s"
        self.env.flush_all()
        self.env.cr.execute(break_it, [1])
        self.env.invalidate_all()
        self.assertTrue(self.program._check_integrity().finding_ids)
        self.env.cr.execute(break_it, [-1])
        self.env.invalidate_all()

    def _models(self, transient=False):
        """Return the names of all models of the addon that have records."""
        names = [
            name
            for name, model in self.env.registry.items()
            if name.startswith("referral.")
            and model._original_module == "referral_program"
            and (model._auto or self.env[name]._table_query is not None)
            and bool(model._transient) == transient
        ]
        self.assertTrue(names)
        return sorted(names)

    def _records(self, name):
        """Return some records of a model, whoever may see them."""
        model = self.env[name].sudo().with_context(active_test=False)
        if model._abstract or not model._auto and model._table_query is None:
            return model
        if name.startswith("referral."):
            return model.search([], limit=SOME, order="id desc")
        if name == "account.move":
            moves = self.second.move_ids | self.billed.bill_id | self.redemption.move_id
            return moves | self.redemption.invoice_id
        if name == "account.move.line":
            return self.second.move_ids.line_ids
        if name == "res.partner":
            return self.participant.partner_id | self.client
        return model.search([], limit=1)

    def _checksums(self):
        """Return a checksum of each table of which nothing may change."""
        self.env.flush_all()
        # cron triggers and history are written at the end of a transaction
        self.env.cr.precommit.run()
        tables = [
            *WATCHED,
            *(
                self.env[name]._table
                for name in self._models()
                if self.env[name]._auto and self.env[name]._table_query is None
            ),
        ]
        counts = SQL(" UNION ALL ").join(
            SQL(
                "SELECT %s, MD5(STRING_AGG(t::text, '|' ORDER BY t.id)) FROM %s t",
                table,
                SQL.identifier(table),
            )
            for table in tables
        )
        return dict(self.env.execute_query(counts))

    def _methods(self):
        """Return what the addon's own classes let be called: model and name."""
        own = dir(models.BaseModel)
        found = defaultdict(set)
        for model_name, model in self.env.registry.items():
            for klass in model.__mro__:
                if not klass.__module__.startswith(ADDON) or "tests" in (
                    klass.__module__
                ):
                    continue
                for name, method in vars(klass).items():
                    if name.startswith("_") or name in own or not callable(method):
                        continue
                    try:
                        get_public_method(self.env[model_name], name)
                    except AccessError:
                        continue
                    found[model_name].add(name)
        return sorted((model, name) for model in found for name in found[model])

    def _arguments(self, method):
        """Return something for each parameter that a method asks for."""
        parameters = list(inspect.signature(method).parameters.values())[1:]
        return [
            VALUES.get(parameter.name, "liability")
            for parameter in parameters
            if parameter.default is parameter.empty
            and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]

    def _call(self, user, model_name, name, record):
        """Call a method as RPC does; return what changed of what must not."""
        model = self.env[model_name].with_user(user)
        method = get_public_method(model, name)
        arguments = self._arguments(method)
        if not getattr(method, "_api_model", False):
            arguments.insert(0, record.ids)
        with self.cr.savepoint() as savepoint:
            before = self._before
            try:
                with mute_logger("odoo.sql_db"):
                    call_kw(model, name, arguments, {})
                after = self._checksums()
            except REFUSALS:
                after = before
            except Exception:  # noqa: BLE001 - it refuses in its own way
                if record and model_name.startswith("referral."):
                    raise
                after = before
            savepoint.rollback()
            self.env.invalidate_all()
        return {table for table in after if after[table] != before[table]}

    def assertNothingChanges(self, user, by_design):
        """Call every method with some records of its model."""
        methods = self._methods()
        self.assertGreater(len(methods), 60, "the registry was not asked rightly")
        self._before = self._checksums()
        for model_name, name in methods:
            records = self._records(model_name)
            for record in records or [records]:
                with self.subTest(model=model_name, method=name, record=record.id):
                    changed = self._call(user, model_name, name, record)
                    allowed = by_design.get((model_name, name), set())
                    self.assertLessEqual(changed, allowed)


@tagged("post_install", "-at_install")
class TestAuditor(AuditorCase):
    def test_reads_every_model(self):
        for name in self._models():
            records = self._records(name)
            self.assertTrue(records, f"nothing to read of {name}")
            own = self.env[name].with_user(self.auditor)
            with self.subTest(model=name):
                if name in NOT_FOR_AUDITORS:
                    with self.assertRaises(AccessError):
                        call_kw(own, "search_read", [[]], {})
                    continue
                found = call_kw(
                    own.with_context(active_test=False),
                    "search_read",
                    [[("id", "in", records.ids)]],
                    {},
                )
                self.assertEqual({row["id"] for row in found}, set(records.ids))

    def test_writes_no_model(self):
        self._before = self._checksums()
        for name in self._models():
            record = self._records(name)[:1]
            own = self.env[name].with_user(self.auditor)
            field = "active" if "active" in own._fields else "id"
            for method, arguments in (
                ("write", [record.ids, {field: record[field]}]),
                ("create", [{}]),
                ("unlink", [record.ids]),
                ("copy", [record.ids]),
                ("web_save", [record.ids, {field: record[field]}, {}]),
                ("load", [["id"], [["__export__.forged"]]]),
                ("name_create", ["Forged"]),
                ("action_archive", [record.ids]),
                ("action_unarchive", [record.ids]),
                ("message_post", [record.ids]),
                ("message_subscribe", [record.ids, self.auditor.partner_id.ids]),
                ("activity_schedule", [record.ids]),
                ("message_unsubscribe", [record.ids, self.client.ids]),
                ("export_data", [record.ids, ["id"]]),
            ):
                if not hasattr(own, method):
                    continue
                with self.subTest(model=name, method=method):
                    with self.cr.savepoint() as savepoint:
                        try:
                            with mute_logger("odoo.sql_db", "odoo.models"):
                                call_kw(own, method, arguments, {})
                            after = self._checksums()
                        except Exception:  # noqa: BLE001 - refused is refused
                            after = self._before
                        savepoint.rollback()
                        self.env.invalidate_all()
                    self.assertEqual(
                        {t for t in after if after[t] != self._before[t]}, set()
                    )

    def test_no_method_changes_anything(self):
        self.assertNothingChanges(self.auditor, BY_DESIGN)

    def test_wizards_of_others_are_not_theirs(self):
        for name in self._models(transient=True):
            records = self.env[name].with_user(self.auditor)
            if not records.has_access("create"):
                self.assertFalse(records.has_access("write"), name)
                self.assertFalse(records.has_access("unlink"), name)


@tagged("post_install", "-at_install")
class TestOthers(AuditorCase):
    def test_they_read_nothing(self):
        for user in (self.employee, self.portal):
            for name in (*self._models(), *self._models(transient=True)):
                with self.subTest(user=user.login, model=name):
                    for operation in ("read", "write", "create", "unlink"):
                        self.assertFalse(
                            self.env[name].with_user(user).has_access(operation)
                        )

    def test_another_companys_books_are_closed(self):
        """Whoever has all roles, but in another company."""
        other = self.env["res.company"].create({"name": "Other"})
        user = self._user(
            "elsewhere",
            "referral_program.group_administrator,referral_program.group_auditor",
        )
        user.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.env.invalidate_all()
        for name in (*self._models(), *self._models(transient=True)):
            own = self.env[name].with_user(user)
            if name not in SHARED and own.has_access("read"):
                self.assertTrue(self.env[name].sudo().search_count([], limit=1), name)
                self.assertFalse(own.search([]), name)

    def test_officers_take_no_money_out(self):
        officer = self._user("an_officer", "referral_program.group_officer")
        for name in ("referral.withdraw", "referral.redeem"):
            for operation in ("read", "write", "create", "unlink"):
                own = self.env[name].with_user(officer)
                self.assertFalse(own.has_access(operation), (name, operation))

    def test_no_method_of_an_employee_changes_anything(self):
        self.assertNothingChanges(self.employee, ODOOS_DESIGN)

    def test_no_method_of_a_visitor_changes_anything(self):
        self.assertNothingChanges(self.portal, {})


@tagged("post_install", "-at_install")
class TestAuditorOverHttp(AuditorCase, HttpCase):
    """The same door as the web client and scripts have."""

    def _post(self, model, method, *arguments, **keywords):
        response = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            json={
                "params": {
                    "model": model,
                    "method": method,
                    "args": arguments,
                    "kwargs": keywords,
                }
            },
        )
        return response.json()

    def assertDenied(self, model, method, *arguments):
        with mute_logger("odoo.http"):
            answer = self._post(model, method, *arguments)
        # some refuse even earlier than by right
        self.assertIn(
            answer["error"]["data"]["name"],
            ("odoo.exceptions.AccessError", "odoo.exceptions.UserError"),
            answer,
        )

    def test_over_http(self):
        self.env["res.users"].browse(self.auditor.id).password = "the_auditor_1"
        self.authenticate("the_auditor", "the_auditor_1")
        before = self._checksums()
        found = self._post("referral.participant", "search_read", [], ["balance"])
        self.assertIn(self.participant.id, {record["id"] for record in found["result"]})
        for record, vals in (
            (self.participant, {"state": "closed"}),
            (self.program, {"liability_account_id": False}),
            (self.program.terms_ids[0], {"rate": 90}),
            (self.second, {"state": "draft"}),
            (self.withdrawal, {"amount": 1}),
            (self.second.compensation_ids[0], {"amount": 1}),
        ):
            self.assertDenied(record._name, "write", record.ids, vals)
            self.assertDenied(record._name, "unlink", record.ids)
        self.assertDenied("referral.accrual", "action_post", self.second.ids)
        self.assertDenied("referral.program", "action_accrue_next", self.program.ids)
        self.assertDenied(
            "referral.program.terms", "action_put_in_force", self.draft.ids
        )
        self.assertDenied("referral.mark", "search_read", [])
        self.env.invalidate_all()
        self.assertEqual(self._checksums(), before)
