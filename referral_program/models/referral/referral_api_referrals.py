from odoo import api, fields, models

from ...tools import inputs
from ...tools.amounts import exact


class ReferralApi(models.AbstractModel):
    """The clients whom a participant brought, and what to bring more with."""

    _inherit = "referral.api"

    @api.model
    @api.readonly
    @inputs.page
    def referrals(self, partner_id, limit=100, offset=0):
        """Return the clients whom a participant brought, the latest first.

        :return: ``count`` and a page of ``referrals``: ``id``, ``client_id`` (the
            contact in Odoo), ``name`` as the participant may see it, ``state``,
            ``source``, ``date_start`` and ``date_end`` (inclusive; False without an
            end), and ``credited`` in ``currency``, exact
        """
        own = [("participant_id", "=", self._participant(partner_id).id)]
        return self._page(
            "referrals", self._referral, "referral.referral", own, limit, offset
        )

    def _referral(self, referral):
        return {
            "id": referral.id,
            "client_id": referral.partner_id.id,
            "name": referral._shown_name(),
            "state": referral.state,
            "source": referral.source,
            "date_start": fields.Date.to_string(referral.date_start),
            "date_end": fields.Date.to_string(referral.date_end) or False,
            "credited": exact(referral.amount, 6),
            "currency": referral.currency_id.name,
        }

    @api.model
    @api.readonly
    @inputs.checked(partner_id=inputs.number, lang=inputs.text)
    def materials(self, partner_id, lang="en_US"):
        """Return what a participant advertises with, with their own link in it.

        :param str lang: the language of what is in none of its own
        :return: a list of ``id``, ``kind`` (``banner`` or ``text``), ``name``,
            ``lang`` (False for any), and ``text`` or else ``address``, ``width``,
            ``height``, ``alt`` and ``snippet`` (HTML); empty without an active link
        """
        participant = self._participant(partner_id)
        if not participant.link_active:
            return []
        # sudo: these are for every participant
        materials = self.env["referral.material"].sudo()
        language = self.env["res.lang"].sudo().search([("code", "=", lang)])
        return [
            self._material(participant, material._in_language(language))
            for material in materials._of_program(participant.program_id)
        ]

    def _material(self, participant, material):
        shown = {
            "id": material.id,
            "kind": material.kind,
            "name": material.name,
            "lang": material.lang_id.code or False,
        }
        if material.kind == "text":
            return {**shown, "text": material._text_with_link(participant)}
        return {
            **shown,
            "address": material.address,
            "width": material.width,
            "height": material.height,
            "alt": material.alt or material.name,
            "snippet": material._snippet(participant),
        }
