"""Who must not get in, and what nobody may change once it is posted."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..common import OneReferralCase

#: Who reads what is not for every role.
READERS = {
    "referral.mark": {"administrator"},
    "referral.redemption.mark": {"administrator"},
    "referral.statement.mark": {"administrator"},
    "referral.audit.file": {"auditor", "accountant", "administrator"},
    "referral.document": {"officer", "administrator"},
    "referral.document.page": {"officer", "administrator"},
    "referral.document.reading": {"auditor", "administrator"},
    "referral.api.call": {"auditor", "administrator"},
    "referral.event": {"auditor", "administrator"},
    "referral.claim": {"administrator", "officer"},
    "referral.pace": set(),
    "referral.program.cost": {"auditor", "accountant", "administrator"},
}
#: What each role may do with each model, besides reading: write, create, unlink.
RIGHTS = {
    "auditor": {},
    "officer": {
        "referral.participant": "wc",
        "referral.referral": "wc",
        "referral.document": "wcu",
        "referral.representative": "wcu",
        "referral.question": "w",
    },
    "accountant": {
        "referral.question": "w",
        "referral.accrual": "w",
        "referral.integrity.run": "w",
        "referral.withdrawal": "w",
        "referral.redemption": "w",
    },
    "administrator": {
        "referral.program": "wcu",
        "referral.program.terms": "wcu",
        "referral.program.tier": "wcu",
        "referral.participant.type": "wcu",
        "referral.participant": "wcu",
        "referral.representative": "wcu",
        "referral.referral": "wcu",
        "referral.accrual": "w",
        "referral.withdrawal": "w",
        "referral.redemption": "w",
        "referral.document.requirement": "wcu",
        "referral.document": "wcu",
        "referral.agreement": "wcu",
        "referral.question": "w",
        "referral.material": "wcu",
        # to mark its activity done: the record itself refuses every change
        "referral.integrity.run": "w",
    },
}


@tagged("post_install", "-at_install")
class TestProtection(OneReferralCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: cls._user(f"referral_{role}", f"referral_program.group_{role}")
            for role in RIGHTS
        }
        # all there are, so that a new one is not forgotten
        cls.models = sorted(
            name
            for name, model in cls.env.registry.items()
            if name.startswith("referral.")
            and not model._abstract
            and not model._transient
            and (model._auto or cls.env[name]._table_query is not None)
        )
        cls.employee = cls._user("referral_employee", "base.group_user")
        cls.portal = cls._user("referral_portal", "base.group_portal")

    def setUp(self):
        super().setUp()
        invoice = self._invoice(self.client, "2026-01-10", 1000)
        self._pay(invoice, "2026-01-12")
        self.accrual = self._accrue("2026-01")

    def _as(self, role, records):
        return records.with_user(self.users[role])

    # === Roles === #

    def test_each_role_may_do_what_it_needs_and_no_more(self):
        for role, rights in RIGHTS.items():
            for model in self.models:
                allowed = rights.get(model, "")
                records = self.env[model].with_user(self.users[role])
                for letter, operation in zip(
                    "wcu", ("write", "create", "unlink"), strict=True
                ):
                    with self.subTest(role=role, model=model, operation=operation):
                        self.assertEqual(
                            records.has_access(operation), letter in allowed
                        )
                reads = role in READERS.get(model, RIGHTS)
                self.assertEqual(records.has_access("read"), reads, (role, model))

    def test_others_see_nothing(self):
        public = self.env.ref("base.public_user")
        for user in (self.employee, self.portal, public):
            for model in self.models:
                with self.subTest(user=user.id, model=model):
                    records = self.env[model].with_user(user)
                    with self.assertRaises(AccessError):
                        records.search([])
                    with self.assertRaises(AccessError):
                        records.browse(1).read(["id"])

    def test_auditor_reads_it_all_and_runs_nothing(self):
        accrual = self._as("auditor", self.accrual)
        self.assertEqual(accrual.amount, 90)
        self.assertEqual(accrual.compensation_ids.move_line_id.credit, 90)
        self.assertEqual(accrual.line_ids.move_id.partner_id, self.client)
        for action in (accrual.action_compute, accrual.action_post):
            with self.assertRefused(AccessError, "Only an accountant"):
                action()
        with self.assertRaises(AccessError):
            self._as("auditor", self.participant)._update_state("suspended", "Test")

    def test_officer_runs_no_accrual(self):
        with self.assertRefused(AccessError, "Only an accountant"):
            self._as("officer", self.program).action_accrue_next()
        with self.assertRefused(AccessError, "Only an accountant"):
            self._as("officer", self.accrual).action_compute()

    def test_officer_enrolls_and_suspends(self):
        participant = self._as("officer", self.participant)
        participant._update_state("suspended", "Test")
        self.assertEqual(participant.state, "suspended")
        with self.assertRaises(AccessError):
            participant.unlink()

    def test_officer_sees_the_balance_without_the_ledger(self):
        self.assertEqual(self._as("officer", self.participant).balance, 90)

    def test_accountant_accrues_and_posts(self):
        self.program.posting_policy = "review"
        with self.on("2026-03-01"):
            program = self._as("accountant", self.program)
            action = program.action_accrue_next()
            accrual = self._as("accountant", self.env["referral.accrual"]).browse(
                action["res_id"]
            )
            self.assertEqual(str(accrual.period_start), "2026-02-01")
            accrual.action_compute()
            accrual.action_post()
        self.assertEqual(accrual.state, "posted")
        with self.assertRaises(AccessError):
            program.min_withdrawal = 1

    def test_methods_of_the_engine_cannot_be_called_by_rpc(self):
        from odoo.service.model import get_public_method

        for model, names in {
            "referral.program": ("_accrue", "_cron_accrue", "_get_or_create_accrual"),
            "referral.accrual": ("_post", "_update_state", "_compute_lines"),
            "referral.participant": (
                "_update_state",
                "_balance",
                "_submit",
                "_accept",
                "_draft",
                "_send",
                "_export_personal_data",
                "_find_by_code",
                "_set_standing",
                "_cron_standing",
                "_start_auto_redeem",
            ),
            "referral.document": (
                "_update_state",
                "_hand_in_files",
                "_hand_in_text",
                "_reject",
                "_destroy",
                "_read_text",
                "_decrypt",
            ),
            "referral.document.page": ("_read_content", "_decrypt"),
            "referral.referral": ("_bind", "_claim", "_refuse"),
            "referral.agreement": ("_tell_participants",),
            "referral.claim": ("_take", "_look_into", "_cron_look_into"),
            "referral.link": ("_add", "_find", "_remove"),
            "referral.visit": ("_count", "_cron_sum"),
            "referral.redemption.mark": ("_mark", "_cron_redeem", "_redeem"),
            "referral.mark": ("_mark_everything", "_write_marks"),
        }.items():
            for name in names:
                with (
                    self.subTest(model=model, method=name),
                    self.assertRaises(AccessError),
                ):
                    get_public_method(self.env[model], name)

    # === Companies === #

    def test_other_companies_are_out_of_sight(self):
        other = self.setup_other_company()["company"]
        program = self._program(other)
        participant = self._participant("Elsewhere", program)
        referral = self._referral(participant, self.client)
        with self.on("2026-02-01"):
            accrual = program._accrue("2026-01-01")
        for role in RIGHTS:
            for record in (
                program,
                program.terms_ids,
                participant,
                referral,
                accrual,
            ):
                with self.subTest(role=role, record=record):
                    own = self._as(role, record)
                    self.assertFalse(own.search([("id", "=", record.id)]))
                    with self.assertRaises(AccessError):
                        own.read(["display_name"])

    def test_documents_of_other_companies_are_out_of_sight(self):
        program = self._program(self.setup_other_company()["company"])
        participant = self.env["referral.participant"]._draft(
            program,
            self._partner("Elsewhere"),
            self.env.ref("referral_program.participant_type_legal_entity_resident"),
        )
        participant._accept(participant._agreements_to_accept())
        records = [
            participant.document_ids,
            participant.acceptance_ids,
            *self._records_about(participant),
        ]
        for record in records:
            self.assertTrue(record)
            own = self._as("administrator", record[:1])
            with self.subTest(record=record):
                self.assertFalse(own.search([("id", "=", own.id)]))
                with self.assertRaises(AccessError):
                    own.read(["display_name"])

    def _records_about(self, participant):
        """Return what the program itself writes about a participant."""
        document = participant.document_ids[0]
        document._log_reading("view")
        document.sudo()._leave_act("by test")
        link = self.env["referral.link"]._add(participant, "blog")
        self.env["referral.visit"]._count(participant, link)
        self.env["referral.referral"]._bind(
            participant, participant.partner_id, "manual"
        )
        yield participant.reading_ids
        yield participant.destruction_ids
        for model in ("referral.link", "referral.visit", "referral.refusal"):
            yield self.env[model].search([("participant_id", "=", participant.id)])

    # === What is posted stays === #

    def test_evidence_and_compensations_are_never_edited_or_deleted(self):
        line = self.accrual.line_ids
        compensation = self.accrual.compensation_ids
        for records in (line, compensation):
            for env_records in (records, records.sudo()):
                with self.assertRefused(UserError, "cannot be edited or deleted"):
                    env_records.write({"amount": 1})
                with self.assertRefused(UserError, "cannot be edited or deleted"):
                    env_records.create({"amount": 1})
            with self.assertRefused(UserError, "cannot be edited or deleted"):
                records.sudo().unlink()
            with self.assertRaises(AccessError):
                records.unlink()
            with self.assertRaises(AccessError):
                self._as("administrator", records).check_access("write")
        self.assertEqual(line.amount, 90)

    def test_accrual_is_neither_edited_nor_deleted(self):
        for vals in (
            {"state": "draft"},
            {"period_start": "2026-02-01"},
            {"program_id": False},
        ):
            with self.assertRefused(UserError, "cannot be edited"):
                self.accrual.sudo().write(vals)
        with self.assertRefused(UserError, "cannot be deleted"):
            self.accrual.sudo().unlink()
        with self.assertRaises(AccessError):
            self.accrual.unlink()
        with self.assertRefused(UserError, "cannot become"):
            self.accrual._update_state("computed")

    def test_entry_is_not_undone(self):
        entry = self.accrual.move_ids
        for undo in (
            entry.button_draft,
            entry.button_cancel,
            entry.with_context(force_delete=True).unlink,
            lambda: entry.write({"state": "draft"}),
            lambda: entry.sudo().write({"state": "cancel"}),
        ):
            with self.assertRefused(UserError, "entry of a referral accrual"):
                undo()
        self.assertEqual(entry.state, "posted")

    def test_items_of_the_entry_are_not_edited(self):
        entry = self.accrual.move_ids
        item = entry.line_ids.filtered("credit")
        other = self._partner("Thief")
        for vals in (
            {"partner_id": other.id},
            {"account_id": self.income.id},
            {"debit": 5},
            {"balance": -1},
            # copies of the entry's, which nothing but Odoo writes
            {"parent_state": "draft"},
            {"date": "2025-01-01"},
            {"company_id": self.setup_other_company()["company"].id},
        ):
            with self.assertRefused(UserError, "cannot be edited"):
                item.write(vals)
        with self.assertRaises(UserError):
            entry.write({"line_ids": [Command.update(item.id, {"balance": -1})]})
        with self.assertRaises(UserError):
            entry.unlink()
        # what is not about money may change
        item.name = "Compensation of January"
        self.assertEqual(self.participant._balance(), 90)

    def test_entry_is_not_taken_from_its_accrual(self):
        with self.assertRefused(UserError, "entry of a referral accrual"):
            self.accrual.move_ids.write({"referral_accrual_id": False})

    def test_participant_with_compensations_keeps_identity(self):
        with self.assertRefused(UserError, "has compensations"):
            self.participant.partner_id = self._partner("Other")
        with self.assertRefused(UserError, "so they cannot be deleted"):
            self.participant.unlink()

    def test_contacts_of_participants_and_referrals_stay(self):
        self.client.invoice_ids.flush_recordset()
        with self.assertRaises(Exception):  # noqa: B017 - whichever check fails first
            self.participant.partner_id.unlink()
            self.env.flush_all()

    def test_state_goes_only_where_it_may(self):
        self.participant._update_state("closed", "Test")
        with self.assertRefused(UserError, "is closed and cannot become active"):
            self.participant.write({"state": "active"})
        with self.assertRefused(UserError, "is closed and cannot become draft"):
            self.participant.state = "draft"

    def test_codes_are_unguessable_and_unique(self):
        codes = {self.env["referral.participant"]._new_code() for _i in range(1000)}
        self.assertEqual(len(codes), 1000)
        self.assertTrue(all(len(code) >= 16 for code in codes))

    def test_who_cannot_join_is_refused(self):
        with self.assertRefused(UserError, "cannot join"):
            self._participant(
                "Trader",
                type_id=self.env.ref(
                    "referral_program.participant_type_sole_trader_nonresident"
                ).id,
            )
