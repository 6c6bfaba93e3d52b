import base64
import hashlib

from odoo import api, fields, models

from ...tools import inputs
from ...tools.mimetypes import MIMETYPES
from ...tools.refusals import refusal
from .ledger import MOVEMENTS

FIGURES = ("opening", *MOVEMENTS, "closing")


class ReferralApi(models.AbstractModel):
    """A participant's monthly statements and their documents."""

    _inherit = "referral.api"

    @api.model
    @api.readonly
    @inputs.page
    def statements(self, partner_id, limit=100, offset=0):
        """Return a participant's monthly statements, the latest first.

        :return: ``count`` and a page of ``statements``: ``id``, ``number``, ``month``
            (its first day), the figures, which add up, and ``currency``
        """
        own = [("participant_id", "=", self._participant(partner_id).id)]
        return self._page(
            "statements", self._statement, "referral.statement", own, limit, offset
        )

    def _statement(self, statement):
        figures = {name: statement[name] for name in FIGURES}
        return {
            "id": statement.id,
            "number": statement.name,
            "month": fields.Date.to_string(statement.period_start),
            **self._amounts(statement.currency_id, **figures),
        }

    @api.model
    @inputs.checked(
        partner_id=inputs.number, statement_id=inputs.identifier, kind=inputs.text
    )
    def statement_file(self, partner_id, statement_id, kind="pdf"):
        """Return a statement's document: the same bytes at each call.

        :param int statement_id: one of :meth:`statements`
        :param str kind: ``pdf`` or ``xlsx``
        :return: ``name``, ``mimetype``, ``content`` (Base64) and ``sha256``
        """
        participant = self._participant(partner_id)
        # sudo: the caller reads no statements; these are the participant's
        statement = participant.statement_ids.filtered(lambda s: s.id == statement_id)
        if not statement or kind not in ("pdf", "xlsx"):
            raise refusal(
                "unknown_statement",
                self.env._("The participant has no such statement."),
            )
        content = statement._read_file(kind)
        return {
            "name": statement._file_name(kind),
            "mimetype": MIMETYPES[kind],
            "content": base64.b64encode(content).decode(),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
