"""Memberships that an officer reviews, for tests."""

from contextlib import contextmanager

from werkzeug.test import EnvironBuilder

from odoo import http

from ..common import JoiningCase


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
        request = http.Request(http.HTTPRequest(EnvironBuilder().get_environ()))
        request.env = self.env(user=user)
        http._request_stack.push(request)
        try:
            yield
        finally:
            http._request_stack.pop()

    def _open(self, documents):
        """Have the officer look at documents, which the log records."""
        for document in self._as_officer(documents):
            document._log_reading("view")

    def _approve(self, documents):
        self._open(documents)
        self._as_officer(documents).action_approve()

    def _approve_all(self, participant):
        self._open(participant.document_ids)
        self._as_officer(participant).action_approve_documents()

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
