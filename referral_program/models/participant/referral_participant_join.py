from contextlib import suppress
from datetime import datetime, time, timedelta

import pytz
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from .referral_document import HANDED_IN_STATES


class ReferralParticipant(models.Model):
    """Joining: documents, agreements, submission, verification."""

    _inherit = "referral.participant"

    document_ids = fields.One2many(
        "referral.document",
        "participant_id",
        "Documents",
        groups="referral_program.group_officer",
    )
    documents_to_verify = fields.Integer(
        compute="_compute_documents_open",
        groups="referral_program.group_officer",
    )
    documents_awaited = fields.Integer(
        "Waiting for the Client",
        compute="_compute_documents_open",
        groups="referral_program.group_officer",
        help="How many documents the client still has to upload.",
    )
    acceptance_ids = fields.One2many(
        "referral.acceptance", "participant_id", "Acceptances"
    )
    submitted_on = fields.Datetime(
        readonly=True, copy=False, help="When everything asked for had been submitted."
    )
    verified_on = fields.Datetime(readonly=True, copy=False)
    verification_deadline = fields.Datetime(
        "Verify By",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Counted in working days of the company from the complete submission. "
        "Empty while the participant has to do something.",
    )
    is_late = fields.Boolean(compute="_compute_is_late", search="_search_is_late")
    agreements_current = fields.Boolean(
        compute="_compute_agreements_current",
        help="The participant accepted the agreements in force, or is within the "
        "grace period of a new version.",
    )
    duplicate_ids = fields.Many2many(
        "referral.participant",
        compute="_compute_duplicates",
        string="Possible Duplicates",
        groups="referral_program.group_officer",
    )
    duplicate_note = fields.Char(
        compute="_compute_duplicates",
        string="Shared With Others",
        groups="referral_program.group_officer",
    )
    reading_ids = fields.One2many(
        "referral.document.reading",
        "participant_id",
        groups="referral_program.group_auditor,referral_program.group_administrator",
    )
    destruction_ids = fields.One2many("referral.document.destruction", "participant_id")

    # === COMPUTE METHODS === #

    @api.depends("document_ids.state")
    def _compute_documents_open(self):
        for participant in self:
            participant.documents_to_verify = len(
                participant.document_ids.filtered(lambda d: d.state == "submitted")
            )
            participant.documents_awaited = len(participant._missing_documents())

    @api.depends("verification_deadline")
    def _compute_is_late(self):
        now = fields.Datetime.now()
        for participant in self:
            participant.is_late = bool(
                participant.verification_deadline
                and participant.verification_deadline < now
            )

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = [("verification_deadline", "<", fields.Datetime.now())]
        return late if True in value else ["!", *late]

    # === REQUIREMENTS === #

    def _sync_documents(self):
        """Ask a draft for what its type requires, and for nothing else.

        Only drafts follow their type: a submitted file stays as it was asked for.
        """
        for participant in self.filtered(lambda p: p.state == "draft").sudo():
            requirements = participant.type_id.requirement_ids
            outdated = participant.document_ids.filtered(
                lambda d, wanted=requirements: d.requirement_id not in wanted
                and d.requirement_id
            )
            outdated.unlink()
            missing = requirements - participant.document_ids.requirement_id
            # in the language that all others are translations of
            documents = self.env["referral.document"].sudo().with_context(lang=None)
            made = documents.create(
                [participant._prepare_document_vals(r) for r in missing]
            )
            documents._take_translations(made)

    def _prepare_document_vals(self, requirement):
        requirement = requirement.with_context(lang=None)
        return {
            "participant_id": self.id,
            "requirement_id": requirement.id,
            "sequence": requirement.sequence,
            "name": requirement.name,
            "note": requirement.hint,
            "kind": requirement.kind,
            "one_of": requirement.one_of,
            "validator": requirement.validator,
        }

    def _missing_documents(self):
        """Return what the participant still has to hand in.

        :return: lists of ``referral.document``: of each list one is enough
        """
        self.ensure_one()
        documents = self.sudo().document_ids
        missing = []
        for group, alternatives in documents.grouped(
            lambda d: d.one_of or str(d.id)
        ).items():
            if not group or alternatives.filtered(
                lambda d: d.state in HANDED_IN_STATES
            ):
                continue
            if "destroyed" not in alternatives.mapped("state"):
                missing.append(alternatives)
        return missing

    # === SUBMISSION === #

    def _draft(self, program, partner, participant_type, user=None):
        """Return the draft of a client, made or brought to a type.

        :param program: the ``referral.program`` to join
        :param partner: the client or one of their contacts
        :param participant_type: the ``referral.participant.type`` to join as
        :param user: who joins: the owner of a draft that is made for them
        :return: the ``referral.participant`` in superuser mode
        :raise UserError: if the client's membership is no draft any more
        """
        # sudo: clients enroll themselves, and write no participants
        participants = self.env["referral.participant"].sudo()
        company = partner.commercial_partner_id
        participant = participants.search(
            [("program_id", "=", program.id), ("partner_id", "=", company.id)]
        )
        if not participant:
            participant = participants.create(
                {
                    "program_id": program.id,
                    "partner_id": company.id,
                    "type_id": participant_type.id,
                }
            )
            participant._name_owner(user or self.env["res.users"])
            return participant
        if participant.state != "draft":
            raise UserError(self.env._("You take part in the program already."))
        if participant.type_id != participant_type:
            participant.type_id = participant_type
        return participant

    def _accept(self, agreements, **circumstances):
        """Record that the environment's user accepts texts in their language.

        :param agreements: ``referral.agreement`` records in force
        :param circumstances: ``ip_address``, ``user_agent``
        """
        self.ensure_one()
        lang = self.env.lang or "en_US"
        # sudo: nobody writes acceptances but this method
        acceptances = self.env["referral.acceptance"].sudo()
        user = self.env.user
        for agreement in agreements & self._agreements_to_accept():
            text = agreement.with_context(lang=lang)
            vals = {
                "participant_id": self.id,
                "agreement_id": agreement.id,
                "user_id": user.id,
                "user_name": f"{user.name} ({user.login})",
                "lang": lang,
                "text_hash": text._text_hash(),
                **circumstances,
            }
            # a second click at the same moment accepts nothing more
            with (
                suppress(UniqueViolation),
                self.env.cr.savepoint(),
                mute_logger("odoo.sql_db"),
            ):
                acceptances.create(vals)

    def _submit(self):
        """Hand the file over for verification.

        :raise ValidationError: naming what is missing
        """
        self.ensure_one()
        # sudo: the portal's user hands in, and may not write documents
        participant = self.sudo()
        if participant.state in ("rejected", "closed"):
            participant._update_state("submitted")  # refuses
        self._check_complete()
        documents = participant.document_ids.filtered(lambda d: d.state == "draft")
        if participant.state != "draft" and not documents:
            return  # nothing new
        documents._update_state("submitted", submitted_on=fields.Datetime.now())
        if participant.state == "draft":
            participant._update_state("submitted")
        participant._await_verification()
        participant._send("referral_program.mail_template_submitted")

    def _check_complete(self):
        missing = self._missing_documents()
        if missing:
            names = [
                self.env._(" or ").join(alternatives.mapped("name"))
                for alternatives in missing
            ]
            raise ValidationError(
                self.env._("Still missing: %(names)s.", names="; ".join(names))
            )
        self._check_country()
        if self._agreements_to_accept():
            raise ValidationError(self._explain_unaccepted())

    def _lacks_country(self):
        """Tell whether it is not known in which country the participant may refer."""
        return self.type_id.territory_restricted and not self.partner_id.country_id

    def _check_country(self):
        if self._lacks_country():
            raise ValidationError(
                self.env._(
                    "The country of %(participant)s is missing: they may refer clients "
                    "from their own country only. Fill it in on the contact.",
                    participant=self.display_name,
                )
            )

    def _await_verification(self):
        """Begin the time within which documents are verified: each time they come."""
        now = fields.Datetime.now()
        self.sudo().write(
            {"submitted_on": now, "verification_deadline": self._deadline(now)}
        )
        self._schedule_verification()

    def _stop_deadline(self):
        """Stop the promised time: it is the participant's turn, or all is done."""
        # sudo: the program's own field
        self.sudo().write({"verification_deadline": False})

    def _deadline(self, moment):
        """Return when documents handed in at a moment are verified at the latest.

        The day itself does not count: two working days from a Monday are over at
        the end of Wednesday.

        :param datetime moment: naive, in UTC
        :return datetime: naive, in UTC: the end of the last working day
        """
        self.ensure_one()
        # sudo: the calendar is the company's, the promise everybody's
        calendar = self.company_id.sudo().resource_calendar_id
        timezone = pytz.timezone(calendar.tz or "UTC")
        today = pytz.utc.localize(moment).astimezone(timezone).date()
        tomorrow = timezone.localize(datetime.combine(today, time.min)) + timedelta(1)
        days = self.program_id.verification_days
        if not days:
            return moment
        last = calendar.plan_days(days, tomorrow, compute_leaves=True)
        last = (last or tomorrow + timedelta(days)).astimezone(timezone)
        midnight = timezone.localize(datetime.combine(last.date(), time.min))
        work = calendar._work_intervals_batch(midnight, midnight + timedelta(1))[False]
        end = max((stop for _start, stop, _meta in work), default=last)
        return end.astimezone(pytz.utc).replace(tzinfo=None)

    def _schedule_verification(self):
        kind = "referral_program.mail_activity_verification"
        self.activity_unlink([kind])
        self.activity_schedule(
            kind,
            date_deadline=self.program_id._day_of(self.verification_deadline),
            user_id=self.program_id._officer().id,
        )

    # === REVIEW === #

    def action_approve_documents(self):
        """Approve all that waits to be verified."""
        self.document_ids.filtered(lambda d: d.state == "submitted").action_approve()

    def _on_documents_approved(self):
        """Let the participant take part once everything is approved."""
        self.ensure_one()
        if self._open_documents():
            return
        self.activity_feedback(["referral_program.mail_activity_verification"])
        if self.state == "submitted":
            self._update_state("active")
        elif self.verification_deadline:
            self._stop_deadline()

    def _open_documents(self):
        """Return what is not approved yet, of alternatives only if none is."""
        self.ensure_one()
        documents = self.sudo().document_ids.filtered(lambda d: d.state != "destroyed")
        approved = documents.filtered(lambda d: d.state == "approved")
        done = set(approved.mapped("one_of")) - {False}
        return documents.filtered(
            lambda d: d.state == "submitted"
            or (d.state != "approved" and d.one_of not in done)
        )

    def _on_documents_rejected(self, documents):
        """Tell the participant what to mend; the promised time stops."""
        self.ensure_one()
        self.activity_feedback(["referral_program.mail_activity_verification"])
        self._stop_deadline()
        self._log_documents(self.env._("Rejected"), documents)
        self._send("referral_program.mail_template_documents_wanted")

    def _on_documents_requested(self, documents):
        """Tell the participants what else is asked for."""
        for participant in self:
            own = documents.filtered(lambda d, p=participant: d.participant_id == p)
            participant._stop_deadline()
            participant._log_documents(self.env._("Requested"), own)
            if participant.state in ("submitted", "active"):
                participant._send("referral_program.mail_template_documents_wanted")

    def _log_documents(self, what, documents):
        """Note in the history what happened to documents: names, never contents."""
        for document in documents:
            reason = f" ({document.reason})" if document.reason else ""
            text = f"{what}: {document.name}{reason}"
            self.message_post(body=text)

    def _documents_wanted(self):
        """Return what the participant has to hand in now, alternatives all."""
        self.ensure_one()
        return self.env["referral.document"].sudo().union(*self._missing_documents())
