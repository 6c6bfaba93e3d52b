"""The history of terms, types, participants, referrals and settings: who, from, to."""

from odoo import Command
from odoo.tests import HttpCase, tagged

from ..common import OneReferralCase

#: Stored fields that say nothing an auditor could ask for: orders of rows, counters,
#: what other tracked fields decide, and what Odoo cannot track and is told otherwise.
UNTRACKED = {
    "referral.program": {
        "accrual_steps",
        "description",
        "welcome",
        "steps_confirmed",
        "chain_length",
        "event_secret",
        "chain_head",
    },
    "referral.program.terms": set(),
    "referral.program.tier": {"terms_id"},
    "referral.participant.type": {"sequence"},
    "referral.document.requirement": {"sequence", "type_id"},
    "referral.participant": {
        "state_since",
        "submitted_on",
        "verified_on",
        "verification_deadline",
        "money_steps",
        "standing_details",
        "standing_accrual_id",
        "standing_problem",
    },
    "referral.referral": {
        "external_key",
        "first_paid_on",
        "joined_told",
        "paid_told",
    },
}
AUTOMATIC = {"create_uid", "create_date", "write_uid", "write_date", "id"}


@tagged("post_install", "-at_install")
class TestHistory(OneReferralCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.admin = self._user(
            "history_admin",
            "referral_program.group_administrator,base.group_partner_manager",
        )
        self._end_transaction()

    def _end_transaction(self):
        """Write the history, as each commit does."""
        self.env.flush_all()
        self.env.cr.precommit.run()

    def _as_admin(self, records):
        return records.with_user(self.admin).with_context(
            tracking_disable=False, mail_notrack=False
        )

    def _told(self, record, field):
        """Return who changed a field last, as the record's history shows it."""
        self._end_transaction()
        values = record.message_ids.sudo().tracking_value_ids.filtered(
            lambda value: value.field_id.name == field
        )
        self.assertTrue(values, f"{record}: {field}")
        [told] = values.sorted("id")[-1:]._tracking_value_format()
        author = values.sorted("id")[-1:].mail_message_id.author_id
        return author, told["oldValue"] or None, told["newValue"] or None

    def assertTold(self, record, field, old, new):
        self.assertEqual(
            self._told(record, field), (self.admin.partner_id, old, new), field
        )

    def test_each_field_that_decides_is_tracked(self):
        mail = {
            *self.env["mail.activity.mixin"]._fields,
            *self.env["mail.thread"]._fields,
        }
        for model, untracked in UNTRACKED.items():
            fields = self.env[model]._fields
            self.assertLessEqual(untracked, fields.keys())
            for name, field in fields.items():
                if (
                    name in untracked | AUTOMATIC | mail
                    or not field.store
                    or field.related
                    or field.compute
                    and field.readonly
                    or field.type == "one2many"
                ):
                    continue
                self.assertTrue(getattr(field, "tracking", False), f"{model}.{name}")

    def test_settings(self):
        program = self._as_admin(self.program)
        cash = self.env["account.journal"].search(
            [("type", "=", "cash"), ("company_id", "=", self.company.id)], limit=1
        )
        program.write(
            {
                "min_withdrawal": 500,
                "paid_when": "bank",
                "bonus_journal_ids": [Command.set(cash.ids)],
                "description": "<p>Ten percent</p>",
            }
        )
        self.assertTold(self.program, "min_withdrawal", 10_000, 500)
        self.assertEqual(
            self._told(self.program, "paid_when")[0], self.admin.partner_id
        )
        self.assertTold(self.program, "bonus_journal_ids", "Bonus", cash.display_name)
        [told] = self.program.message_ids.filtered(
            lambda message: "Ten percent" in message.body
        )
        self.assertEqual(told.author_id, self.admin.partner_id)

    def test_no_request_has_its_changes_told_to_nobody(self):
        terms = self.env["referral.program.terms"].create(
            {
                "program_id": self.program.id,
                "date_from": "2030-01-01",
                "tier_ids": [Command.create({"above": 1000, "rate": 15})],
            }
        )
        for record, owner, vals in (
            (self.program, self.program, {"min_withdrawal": 500}),
            (terms, terms, {"rate": 12}),
            (terms.tier_ids, terms, {"rate": 11}),
        ):
            before = len(owner.message_ids)
            self.authenticate(self.admin.login, self.admin.login)
            self.make_jsonrpc_request(
                f"/web/dataset/call_kw/{record._name}/write",
                {
                    "model": record._name,
                    "method": "write",
                    "args": [record.ids, vals],
                    "kwargs": {
                        "context": {"tracking_disable": True, "mail_notrack": True}
                    },
                },
            )
            owner.invalidate_recordset(["message_ids"])
            self.assertGreater(len(owner.message_ids), before, record)

    def test_settings_changed_in_odoos_settings(self):
        self.admin.group_ids += self.env.ref("base.group_system")
        settings = self.env["res.config.settings"].with_user(self.admin)
        settings.with_context(tracking_disable=False, mail_notrack=False).create(
            {"referral_credit_day": 12}
        ).execute()
        self.assertTold(self.program, "credit_day", 15, 12)

    def test_terms_and_tiers(self):
        terms = self._as_admin(
            self.env["referral.program.terms"].create(
                {
                    "program_id": self.program.id,
                    "date_from": "2030-01-01",
                    "excluded_category_ids": [Command.clear()],
                }
            )
        )
        category = self.env["product.category"].create({"name": "Racks"})
        self._end_transaction()
        terms.write({"rate": 12, "excluded_category_ids": [Command.set(category.ids)]})
        self.assertTold(terms, "rate", 9.0, 12.0)
        self.assertTold(terms, "excluded_category_ids", None, "Racks")
        tier = self._as_admin(self.env["referral.program.tier"]).create(
            {"terms_id": terms.id, "above": 1000, "rate": 15}
        )
        self.assertEqual(self._told(terms, "above")[2], 1000)
        tier.rate = 20
        self.assertTold(terms, "rate", 15.0, 20.0)
        terms.tier_ids = [Command.update(tier.id, {"above": 2000})]
        self.assertTold(terms, "above", 1000, 2000)
        tier.unlink()
        self.assertEqual(self._told(terms, "above")[1], 2000)
        terms.unlink()
        self.assertTrue(
            self.program.message_ids.filtered(
                lambda message: "Terms deleted: 12 %" in message.body
            )
        )

    def test_types_and_their_documents(self):
        kind = self._as_admin(self.participant.type_id)
        kind.write({"can_join": not kind.can_join, "territory_restricted": True})
        self.assertEqual(self._told(kind, "can_join")[0], self.admin.partner_id)
        requirement = self._as_admin(self.env["referral.document.requirement"]).create(
            {"type_id": kind.id, "code": "paper", "name": "A paper"}
        )
        self.assertEqual(self._told(kind, "code")[2], "paper")
        requirement.name = "Another paper"
        self.assertTold(kind, "name", "A paper", "Another paper")
        requirement.unlink()
        self.assertEqual(self._told(kind, "code")[1:], ("paper", None))

    def test_participants_and_referrals(self):
        participant = self._as_admin(self.participant)
        participant._update_state("suspended", "A look at it")
        self.assertTold(self.participant, "state", "Active", "Suspended")
        participant.alias = "first-friend"
        self.assertTold(self.participant, "alias", None, "first-friend")
        referral = self._as_admin(self.participant.referral_ids)
        referral.date_end = "2030-12-31"
        self.assertEqual(self._told(referral, "date_end")[0], self.admin.partner_id)
        self._as_admin(self.client).referral_postpaid = True
        self.assertEqual(
            self._told(self.client, "referral_postpaid")[0], self.admin.partner_id
        )
