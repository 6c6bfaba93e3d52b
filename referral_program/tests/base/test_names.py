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

    def test_each_list_is_searched_by_a_participants_name(self):
        for participant, name in ((self.anna, "Client 1"), (self.boris, "Client 2")):
            client = self._partner(name)
            self._referral(participant, client)
            self._paid("2026-01-10", partner=client)
        self._accrue("2026-01")
        self.env.flush_all()
        filled = []
        for name, model in self.registry.items():
            field = model._fields.get("participant_id")
            if not name.startswith("referral.") or model._abstract or not field:
                continue
            if model._transient or not (field.store or field.search):
                continue
            with self.subTest(name):
                records = self.env[name]
                found = records.search([("participant_id", "ilike", "anna")])
                self.assertLessEqual(found.participant_id, self.anna)
                filled += [name] * bool(found)
                missed = records.search([("participant_id", "ilike", "no such name")])
                self.assertFalse(missed)
        self.assertGreater(len(filled), 5, filled)

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
