import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.actions import window_of
from ...tools.counting import count_of

KINDS = [
    ("participation", "Participation Agreement"),
    ("engagement", "Client Engagement Rules"),
]
#: What nobody changes once somebody may have accepted it.
LOCKED_FIELDS = frozenset(
    {"kind", "company_id", "version", "name", "body", "date_from", "state"}
)


class ReferralAgreement(models.Model):
    """A version of a text that participants accept.

    Published, it never changes again: a new version asks everybody anew, and blocks
    payout to whoever has not accepted it when the program's grace period is over.
    """

    _name = "referral.agreement"
    _description = "Referral Agreement"
    _inherit = ["referral.shared.mixin", "mail.thread"]
    _order = "kind, version desc, id desc"

    kind = fields.Selection(KINDS, required=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        tracking=True,
        default=lambda self: self._own(),
        help="If empty, the text applies to all companies that have none of their own.",
    )
    version = fields.Integer(required=True, readonly=True, copy=False)
    name = fields.Char("Title", required=True, translate=True)
    body = fields.Html("Text", required=True, translate=True)
    date_from = fields.Date(
        "In Force From",
        required=True,
        default=lambda self: self._today(),
        tracking=True,
        copy=False,
    )
    state = fields.Selection(
        [("draft", "Draft"), ("published", "Published")],
        required=True,
        default="draft",
        readonly=True,
        tracking=True,
        copy=False,
    )
    acceptance_count = fields.Integer(
        compute=count_of("acceptance_count", "referral.acceptance", "agreement_id")
    )

    _version_unique = models.UniqueIndex(
        "(kind, COALESCE(company_id, 0), version)",
        "There is such a version already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("name", "version")
    def _compute_display_name(self):
        for agreement in self:
            agreement.display_name = self.env._(
                "%(title)s, version %(number)s",
                title=agreement.name,
                number=agreement.version,
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            if any({"state", "version"} & v.keys() for v in vals_list):
                raise UserError(self._publish_first())
            # neither by way of the context
            vals_list = [{**vals, "state": "draft"} for vals in vals_list]
        # one after the other: each has the number after the one before it
        agreements = self.browse()
        for vals in vals_list:
            number = vals.get("version") or self._next_version(
                vals.get("kind"), vals.get("company_id", False)
            )
            agreements |= super().create({**vals, "version": number})
        return agreements

    def _publish_first(self):
        return self.env._(
            "Create a text as a draft with the next number, and publish it afterwards."
        )

    def _next_version(self, kind, company_id):
        last = self.search(
            [("kind", "=", kind), ("company_id", "=", company_id)],
            order="version desc",
            limit=1,
        )
        return last.version + 1

    def write(self, vals):
        if not LOCKED_FIELDS.isdisjoint(vals):
            self._check_draft()
        if {"state", "version"} & vals.keys():
            raise UserError(self._publish_first())
        return super().write(vals)

    def update_field_translations(self, field_name, translations, source_lang=""):
        self._check_draft()
        return super().update_field_translations(field_name, translations, source_lang)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self._check_draft()

    def _check_draft(self):
        if "published" in self.mapped("state"):
            raise UserError(
                self.env._(
                    "A published text cannot be changed, because participants "
                    "accepted it. Duplicate it and publish a new version."
                )
            )

    # === STATE === #

    def _update_state(self, state, **values):
        """Bring the texts into a state: the only way to change it.

        :param values: further values to write with it
        :raise UserError: if one is published already
        """
        self._check_draft()
        return super().write({"state": state, **values})

    # === WHAT IS IN FORCE === #

    def _current(self, company, day):
        """Return the newest published version of each kind that is in force.

        :param company: a ``res.company``; its own text comes before the common one
        :param day: a date
        """
        versions = self.sudo().search(
            [
                ("state", "=", "published"),
                ("date_from", "<=", day),
                ("company_id", "in", (False, company.id)),
            ],
            order="version desc",
        )
        by_kind, found = versions.grouped("kind"), self.browse()
        for kind, _label in KINDS:
            of_kind = by_kind.get(kind, self.browse())
            found |= (of_kind.filtered("company_id") or of_kind)[:1]
        return found

    def _text_hash(self):
        """Return the hash of the text in the language of the environment.

        :return str: SHA-256 of title and text, in hexadecimal
        """
        self.ensure_one()
        return hashlib.sha256(f"{self.name}\n{self.body}".encode()).hexdigest()

    # === ACTION METHODS === #

    def action_publish(self):
        """Put the texts in force from their date on, and tell the participants."""
        self.check_access("write")
        for agreement in self:
            # nobody is asked for what was in force before it was published
            day = max(agreement.date_from, agreement._today())
            agreement._update_state("published", date_from=day)
            agreement._tell_participants()
        return True

    def _today(self):
        """Return today's date in the text's company; if for all, in the user's."""
        company = self.company_id or self.env.company
        return self.env["referral.program"]._today_in(company)

    def _tell_participants(self):
        """Write to those who have to accept the new version."""
        programs = self.env["referral.program"].search(
            [("company_id", "=", self.company_id.id)] if self.company_id else []
        )
        participants = self.env["referral.participant"].search(
            [("program_id", "in", programs.ids), ("state", "=", "active")]
        )
        asked = participants.filtered(
            lambda p: self in self._current(p.company_id, self.date_from)
        )
        asked._send("referral_program.mail_template_agreement")

    def action_view_acceptances(self):
        """Open who accepted these versions."""
        return window_of(self, "referral_acceptance_action", "agreement_id")
