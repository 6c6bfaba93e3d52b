import logging

from odoo import models
from odoo.exceptions import UserError, ValidationError

from .referral_pace import LOOKUPS_AN_HOUR

_logger = logging.getLogger(__name__)

#: Entities with a name of their own; a sole trader has that of the person.
NAMED_ENTITIES = ("legal_entity", "state_organization")
#: Entities with a tax id that decides.
TAXED_ENTITIES = (*NAMED_ENTITIES, "sole_trader")
#: How long a name or a tax id may be.
MAX_NAME, MAX_TAX_ID = 200, 40


class ReferralParticipant(models.Model):
    """Joining as a company: its name and tax id, on a contact that is the user's own.

    Whatever somebody types, no contact that was there before becomes theirs: what is
    known of a company stays, and a tax id that another contact has is told to the
    officer alone, who verifies the documents and merges the contacts if need be.
    """

    _inherit = "referral.participant"

    def _asked_of_company(self, user, entity_type):
        """Return which of ``company_name`` and ``vat`` a user is asked for.

        :param user: the ``res.users`` who joins
        :param str entity_type: as what
        """
        partner = user.sudo().partner_id
        client = partner.commercial_partner_id
        asked = set()
        if entity_type in TAXED_ENTITIES and self._may_describe(user, client):
            asked.add("vat")
            if entity_type in NAMED_ENTITIES and (
                not client.is_company or self._is_made_by(client, user)
            ):
                asked.add("company_name")
        return asked

    def _may_describe(self, user, client):
        """Tell whether a user may say what their own client's tax id is.

        Not of a company that staff or somebody else has entered, with them as one of
        its contacts; nor once there are invoices.
        """
        own = client == user.partner_id and (not client.is_company or not client.vat)
        return (own or self._is_made_by(client, user)) and client.can_edit_vat()

    def _is_made_by(self, client, user):
        """Tell whether a company was made by a user's own joining, for them alone."""
        return (
            client.is_company
            and client.create_uid == user
            and client.child_ids == user.partner_id
        )

    def _take_company(self, user, entity_type, given):
        """Keep the name and the tax id that a user typed on their own client.

        Whoever joins as a company and was a person until now becomes a contact of a
        new one; a draft of theirs goes along.

        :param user: the ``res.users`` who joins
        :param str entity_type: as what
        :param dict given: ``company_name`` and ``vat`` as typed, and the ``country``
        :return dict: what is wrong with them, by field
        """
        asked = self._asked_of_company(user, entity_type)
        vals = {
            "name": " ".join((given.get("company_name") or "").split())[:MAX_NAME],
            "vat": " ".join((given.get("vat") or "").split())[:MAX_TAX_ID],
        }
        if "company_name" not in asked or not vals["name"]:
            del vals["name"]
        if "vat" not in asked or not vals["vat"]:
            del vals["vat"]
        if not vals:
            return {}
        # sudo: clients write no contacts; this one is theirs alone
        client = user.sudo().partner_id.commercial_partner_id
        is_new = entity_type in NAMED_ENTITIES and not client.is_company
        if is_new and "name" not in vals:
            return {}  # kept when there is a name
        country = client.country_id or given["country"]
        try:
            if "vat" in vals:
                vals["vat"], _code = client._run_vat_checks(country, vals["vat"])
        except ValidationError as error:
            return {"vat": error.args[0]}
        if is_new:
            client = self._make_company(user, {**vals, "country_id": country.id})
        else:
            client.write(vals)
        return {}

    def _make_company(self, user, vals):
        """Make the company of a user who was a person until now, and return it."""
        person = user.sudo().partner_id  # sudo: as above
        company = person.create(
            {
                **vals,
                "is_company": True,
                "company_id": person.company_id.id,
                "lang": person.lang,
                "email": person.email,
            }
        )
        drafts = self.sudo().search([("partner_id", "=", person.id)])
        drafts.filtered(lambda p: p.state == "draft").partner_id = company
        person.parent_id = company
        return company

    def _missing_of_company(self, user, entity_type, given):
        """Return what a user still has to say of their company, by field."""
        asked = self._asked_of_company(user, entity_type)
        client = user.sudo().partner_id.commercial_partner_id
        errors = {}
        if "company_name" in asked and not client.is_company:
            errors["company_name"] = self.env._("Enter the company's name.")
        if "vat" in asked and not client.vat and not (given.get("vat") or "").strip():
            errors["vat"] = self.env._("Enter the tax id.")
        return errors

    def _look_up_name(self, user, vat, country):
        """Return the name of the company with a tax id, where Odoo can look it up.

        That is where *Partner Autocomplete* is installed; it asks VIES as well.

        :param user: the ``res.users`` who asks, so many times an hour
        :param str vat: as typed
        :param country: the ``res.country``, perhaps none
        :return str: empty if nobody knows
        """
        partners = self.env["res.partner"].sudo()
        if not hasattr(partners, "autocomplete_by_vat") or not vat:
            return ""
        try:
            self.env["referral.pace"]._step("lookup", user.id, LOOKUPS_AN_HOUR)
            found = partners.autocomplete_by_vat(
                vat[:MAX_TAX_ID], country.id, timeout=5
            )
        except (UserError, OSError, ValueError):
            _logger.info("The name of a company could not be looked up", exc_info=True)
            return ""
        return (found[0].get("name") or "")[:MAX_NAME] if found else ""

    def _tell_of_same_tax_id(self):
        """Note for the officer which other contacts have the client's tax id."""
        for participant in self.sudo():  # sudo: the client must not learn of them
            same = participant.partner_id.same_vat_partner_id
            if same:
                participant._message_log(
                    body=self.env._(
                        "%(other)s has the same tax id. If it is the same client, "
                        "check that these people speak for it, and merge the "
                        "contacts.",
                        other=same.display_name,
                    ),
                    author_id=self.env.ref("base.partner_root").id,
                )
