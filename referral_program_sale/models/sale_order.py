from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.http import request

from odoo.addons.referral_program.tools.visit_cookie import read_cookie

#: What only the shop says of an order; another code unsays it.
SAID = ("referral_by_link", "referral_ordered_on")


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
    referral_ordered_on = fields.Date(
        readonly=True,
        copy=False,
        help="When a visitor ordered who came by a link and had to sign up to count: "
        "they were no customer before that.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        unsaid = dict.fromkeys(SAID, False)
        orders = super().create([{**unsaid, **self._as_said(v)} for v in vals_list])
        orders._note_link()
        return orders

    def write(self, vals):
        result = super().write(self._as_said(vals))
        if "partner_id" in vals:
            self._note_link()
        return result

    @api.model
    def _as_said(self, vals):
        """Return values that say of a link what the shop says, whatever was sent."""
        if not self.env.su:
            vals = {name: vals[name] for name in vals if name not in SAID}
        if vals.get("referral_code"):
            vals = {**dict.fromkeys(SAID, False), **vals}
        return vals

    # === CONSTRAINT METHODS === #

    @api.constrains("referral_code")
    def _check_referral_code(self):
        """Refuse a code that nobody has.

        :raise ValidationError: when it is typed, not when it is used later
        """
        for order in self.filtered("referral_code"):
            if not order._referral_participant(order.referral_code):
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

    def _referral_participant(self, code):
        """Return the participant whose code it is, if an order may count for them.

        :param str code: as it was typed, whatever that is
        :return: in superuser mode; empty if the link is not active, or of another
            company
        """
        # sudo: neither salespeople nor visitors read participants
        participants = self.env["referral.participant"].sudo()
        found = participants._find_by_code(code)
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
            # a visitor may have opened another company's link
            if order._referral_participant(participant.code):
                # sudo: nobody else says so
                order.sudo().write(
                    {"referral_code": participant.code, "referral_by_link": True}
                )

    def _bind_referral(self):
        """Bind the client to whose code the order has, or tell why not.

        Confirming an order never fails for it.
        """
        self.ensure_one()
        participant = self._referral_participant(self.referral_code)
        client = self.partner_id.commercial_partner_id
        # what costs nothing the shop lets visitors order who did not say who they are
        if not participant or not client.active:
            return
        program = participant.program_id
        if self.referral_by_link and not program.bind_by_order:
            # sudo: as in _note_link
            self.sudo().referral_ordered_on = program._today()
            return
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
