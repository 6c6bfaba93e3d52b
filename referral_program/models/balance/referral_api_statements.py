import base64
import hashlib

from odoo import api, fields, models

from ...tools import inputs
from ...tools.mimetypes import MIMETYPES
from ...tools.refusals import refusal

FIGURES = (
    "opening",
    "accrued",
    "reversed",
    "withdrawn",
    "used_for_invoices",
    "adjusted",
    "closing",
)


class ReferralApi(models.AbstractModel):
    """A participant's monthly statements and their documents."""

    _inherit = "referral.api"

    @api.model
    @api.readonly
    @inputs.checked(
        partner_id=inputs.number, limit=inputs.rows, offset=inputs.identifier
    )
    def statements(self, partner_id, limit=100, offset=0):
        """Return a participant's monthly statements, the latest first.

        :return: ``count`` and a page of ``statements``: ``id``, ``number``, ``month``
            (its first day), the figures, which add up, and ``currency``
        """
        participant = self._participant(partner_id)
        # sudo: the caller reads no statements; the domain says whose they are
        statements = self.env["referral.statement"].sudo()
        own = [("participant_id", "=", participant.id)]
        return {
            "count": statements.search_count(own),
            "statements": [
                {
                    "id": statement.id,
                    "number": statement.name,
                    "month": fields.Date.to_string(statement.period_start),
                    **self._amounts(
                        statement.currency_id,
                        **{name: statement[name] for name in FIGURES},
                    ),
                }
                for statement in statements.search(own, limit=limit, offset=offset)
            ],
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
        # sudo: as above
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
