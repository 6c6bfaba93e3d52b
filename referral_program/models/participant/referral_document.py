from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, clean_context

from ...tools.roles import check_role
from .referral_document_requirement import DOCUMENT_KINDS, DOCUMENT_VALIDATORS
from .referral_pace import READINGS_AN_HOUR

#: The states that a document may go to from each state.
TRANSITIONS = {
    "requested": {"requested", "draft", "destroyed"},
    "draft": {"requested", "draft", "submitted", "destroyed"},
    "submitted": {"approved", "rejected", "destroyed"},
    "approved": {"rejected", "destroyed"},
    "rejected": {"draft", "requested", "destroyed"},
    "destroyed": set(),
}
#: What the participant has handed in, or is about to.
HANDED_IN_STATES = ("draft", "submitted", "approved")
MEGABYTE = 1024 * 1024
#: Files that a document may have.
MAX_FILES = 20
#: What an officer says of a document that they ask for.
ASKED_FIELDS = frozenset({"name", "note", "kind", "sequence"})
#: Words that a document takes from its requirement, and their fields there.
WORDS = {"name": "name", "note": "hint"}


class ReferralDocument(models.Model):
    """What a participant handed in, or is asked for.

    Either files or a text. Personal data: only the owner and officers read it, and
    each reading is recorded.

    The words that it was asked for with are kept in all languages: participant and
    officer need not share one, and a requirement may change afterwards.
    """

    _name = "referral.document"
    _description = "Referral Document"
    _inherit = ["referral.sight.mixin"]
    _order = "participant_id, sequence, id"

    participant_id = fields.Many2one("referral.participant", required=True, index=True)
    company_id = fields.Many2one(related="participant_id.company_id", store=True)
    requirement_id = fields.Many2one(
        "referral.document.requirement",
        index="btree_not_null",
        help="If empty, an officer asked this participant for it.",
    )
    sequence = fields.Integer(default=100)
    name = fields.Char("Document", required=True, translate=True)
    note = fields.Char(translate=True, help="Shown to the participant below the name.")
    kind = fields.Selection(DOCUMENT_KINDS, required=True, default="file")
    one_of = fields.Char("Alternatives", readonly=True)
    validator = fields.Selection(DOCUMENT_VALIDATORS)
    state = fields.Selection(
        [
            ("requested", "Requested"),
            ("draft", "Not Submitted"),
            ("submitted", "To Verify"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("destroyed", "Destroyed"),
        ],
        required=True,
        default="requested",
        readonly=True,
        copy=False,
        index=True,
    )
    reason = fields.Char(readonly=True, copy=False, help="Why it was rejected.")
    page_ids = fields.One2many("referral.document.page", "document_id", "Files")
    page_count = fields.Integer("File Count", compute="_compute_page_count")
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    submitted_on = fields.Datetime(readonly=True, copy=False)
    reviewed_on = fields.Datetime(readonly=True, copy=False)
    reviewer_id = fields.Many2one("res.users", readonly=True, copy=False)

    _requirement_unique = models.UniqueIndex(
        "(participant_id, requirement_id) WHERE requirement_id IS NOT NULL",
        "The participant already has this document.",
    )

    # === COMPUTE METHODS === #

    @api.depends("page_ids")
    def _compute_page_count(self):
        for document in self:
            document.page_count = len(document.page_ids)

    @api.depends("page_ids")
    def _compute_preview(self):
        """The files beside each other, opened through the route that keeps a log."""
        for document in self:
            document.preview = self.env["ir.qweb"]._render(
                "referral_program.document_preview", {"document": document}
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            self._check_officer()
            self._check_asked_only(vals_list, ASKED_FIELDS | {"participant_id"})
            # neither by way of the context
            participant_id = self.env.context.get("default_participant_id")
            clean = self.env(context=clean_context(self.env.context))
            self = self.with_env(clean)  # noqa: PLW0642
            vals_list = [{"participant_id": participant_id, **v} for v in vals_list]
        documents = super().create(vals_list)
        asked = documents.filtered(
            lambda d: d.state == "requested" and not d.requirement_id
        )
        asked.participant_id._on_documents_requested(asked)
        return documents

    def write(self, vals):
        if "state" in vals:
            raise UserError(
                self.env._(
                    "The state of a document cannot be edited. Use its buttons instead."
                )
            )
        self._check_changeable(vals)
        changed = {
            name: self.filtered(lambda d, n=name: (d[n] or "") != (vals[n] or ""))
            for name in WORDS.keys() & vals.keys()
        }
        result = super().write(vals)
        for name, documents in changed.items():
            documents._say_in_all_languages(name)
        return result

    def _update_field_translations(self, field_name, *args, **kwargs):
        self._check_changeable({field_name})
        return super()._update_field_translations(field_name, *args, **kwargs)

    def _check_changeable(self, names):
        """Let officers change what they ask for, until it is handed in."""
        if not self.env.su or not ASKED_FIELDS.issuperset(names):
            self._check_asked_only([names], ASKED_FIELDS)
            if not self.env.su and self.filtered(lambda d: d.state != "requested"):
                raise UserError(self._refusal())

    def _check_asked_only(self, vals_list, allowed):
        if any(set(vals) - allowed for vals in vals_list):
            raise UserError(self._refusal())

    def _refusal(self):
        return self.env._(
            "Only what is asked for can be changed, and only until the document is "
            "uploaded. Ask for a new document instead."
        )

    def unlink(self):
        # not left to the database, which would leave the files
        self.sudo().page_ids.unlink()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_handed_in(self):
        if not self.env.su and self.requirement_id:
            raise UserError(
                self.env._(
                    "The participant's type requires these documents, so they cannot "
                    "be deleted."
                )
            )
        if self.filtered(lambda d: d.state not in ("requested", "draft")):
            raise UserError(
                self.env._(
                    "Submitted documents cannot be deleted before their retention "
                    "period is over."
                )
            )

    # === WORDS === #

    def _say_in_all_languages(self, name):
        """Show in every language what was just written in one.

        Otherwise those with another one would go on reading the words before.
        """
        langs = {code for code, _label in self.env["res.lang"].get_installed()}
        for document in self.filtered(name):
            words = dict.fromkeys(langs, False) | {"en_US": document[name]}
            document._update_field_translations(name, words)

    def _take_translations(self, documents=None):
        """Take over from requirements what documents lack in other languages.

        A requirement that was renamed since then is another one: it gives nothing.

        :param documents: the only ones to do it for
        """
        self.flush_model([*WORDS, "requirement_id"])
        self.env["referral.document.requirement"].flush_model(WORDS.values())
        for name, source in WORDS.items():
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE referral_document document
                       SET %(name)s = requirement.%(source)s || document.%(name)s
                      FROM referral_document_requirement requirement
                     WHERE requirement.id = document.requirement_id
                       AND requirement.%(source)s->>'en_US'
                         = document.%(name)s->>'en_US'
                       AND %(only)s
                    """,
                    name=SQL.identifier(name),
                    source=SQL.identifier(source),
                    only=SQL("document.id = ANY(%s)", documents.ids)
                    if documents is not None
                    else SQL("TRUE"),
                )
            )
        self.invalidate_model(WORDS)

    # === STATE === #

    def _update_state(self, state, **values):
        """Bring the documents into a state: the only way to change it.

        :param str state: the state to go to
        :param values: further values to write with it
        :raise UserError: if a document's state does not allow it
        """
        for document in self:
            if state not in TRANSITIONS[document.state]:
                labels = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "%(document)s is “%(old)s” and cannot become “%(new)s”.",
                        document=document.name,
                        old=labels[document.state],
                        new=labels[state],
                    )
                )
        return self._write_unguarded({"state": state, **values})

    def _write_unguarded(self, vals):
        """Write what nobody edits: the state, and the text as it is kept."""
        return super().write(vals)

    # === FORM === #

    def _form_key(self):
        """Return the document's name on the joining form."""
        self.ensure_one()
        return self.requirement_id._form_key() or f"document_{self.id}"

    def _form_field(self, shown=True):
        """Return what a form shows of the document, its text only if asked to."""
        self.ensure_one()
        return {
            "key": self._form_key(),
            "name": self.name,
            "hint": self.note,
            "kind": self.kind,
            "one_of": self.one_of,
            "state": self.state,
            "reason": self.reason,
            "text": self._read_text("text") if shown else "",
            "pages": self.sudo().page_ids,
        }

    # === READING === #

    def _log_reading(self, purpose, page=None):
        """Record that the environment's user reads the document.

        :raise ValidationError: if they read too many within an hour
        """
        self.ensure_one()
        pages = self.env["referral.document.page"]
        # sudo: nobody writes the log but this method
        self.env["referral.document.reading"].sudo().create(
            {
                "participant_id": self.participant_id.id,
                "document_id": self.id,
                "document_name": self.name,
                "page_name": page.name if page else False,
                "user_id": self.env.uid,
                "purpose": purpose,
                "ip_address": pages._address(),
            }
        )
        self._count_readings(1)

    @api.model
    def _count_readings(self, count):
        paces = self.env["referral.pace"]
        paces._step("reading", self.env.uid, READINGS_AN_HOUR, count)

    # === REVIEW === #

    def _check_officer(self):
        check_role(
            self.env,
            self.env._("Only an officer may review documents."),
            "referral_program.group_officer",
        )

    def action_approve(self):
        """Approve the documents; with the last one, the participant is active.

        :raise UserError: naming those that the user has not opened
        """
        self._check_officer()
        self.check_access("write")
        self._check_four_eyes()
        self._check_opened()
        self._update_state("approved", **self._prepare_review_vals())
        for participant in self.participant_id:
            participant._on_documents_approved()

    def _check_opened(self):
        """Refuse to approve what the user has not opened since it was uploaded."""
        if self.env.su:
            return
        # sudo: officers do not see the log
        readings = self.env["referral.document.reading"].sudo()
        opened = dict(
            readings._read_group(
                [("document_id", "in", self.ids), ("user_id", "=", self.env.uid)],
                ["document_id"],
                ["read_on:max"],
            )
        )
        unopened = self.filtered(
            lambda d: d.submitted_on
            and opened.get(d.sudo(), datetime.min) < d.submitted_on
        )
        if unopened:
            raise UserError(
                self.env._(
                    "You have not opened %(names)s yet. Open each document and look "
                    "at it, then approve it.",
                    names=", ".join(unopened.mapped("name")),
                )
            )

    def _reject(self, reason):
        """Reject the documents: the participant hands in others.

        :param str reason: what is wrong, in words for the participant
        :raise UserError: without a reason
        """
        self._check_officer()
        self.check_access("write")
        if not (reason or "").strip():
            raise UserError(
                self.env._("Say what is wrong, so that the participant can correct it.")
            )
        self._update_state("rejected", reason=reason, **self._prepare_review_vals())
        for participant in self.participant_id:
            participant._on_documents_rejected(
                self.filtered(lambda d, p=participant: d.participant_id == p)
            )

    def _prepare_review_vals(self):
        return {"reviewed_on": fields.Datetime.now(), "reviewer_id": self.env.uid}

    def action_reject(self):
        """Ask the officer for the reason."""
        self._check_officer()
        self.check_access("write")
        return self.env["referral.reason"]._ask(
            self.env._("Reject Documents"), "reject_documents", document_ids=self
        )
