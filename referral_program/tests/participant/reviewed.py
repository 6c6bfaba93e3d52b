"""Memberships that an officer reviews, for tests."""

from contextlib import contextmanager
from unittest.mock import Mock, patch

from ..common import JoiningCase

SECRET = "odoo.addons.referral_program.models.participant.referral_document_secret"


class ReviewCase(JoiningCase):
    """An officer, to whom the program's reviews are given."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = cls._user("join_officer", "referral_program.group_officer")
        cls.program.officer_id = cls.officer

    def _as_officer(self, records):
        return records.with_user(self.officer)

    @contextmanager
    def _asking(self, user):
        """Have a user ask in person, by a request of their own."""
        with patch(f"{SECRET}.request", Mock(env=self.env(user=user))):
            yield

    # --- In whose language --- #

    def _in(self, records, lang):
        return records.with_context(lang=lang)

    def _russian(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        requirement = self._type("legal_entity_nonresident").requirement_ids
        requirement.ensure_one()
        requirement.hint = "Of this year"
        for name, words in {"name": "Справка", "hint": "За этот год"}.items():
            requirement.update_field_translations(name, {"ru_RU": words})
        return requirement
