import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

#: The states that a participant may go to from each state.
TRANSITIONS = {
    "draft": {"submitted", "active", "rejected", "closed"},
    "submitted": {"draft", "active", "rejected", "closed"},
    "active": {"suspended", "rejected", "closed"},
    "suspended": {"active", "rejected", "closed"},
    "rejected": {"closed"},
    "closed": set(),
}
#: Participants in these states get nothing positive.
INACTIVE_STATES = ("suspended", "rejected", "closed")


class ReferralParticipant(models.Model):
    """A client enrolled in a program.

    The referral balance is not stored anywhere but in the general ledger: it
    is the sum of posted items on the program's liability account.
    """

    _name = "referral.participant"
    _description = "Referral Participant"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    program_id = fields.Many2one(
        "referral.program",
        required=True,
        ondelete="restrict",
        index=True,
        tracking=True,
        default=lambda self: self.env["referral.program"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        ),
    )
    company_id = fields.Many2one(
        related="program_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="program_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        required=True,
        ondelete="restrict",
        index=True,
        tracking=True,
        check_company=True,
        help="The client who takes part: always the company itself, not one of its "
        "contacts.",
    )
    email = fields.Char(related="partner_id.email")
    phone = fields.Char(related="partner_id.phone")
    country_id = fields.Many2one(related="partner_id.country_id")
    type_id = fields.Many2one(
        "referral.participant.type",
        required=True,
        ondelete="restrict",
        tracking=True,
        domain=[("can_join", "=", True)],
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("active", "Active"),
            ("suspended", "Suspended"),
            ("rejected", "Rejected"),
            ("closed", "Closed"),
        ],
        required=True,
        default="draft",
        tracking=True,
        copy=False,
        index=True,
    )
    state_reason = fields.Char(
        "Reason", tracking=True, copy=False, help="Why the state was last changed."
    )
    code = fields.Char(
        required=True,
        copy=False,
        readonly=True,
        default=lambda self: self._new_code(),
        help="The unguessable part of the referral link.",
    )
    link_active = fields.Boolean(compute="_compute_link_active", store=True)
    payout_allowed = fields.Boolean(
        compute="_compute_payout_allowed",
        store=True,
        help="The participant may withdraw: they are active, which they become when "
        "their documents are approved.",
    )
    referral_ids = fields.One2many("referral.referral", "participant_id", "Referrals")
    referral_count = fields.Integer(compute="_compute_referral_count")
    compensation_ids = fields.One2many("referral.compensation", "participant_id")
    balance = fields.Monetary(
        "Referral Balance",
        compute="_compute_balance",
        help="What the company owes the participant: the sum of the posted items on "
        "the program's liability account.",
    )
    available_balance = fields.Monetary(
        compute="_compute_balance",
        help="The part of the balance that can be withdrawn or spent now.",
    )

    _partner_unique = models.UniqueIndex(
        "(program_id, partner_id)", "This client takes part in the program already."
    )
    _code_unique = models.UniqueIndex("(code)")

    # === COMPUTE METHODS === #

    @api.model
    def _new_code(self):
        """Return a code for a link: 96 random bits, safe in an address."""
        return secrets.token_urlsafe(12)

    @api.depends("partner_id.display_name")
    def _compute_display_name(self):
        for participant in self:
            participant.display_name = participant.partner_id.display_name

    @api.depends("state", "type_id.link_at_once")
    def _compute_link_active(self):
        for participant in self:
            participant.link_active = participant.state == "active" or (
                participant.state == "submitted" and participant.type_id.link_at_once
            )

    @api.depends("state")
    def _compute_payout_allowed(self):
        for participant in self:
            participant.payout_allowed = participant.state == "active"

    def _compute_referral_count(self):
        counts = dict(
            self.env["referral.referral"]._read_group(
                [("participant_id", "in", self.ids)], ["participant_id"], ["__count"]
            )
        )
        for participant in self:
            participant.referral_count = counts.get(participant, 0)

    def _compute_balance(self):
        balances = self._balances()
        for participant in self:
            participant.balance = balances.get(participant, 0.0)
            participant.available_balance = max(participant.balance, 0.0)

    # === CONSTRAINT METHODS === #

    @api.constrains("type_id")
    def _check_type_can_join(self):
        for participant in self:
            if not participant.type_id.can_join:
                raise ValidationError(
                    self.env._(
                        "%(type)s cannot join the referral program.",
                        type=participant.type_id.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        participants = super().create(
            [self._with_commercial_partner(vals) for vals in vals_list]
        )
        self.env["referral.mark"]._mark_partners(participants.partner_id)
        return participants

    def write(self, vals):
        vals = self._with_commercial_partner(vals)
        if "partner_id" in vals or "program_id" in vals:
            self._check_identity_can_change(vals)
        if "company_id" in vals:
            raise UserError(self.env._("The company is that of the program."))
        if "state" in vals:
            vals = dict(vals)
            self._update_state(vals.pop("state"), vals.pop("state_reason", False))
        result = super().write(vals) if vals else True
        if {"partner_id", "program_id", "type_id"} & vals.keys():
            self.env["referral.mark"]._mark_partners(self.referral_ids.partner_id)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.filtered(
            lambda participant: participant.sudo().compensation_ids
            or participant.sudo().referral_ids
        )
        if used:
            raise UserError(
                self.env._(
                    "These participants have referrals or compensations, so they stay: "
                    "%(participants)s. Close them instead.",
                    participants=", ".join(used.mapped("display_name")),
                )
            )

    def _with_commercial_partner(self, vals):
        if not vals.get("partner_id"):
            return vals
        partner = self.env["res.partner"].browse(vals["partner_id"])
        return {**vals, "partner_id": partner.commercial_partner_id.id}

    def _check_identity_can_change(self, vals):
        """Refuse to give one participant's money to another partner or program."""
        for participant in self:
            changed = any(
                participant[name].id != vals[name]
                for name in ("partner_id", "program_id")
                if name in vals
            )
            if changed and participant.sudo().compensation_ids:
                raise UserError(
                    self.env._(
                        "%(participant)s has compensations: the ledger says whose they "
                        "are, so neither the client nor the program can change.",
                        participant=participant.display_name,
                    )
                )

    # === STATE === #

    def _update_state(self, state, reason=False):
        """Bring the participants into a state: the only way to change it.

        :param str state: the state to go to
        :param str reason: why; shown to staff, kept in the history
        :raise UserError: if a participant's state does not allow it
        """
        for participant in self.filtered(lambda p: p.state != state):
            if state not in TRANSITIONS[participant.state]:
                labels = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "%(participant)s is %(old)s and cannot become %(new)s.",
                        participant=participant.display_name,
                        old=labels[participant.state].lower(),
                        new=labels.get(state, state).lower(),
                    )
                )
            super(ReferralParticipant, participant).write(
                {"state": state, "state_reason": reason}
            )
        self.env["referral.mark"]._mark_partners(self.referral_ids.partner_id)
        return True

    def action_submit(self):
        self._update_state("submitted")

    def action_activate(self):
        self._update_state("active")

    def action_reject(self):
        self._update_state("rejected")

    def action_suspend(self):
        self._update_state("suspended")

    def action_resume(self):
        self._update_state("active")

    def action_close(self):
        self._update_state("closed")

    # === BALANCE === #

    def _balance(self):
        """Return what the company owes this participant, from the general ledger.

        :return float: in the company's currency; negative if the participant
            owes the company
        """
        self.ensure_one()
        return self._balances().get(self, 0.0)

    def _balances(self):
        """Return the balance of each participant who has posted items.

        :return dict: participant → amount in the company's currency
        """
        # sudo: the balance is the participant's own; who may read the participant
        # may read it, but not the journal items behind it
        items = self.env["account.move.line"].sudo()
        balances = {}
        for program, participants in self.grouped("program_id").items():
            by_partner = dict(
                items._read_group(
                    [
                        ("account_id", "=", program.sudo().liability_account_id.id),
                        ("company_id", "child_of", program.company_id.id),
                        ("parent_state", "=", "posted"),
                        ("partner_id", "in", participants.partner_id.ids),
                    ],
                    ["partner_id"],
                    ["balance:sum"],
                )
            )
            for participant in participants:
                balance = by_partner.get(participant.partner_id, 0.0)
                balances[participant] = program.currency_id.round(-balance)
        return balances

    # === ACTION METHODS === #

    def action_view_referrals(self):
        """Open the referrals of these participants."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "referral_program.referral_referral_action"
        )
        action["domain"] = [("participant_id", "in", self.ids)]
        action["context"] = (
            {"default_participant_id": self.id} if len(self) == 1 else {}
        )
        return action

    def action_view_compensations(self):
        """Open what these participants earned."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "referral_program.referral_compensation_action"
        )
        action["domain"] = [("participant_id", "in", self.ids)]
        return action

    def action_view_ledger(self):
        """Open the journal items that the balance consists of."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_account_moves_all"
        )
        action["domain"] = [
            ("account_id", "=", self.program_id.liability_account_id.id),
            ("partner_id", "=", self.partner_id.id),
            ("parent_state", "=", "posted"),
        ]
        action["context"] = {}
        return action
