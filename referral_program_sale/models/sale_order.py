from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.http import request

from odoo.addons.referral_program.tools.visit_cookie import read_cookie


class SaleOrder(models.Model):
    """Orders that say who brought the client."""

    _inherit = "sale.order"

    referral_code = fields.Char(
        copy=False,
        tracking=True,
        help="Whoever has this code is credited with the client once the order is "
        "confirmed. Visitors of the shop who came by a participant's link have it from "
        "there.",
    )
    referral_by_link = fields.Boolean(
        readonly=True,
        copy=False,
        help="Nobody typed the code: the visitor had opened the participant's link.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders._note_link()
        return orders

    def write(self, vals):
        if vals.get("referral_code"):
            vals = {"referral_by_link": False, **vals}
        result = super().write(vals)
        if "partner_id" in vals:
            self._note_link()
        return result

    # === CONSTRAINT METHODS === #

    @api.constrains("referral_code")
    def _check_referral_code(self):
        """Refuse a code that nobody has.

        :raise ValidationError: when it is typed, not when it is used later
        """
        for order in self.filtered("referral_code"):
            if not order._referral_participant():
                raise ValidationError(
                    self.env._(
                        "No participant of the referral program has the code "
                        "“%(code)s”.",
                        code=order.referral_code,
                    )
                )

    # === ACTION METHODS === #

    def action_confirm(self):
        result = super().action_confirm()
        for order in self.filtered("referral_code"):
            order._bind_referral()
        return result

    # === REFERRALS === #

    def _referral_participant(self):
        """Return the participant whose code the order has, if their link is active."""
        # sudo: neither salespeople nor visitors read participants
        participants = self.env["referral.participant"].sudo()
        found = participants._find_by_code(self.referral_code)
        companies = found.program_id._companies()
        return found if self.company_id in companies else participants

    def _note_link(self):
        """Keep whose link a visitor of the shop opened, unless a code was typed.

        Whoever confirms the order later, such as a payment provider, has no cookie.
        """
        # orders of the shop have a website, where that app is installed
        if not request or "website_id" not in self._fields:
            return
        if not request.env.user.share:
            return  # whose link an employee opened is no matter of the client's
        participants = self.env["referral.participant"].sudo()
        for order in self.filtered(lambda o: o.website_id and not o.referral_code):
            participant = read_cookie(participants, request)
            if participant.link_active:
                order.write(
                    {"referral_code": participant.code, "referral_by_link": True}
                )

    def _bind_referral(self):
        """Bind the client to whose code the order has, or tell why not.

        Confirming an order never fails for it.
        """
        self.ensure_one()
        participant = self._referral_participant()
        if not participant:
            return
        if self.referral_by_link and not participant.program_id.bind_by_order:
            return
        client = self.partner_id.commercial_partner_id
        # sudo: whoever confirms an order need not see referrals
        referrals = self.env["referral.referral"].sudo()
        bound = [("participant_id", "=", participant.id)]
        if referrals.search_count([*bound, ("partner_id", "=", client.id)], limit=1):
            return
        source = "link" if self.referral_by_link else "code"
        _referral, reason = referrals._bind(participant, client, source)
        if reason:
            labels = dict(
                self.env["referral.refusal"]
                ._fields["reason"]
                ._description_selection(self.env)
            )
            text = self.env._(
                "The client does not count as brought by somebody: %(reason)s.",
                reason=labels[reason],
            )
        else:
            text = self.env._("The client counts as brought by the code of this order.")
        self.sudo().message_post(body=text)
