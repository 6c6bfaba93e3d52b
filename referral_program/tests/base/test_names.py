"""Typing a name finds the records of that name, and no others."""

from odoo.tests import tagged

from ..common import TwoParticipantsCase


@tagged("post_install", "-at_install")
class TestNames(TwoParticipantsCase):
    def test_a_typed_name_narrows_each_field_that_chooses_a_record(self):
        chosen = {
            field.comodel_name
            for model in self.registry.values()
            if model._name.startswith("referral.")
            for field in model._fields.values()
            if field.type == "many2one" and field.comodel_name.startswith("referral.")
        }
        self.assertGreater(len(chosen), 10)
        for name in sorted(chosen):
            with self.subTest(name), self.assertNoLogs("odoo.models", "WARNING"):
                self.assertEqual(self.env[name].name_search("no such name"), [])

    def test_participants_by_name_and_code(self):
        participants = self.env["referral.participant"]
        for text in ("Anna", "anna", self.anna.code):
            found = [id_ for id_, _name in participants.name_search(text)]
            self.assertEqual(found, self.anna.ids)

    def test_what_belongs_to_a_participant_by_their_name(self):
        self._referral(self.anna, self.client)
        self._referral(self.boris, self._partner("Other Client"))
        self._paid("2026-01-10")
        accrual = self._accrue("2026-01")
        for name, record in (
            ("referral.referral", self.anna.referral_ids),
            ("referral.compensation", accrual.compensation_ids),
        ):
            found = [id_ for id_, _name in self.env[name].name_search("Anna")]
            self.assertEqual(found, record.ids, name)
        months = self.env["referral.accrual"]
        for text, ids in (("January 2026", accrual.ids), ("February", [])):
            self.assertEqual([id_ for id_, _n in months.name_search(text)], ids)
        [terms] = self.program.terms_ids
        found = [i for i, _n in terms.name_search(terms.display_name)]
        self.assertIn(terms.id, found)
