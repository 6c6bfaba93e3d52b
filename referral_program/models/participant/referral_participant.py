import secrets

import qrcode
from markupsafe import Markup
from qrcode.image.svg import SvgPathImage

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import clean_context, ormcache

from ...tools.actions import window
from ...tools.roles import has_role

#: The states that a participant may go to from each state.
TRANSITIONS = {
    "draft": {"submitted", "active", "rejected", "closed"},
    "submitted": {"active", "rejected", "closed"},
    "active": {"suspended", "rejected", "closed"},
    "suspended": {"active", "rejected", "closed"},
    "rejected": {"closed"},
    "closed": set(),
}
#: States that end or interrupt the participation: staff say why.
REASONED_STATES = ("suspended", "rejected", "closed")
#: What the program itself writes, by what happens.
OWN_FIELDS = frozenset(
    {
        "code",
        "link_active",
        "state_since",
        "submitted_on",
        "verified_on",
        "verification_deadline",
    }
)
#: What the participant is written about each change of state.
STATE_MAILS = {
    ("submitted", "active"): "referral_program.mail_template_activated",
    ("draft", "active"): "referral_program.mail_template_activated",
    ("suspended", "active"): "referral_program.mail_template_resumed",
    ("active", "suspended"): "referral_program.mail_template_suspended",
    ("submitted", "rejected"): "referral_program.mail_template_rejected",
    ("active", "rejected"): "referral_program.mail_template_rejected",
    ("suspended", "rejected"): "referral_program.mail_template_rejected",
    ("submitted", "closed"): "referral_program.mail_template_closed",
    ("active", "closed"): "referral_program.mail_template_closed",
    ("suspended", "closed"): "referral_program.mail_template_closed",
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
    state_since = fields.Datetime(
        readonly=True, copy=False, default=fields.Datetime.now
    )
    code = fields.Char(
        required=True,
        copy=False,
        readonly=True,
        tracking=True,
        default=lambda self: self._new_code(),
        help="The unguessable part of the referral link.",
    )
    alias = fields.Char(
        "Link Alias",
        copy=False,
        tracking=True,
        help="A word that the link may have in place of the code: 3 to 40 small "
        "letters, digits and hyphens.",
    )
    link_active = fields.Boolean(compute="_compute_link_active", store=True)
    link = fields.Char("Referral Link", compute="_compute_link")
    payout_allowed = fields.Boolean(
        compute="_compute_payout_allowed",
        help="The participant may withdraw: they are active, all their documents are "
        "approved, and they accepted the agreements in force.",
    )
    referral_ids = fields.One2many("referral.referral", "participant_id", "Referrals")
    referral_count = fields.Integer(compute="_compute_referral_count")
    compensation_ids = fields.One2many("referral.compensation", "participant_id")

    _partner_unique = models.UniqueIndex(
        "(program_id, partner_id)", "This client takes part in the program already."
    )
    _code_unique = models.UniqueIndex("(code)")
    _alias_unique = models.UniqueIndex(
        "(alias) WHERE alias IS NOT NULL", "Another participant has this alias."
    )
    _alias_plain = models.Constraint(
        "CHECK (alias ~ '^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$')",
        "An alias has 3 to 40 small letters, digits and hyphens.",
    )

    # === COMPUTE METHODS === #

    @api.model
    def _new_code(self):
        """Return a code for a link: 96 random bits, safe in an address."""
        return secrets.token_urlsafe(12)

    @api.model
    def _find_by_code(self, code):
        """Return the participant whose code or alias it is, if the link is active.

        :param str code: as somebody typed it or followed it; may be empty
        """
        code = (code or "").strip()
        if not code:
            return self.browse()
        found = self.search(
            ["|", ("code", "=", code), ("alias", "=", code.lower())], limit=1
        )
        return found.filtered("link_active")

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

    @api.depends("code", "alias")
    def _compute_link(self):
        for participant in self:
            participant.link = (
                f"{participant.get_base_url()}/referral/"
                f"{participant.alias or participant.code}"
            )

    def _qr_code(self):
        """Return the link as a QR code, to show inside a page."""
        self.ensure_one()
        # drawn by the library from modules alone: nothing of the link is in it
        return Markup(self._draw_qr_code(self.link))

    @api.model
    @ormcache("link")
    def _draw_qr_code(self, link):
        image = qrcode.make(link, image_factory=SvgPathImage, border=2, box_size=10)
        return image.to_string(encoding="unicode")

    @api.depends("state", "document_ids.state", "acceptance_ids")
    def _compute_payout_allowed(self):
        for participant in self:
            participant.payout_allowed = (
                participant.state == "active"
                and participant.agreements_current
                and not participant._open_documents()
            )

    def _compute_referral_count(self):
        counts = dict(
            self.env["referral.referral"]._read_group(
                [("participant_id", "in", self.ids)], ["participant_id"], ["__count"]
            )
        )
        for participant in self:
            participant.referral_count = counts.get(participant, 0)

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
        self = self._check_first_state(vals_list)  # noqa: PLW0642
        participants = super().create(
            [self._with_commercial_partner(vals) for vals in vals_list]
        )
        self.env["referral.mark"]._mark_partners(participants.partner_id)
        participants._sync_documents()
        return participants

    def write(self, vals):
        vals = self._with_commercial_partner(vals)
        if "partner_id" in vals or "program_id" in vals:
            self._check_identity_can_change(vals)
        if "company_id" in vals:
            raise UserError(self.env._("The company is that of the program."))
        if not self.env.su and not OWN_FIELDS.isdisjoint(vals):
            raise UserError(self.env._("These moments follow from what happens."))
        if "type_id" in vals and not self._is_trusted():
            self._check_type_can_change(vals["type_id"])
        if "state" in vals:
            vals = dict(vals)
            self._update_state(vals.pop("state"), vals.pop("state_reason", False))
        result = super().write(vals) if vals else True
        if {"partner_id", "program_id", "type_id"} & vals.keys():
            self.env["referral.mark"]._mark_partners(self.referral_ids.partner_id)
        if "type_id" in vals:
            self._sync_documents()
        return result

    def _check_type_can_change(self, type_id):
        if self.filtered(lambda p: p.state != "draft" and p.type_id.id != type_id):
            raise UserError(
                self.env._(
                    "The type decides about the documents, so it changes in drafts "
                    "only. An administrator may correct it."
                )
            )

    def _check_first_state(self, vals_list):
        """Refuse to skip verification, but for whoever moves a program to Odoo.

        :return: the environment's model to create with
        :raise UserError: for anybody but administrators
        """
        if self._is_trusted():
            return self
        if any(
            vals.get("state", "draft") != "draft" or not OWN_FIELDS.isdisjoint(vals)
            for vals in vals_list
        ):
            raise UserError(
                self.env._(
                    "A participant begins as a draft: the documents decide about the "
                    "rest."
                )
            )
        # neither by way of the context
        return self.with_env(self.env(context=clean_context(self.env.context)))

    def _is_trusted(self):
        """Tell whether the caller may skip verification."""
        return has_role(self.env, "referral_program.group_administrator")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.filtered(
            lambda participant: participant.sudo().compensation_ids
            or participant.sudo().referral_ids
            or participant.sudo().withdrawal_ids
            or participant.sudo().redemption_ids
        )
        if used:
            raise UserError(
                self.env._(
                    "These participants have referrals or money, so they stay: "
                    "%(participants)s. Close them instead.",
                    participants=", ".join(used.mapped("display_name")),
                )
            )

    def unlink(self):
        # sudo: what a draft asks for, or has not submitted, goes with it
        documents = self.sudo().document_ids
        documents.filtered(lambda d: d.state in ("requested", "draft")).unlink()
        return super().unlink()

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
        if state in REASONED_STATES and not reason:
            raise UserError(
                self.env._("Say why: the participant and the history are told.")
            )
        changing = self.filtered(lambda participant: participant.state != state)
        for participant in changing:
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
            if state == "submitted":
                participant._check_complete()
            if state == "active" and participant.state != "suspended":
                participant._check_verified()
            participant._change_state(state, reason)
        self.env["referral.mark"]._mark_partners(changing.referral_ids.partner_id)
        return True

    def _change_state(self, state, reason):
        """Write the state that is allowed, and tell the participant."""
        now = fields.Datetime.now()
        mail = STATE_MAILS.get((self.state, state))
        vals = {"state": state, "state_reason": reason, "state_since": now}
        if state == "active" and not self.verified_on:
            vals["verified_on"] = now
        if state not in ("draft", "submitted"):
            vals["verification_deadline"] = False
        # not this class's own write, which leads here
        result = super().write(vals)
        if state in REASONED_STATES:
            self.activity_unlink(["referral_program.mail_activity_verification"])
        if mail:
            self._send(mail)
        return result

    def _check_verified(self):
        """Refuse to let somebody take part whose documents are not approved."""
        names = self._open_documents().mapped("name")
        if names:
            raise UserError(
                self.env._(
                    "Approve the documents of %(participant)s first: %(names)s.",
                    participant=self.display_name,
                    names=", ".join(names),
                )
            )

    def action_submit(self):
        """Hand the file over for verification."""
        self.check_access("write")
        for participant in self:
            participant._submit()

    def action_activate(self):
        """Let the participants take part, their documents being approved."""
        self._update_state("active")

    def action_resume(self):
        """Let suspended participants take part again."""
        self._update_state("active")

    def action_reject(self):
        """Ask for the reason, then reject."""
        return self._ask_reason("rejected", self.env._("Reject"))

    def action_suspend(self):
        """Ask for the reason, then suspend."""
        return self._ask_reason("suspended", self.env._("Suspend"))

    def action_close(self):
        """Ask for the reason, then close."""
        return self._ask_reason("closed", self.env._("Close"))

    def _ask_reason(self, action, title):
        self.check_access("write")
        return self.env["referral.reason"]._ask(title, action, participant_ids=self)

    # === ACTION METHODS === #

    def action_view_referrals(self):
        """Open the referrals of these participants."""
        return self._window("referral_referral_action")

    def action_why(self):
        """Ask about the invoice lines of the clients that they brought."""
        self.ensure_one()
        return window(
            self.env,
            "referral_explain_action",
            context={
                "default_program_id": self.program_id.id,
                "default_participant_id": self.id,
            },
        )

    def action_view_compensations(self):
        """Open what these participants earned."""
        return self._window("referral_compensation_action")

    def _window(self, name):
        """Return an action on what belongs to these participants.

        With one of them alone, it is that of new records as well.
        """
        return window(
            self.env,
            name,
            [("participant_id", "in", self.ids)],
            {"default_participant_id": self.id} if len(self) == 1 else {},
        )
