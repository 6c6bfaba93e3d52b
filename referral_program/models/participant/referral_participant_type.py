from odoo import api, fields, models

from ...tools.counting import count_of


class ReferralParticipantType(models.Model):
    """A row of the checklist: who may join, by entity type and residency."""

    _name = "referral.participant.type"
    _description = "Referral Participant Type"
    _inherit = ["referral.shared.mixin", "mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        tracking=True,
        default=lambda self: self._own(),
        help="If empty, clients of all companies join by it, unless their company has "
        "a type of its own for the same entity and residency.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    entity_type = fields.Selection(
        [
            ("individual", "Individual"),
            ("legal_entity", "Legal Entity"),
            ("sole_trader", "Sole Trader"),
            ("state_organization", "State Organization"),
        ],
        required=True,
        tracking=True,
    )
    residency = fields.Selection(
        [
            ("resident", "Resident"),
            ("tax_resident", "Non-resident, Tax Resident"),
            ("nonresident", "Non-resident"),
        ],
        required=True,
        default="resident",
        tracking=True,
        help="Residency in the country of the program's company.",
    )
    can_join = fields.Boolean(
        default=True,
        tracking=True,
        help="Clients of this type may join the program.",
    )
    link_at_once = fields.Boolean(
        "Immediate Link",
        tracking=True,
        help="The participant has the referral link as soon as they have submitted "
        "their documents; otherwise after verification.",
    )
    territory_restricted = fields.Boolean(
        "Own Country Only",
        tracking=True,
        help="Clients from countries other than the participant's earn nothing.",
    )
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes and Withholdings",
        domain=[("type_tax_use", "=", "purchase")],
        tracking=True,
        help="On the bills that pay withdrawals: taxes are added to the amount, "
        "withholdings are deducted from the payment.",
    )
    requirement_ids = fields.One2many(
        "referral.document.requirement",
        "type_id",
        "Documents",
        copy=True,
        help="The documents required from clients of this type. Changes apply to "
        "draft participants only.",
    )
    reason_not_joining = fields.Char(
        "Why Not",
        translate=True,
        tracking=True,
        help="Shown in the portal to clients of a type that cannot join.",
    )
    participant_count = fields.Integer(
        compute=count_of("participant_count", "referral.participant", "type_id")
    )

    @api.onchange("can_join")
    def _onchange_can_join(self):
        if not self.can_join:
            self.link_at_once = False

    def _offered(self, company):
        """Return the types by which a company's clients join.

        Those of its own come in place of common ones of the same entity and residency.

        :param company: a ``res.company``
        """
        found = self.search([("company_id", "in", (False, company.id))])
        own = {
            (kind.entity_type, kind.residency) for kind in found.filtered("company_id")
        }
        return found.filtered(
            lambda kind: kind.company_id
            or (kind.entity_type, kind.residency) not in own
        )

    def _like(self, entity_type, residency):
        """Return the first of these types for an entity and residency, or none.

        :param str entity_type: whatever was asked for
        :param str residency: whatever was asked for
        """
        return self.filtered(
            lambda kind: (kind.entity_type, kind.residency) == (entity_type, residency)
        )[:1]

    def write(self, vals):
        if "territory_restricted" in vals:
            changing = self.filtered(
                lambda kind: kind.territory_restricted != vals["territory_restricted"]
            )
            # sudo: who edits types need not see participants, nor all companies'
            participants = self.env["referral.participant"].sudo()
            concerned = participants.search([("type_id", "in", changing.ids)])
            concerned.program_id._mark_everything()
        return super().write(vals)
