import secrets

import qrcode
from markupsafe import Markup
from qrcode.image.svg import SvgPathImage

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import clean_context, ormcache

from ...tools.actions import window
from ...tools.counting import count_of
from ...tools.inputs import is_plain
from ...tools.roles import has_role

#: What the program itself writes, by what happens.
OWN_FIELDS = frozenset(
    {
        "account_closed_on",
        "code",
        "link_active",
        "state_since",
        "submitted_on",
        "verified_on",
        "verification_deadline",
    }
)
#: Participants in these states get nothing positive.
INACTIVE_STATES = ("suspended", "rejected", "closed")
#: What is below /referral/ besides participants' links.
OTHER_PAGES = frozenset(
    {
        "audit",
        "data",
        "document",
        "health",
        "material",
        "report",
        "rollforward",
        "statement",
    }
)


class ReferralParticipant(models.Model):
    """A client enrolled in a program.

    The referral balance is not stored anywhere but in the general ledger: it
    is the sum of posted items on the program's liability account.
    """

    _name = "referral.participant"
    _description = "Referral Participant"
    _inherit = ["referral.sight.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_names_search = ["partner_id", "code"]
    _check_company_auto = True

    program_id = fields.Many2one(
        "referral.program",
        required=True,
        index=True,
        tracking=True,
        default=lambda self: (
            self.env["referral.program"]._of_company(self.env.company)
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
        tracking=True,
        check_company=True,
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
        help="A word to use in the link instead of the code: 3 to 40 lowercase "
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
    referral_count = fields.Integer(
        compute=count_of("referral_count", "referral.referral", "participant_id")
    )
    compensation_ids = fields.One2many("referral.compensation", "participant_id")

    _partner_unique = models.UniqueIndex(
        "(program_id, partner_id)", "This client takes part in the program already."
    )
    _code_unique = models.UniqueIndex("(code)")
    _alias_unique = models.UniqueIndex(
        "(alias) WHERE alias IS NOT NULL",
        "This alias is taken by another participant. Choose another one.",
    )
    _alias_plain = models.Constraint(
        "CHECK (alias ~ '^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$')",
        "Use 3 to 40 lowercase letters, digits and hyphens for the alias.",
    )

    # === COMPUTE METHODS === #

    def _new_code(self):
        """Return a code for a link: 96 random bits, safe in an address."""
        return secrets.token_urlsafe(12)

    def _find_by_code(self, code):
        """Return the participant whose code or alias it is, if the link is active.

        :param str code: as somebody typed it or followed it; may be empty
        """
        code = (code or "").strip()
        if not code or not is_plain(code):
            return self.browse()
        found = self.search(
            ["|", ("code", "=", code), ("alias", "=", code.lower())], limit=1
        )
        return found.filtered("link_active")

    @api.depends("partner_id.display_name")
    def _compute_display_name(self):
        for participant in self:
            participant.display_name = participant.partner_id.display_name

    @api.depends("state", "type_id.link_at_once", "account_closed_on")
    def _compute_link_active(self):
        for participant in self:
            at_once = participant.type_id.link_at_once
            participant.link_active = not participant.account_closed_on and (
                participant.state == "active"
                or (participant.state == "submitted" and at_once)
            )

    @api.depends("code", "alias")
    def _compute_link(self):
        for participant in self:
            participant.link = (
                f"{participant.get_base_url()}/referral/"
                f"{participant.alias or participant.code}"
            )

    def _qr_code(self, address=None):
        """Return the link as a QR code, to show inside a page.

        :param str address: another link of the participant's
        """
        self.ensure_one()
        # drawn by the library from modules alone: nothing of the link is in it
        return Markup(self._draw_qr_code(address or self.link))  # nosec B704

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

    # === CONSTRAINT METHODS === #

    @api.constrains("alias")
    def _check_alias_is_no_page(self):
        for participant in self:
            if participant.alias in OTHER_PAGES:
                raise ValidationError(
                    self.env._(
                        "A page of the program has this name. Choose another alias."
                    )
                )

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
        participants.filtered(lambda p: p.state != "draft")._check_not_ones_own()
        participants._sync_documents()
        return participants

    def write(self, vals):
        vals = self._with_commercial_partner(vals)
        if "partner_id" in vals or "program_id" in vals:
            self._check_identity_can_change(vals)
        if "company_id" in vals:
            raise UserError(
                self.env._("The company is that of the program and cannot be changed.")
            )
        if not self.env.su and not OWN_FIELDS.isdisjoint(vals):
            raise UserError(
                self.env._(
                    "These values are set by the program and cannot be edited. Use "
                    "the buttons instead."
                )
            )
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

    def _write_checked(self, vals):
        """Write what is allowed: past :meth:`write`, which checks it first."""
        return super().write(vals)

    def _check_type_can_change(self, type_id):
        if self.filtered(lambda p: p.state != "draft" and p.type_id.id != type_id):
            raise UserError(
                self.env._(
                    "The type determines the documents, so it can be changed only in "
                    "drafts. Ask an administrator to correct it."
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
                    "Create a participant as a draft. It becomes active once its "
                    "documents are verified."
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
                    "These participants have referrals or money, so they cannot be "
                    "deleted: %(participants)s. Close them instead.",
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
