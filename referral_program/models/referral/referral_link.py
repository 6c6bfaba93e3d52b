from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.inputs import link_name

#: Links with a name that one participant may have, those no longer used included.
MAX_LINKS = 50


class ReferralLink(models.Model):
    """A participant's link with a name, such as ``/referral/CODE/blog``.

    It tells where visitors and clients come from, and counts for the participant like
    the link without a name. One that was used stays for its numbers when it is removed.
    """

    _name = "referral.link"
    _description = "Named Referral Link"
    _order = "participant_id, name, id"

    participant_id = fields.Many2one(
        "referral.participant", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="participant_id.company_id")
    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    address = fields.Char(compute="_compute_address")

    _name_unique = models.UniqueIndex("(participant_id, name)")
    _name_plain = models.Constraint(
        "CHECK (name ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$')",
        "Use up to 40 letters of the Latin alphabet, digits and hyphens for the name.",
    )

    @api.depends("name", "participant_id.link")
    def _compute_address(self):
        for link in self:
            link.address = f"{link.participant_id.link}/{link.name}"

    def _find(self, participant, text):
        """Return the participant's link with a name; empty if there is none.

        :param participant: in superuser mode
        :param text: as somebody followed it; may be anything
        """
        try:
            name = link_name(text or "")
        except ValueError:
            return self.browse()
        return self.search(
            [("participant_id", "=", participant.id), ("name", "=", name)], limit=1
        )

    def _add(self, participant, text):
        """Give a participant a link with a name, or give one back that was removed.

        :param str text: the name as it was typed
        :return: the ``referral.link``
        :raise UserError: if there are too many, or the name is none or taken
        """
        try:
            name = link_name(text or "")
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "Use up to 40 letters of the Latin alphabet, digits and hyphens "
                    "for the name, such as blog or youtube-2026."
                )
            ) from error
        # sudo: participants create no records; these are their own
        links = self.sudo().with_context(active_test=False)
        # of two at once, the second sees the first
        participant._lock_money()
        own = links.search([("participant_id", "=", participant.id)])
        if known := own.filtered(lambda link: link.name == name):
            if known.active:
                raise ValidationError(
                    self.env._("You have a link with this name already.")
                )
            known.active = True
            return known
        if len(own) >= MAX_LINKS:
            raise UserError(
                self.env._(
                    "At most %(count)s links can have names, those that were used and "
                    "removed included.",
                    count=MAX_LINKS,
                )
            )
        return links.create({"participant_id": participant.id, "name": name})

    def _remove(self):
        """Take the link back: from now on it counts as the one without a name."""
        self.ensure_one()
        visits = self.env["referral.visit"].sudo()
        referrals = self.env["referral.referral"].sudo()
        own = [("link_id", "=", self.id)]
        if visits.search_count(own, limit=1) or referrals.search_count(own, limit=1):
            self.active = False
        else:
            self.unlink()
