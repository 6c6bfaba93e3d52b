import io
import json
import zipfile
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.actions import download
from ...tools.bank_accounts import names_somebody_query
from ...tools.tax_ids import plain_tax_id_query, tax_id_country_query
from ..referral.referral_referral import IN_FORCE_STATES
from .referral_pace import EXPORT_READINGS

RETENTION_ACTIVITY = "referral_program.mail_activity_retention"
#: What participants are given of what is kept about them.
EXPORTED = {
    "participant": ("display_name", "type_id", "state", "state_reason", "code",
                    "alias", "create_date", "submitted_on", "verified_on"),
    "documents": ("name", "state", "reason", "submitted_on"),
    "people": ("user_id", "role", "create_date"),
    "acceptances": ("agreement_id", "user_name", "accepted_on", "ip_address",
                    "user_agent", "text_hash"),
    "readings": ("document_name", "page_name", "user_id", "read_on", "purpose"),
    "referrals": ("date_start", "date_end", "source", "state"),
    "links": ("name", "active", "create_date"),
    "compensations": ("accrual_id", "base", "amount"),
    "statements": ("name", "period_start", "opening", "accrued", "reversed",
                   "withdrawn", "used_for_invoices", "adjusted", "closing", "made_on"),
    "questions": ("name", "accrual_id", "state"),
    "withdrawals": ("name", "amount", "state", "requested_on", "requester_id",
                    "reason", "bank_account_id", "bill_id"),
    "redemptions": ("name", "date", "amount", "invoice_id", "state"),
    "bank_accounts": ("acc_number", "acc_holder_name", "bank_id", "referral_bic",
                      "referral_bank_name", "create_date"),
}  # fmt: skip


class ReferralParticipant(models.Model):
    """Personal data: who else has the same, what is exported, what is destroyed."""

    _inherit = "referral.participant"

    # === DUPLICATES === #

    @api.depends("partner_id")
    def _compute_duplicates(self):
        """Other participants with the same tax id, bank account or document number."""
        self.env["res.partner"].flush_model(
            ["vat", "country_id", "commercial_partner_id"]
        )
        self.env["res.partner.bank"].flush_model()
        self.env["referral.document"].flush_model(["text_digest", "participant_id"])
        found = {}
        if self.ids:
            for own_id, other_id, what in self.env.execute_query(
                self._duplicates_query()
            ):
                found.setdefault(own_id, []).append((other_id, what))
        labels = {
            "vat": self.env._("tax id"),
            "bank": self.env._("bank account"),
            "document": self.env._("document number"),
        }
        for participant in self:
            pairs = found.get(participant.id, [])
            participant.duplicate_ids = [
                Command.set(sorted({other for other, _what in pairs}))
            ]
            participant.duplicate_note = ", ".join(
                labels[what] for what in sorted({what for _other, what in pairs})
            )

    def _duplicates_query(self):
        return SQL(
            """
            WITH trait AS (
                SELECT participant.id, 'vat' AS what,
                       %(tax_id)s AS value, %(country)s AS country
                  FROM referral_participant participant
                  JOIN res_partner partner ON partner.id = participant.partner_id
                 UNION
                SELECT participant.id, 'bank', bank.sanitized_acc_number, ''
                  FROM referral_participant participant
                  JOIN res_partner contact
                    ON contact.commercial_partner_id = participant.partner_id
                  JOIN res_partner_bank bank ON bank.partner_id = contact.id
                 WHERE bank.active AND %(bank_account)s
                 UNION
                SELECT participant_id, 'document', text_digest, ''
                  FROM referral_document WHERE text_digest <> ''
            ),
            owned AS (
                SELECT trait.*, participant.program_id
                  FROM trait
                  JOIN referral_participant participant ON participant.id = trait.id
            )
            SELECT own.id, other.id, own.what
              FROM owned own
              JOIN owned other
                ON other.what = own.what AND other.value = own.value
               AND other.program_id = own.program_id
               AND other.id <> own.id
               -- equal digits of two countries are not equal
               AND (own.country = other.country OR '' IN (own.country, other.country))
             WHERE own.id IN %(participants)s AND own.value <> ''
            """,
            tax_id=plain_tax_id_query(SQL("partner.vat")),
            country=tax_id_country_query("partner"),
            bank_account=names_somebody_query(SQL("bank.sanitized_acc_number")),
            participants=tuple(self.ids),
        )

    # === EXPORT, DESTRUCTION === #

    def _export_personal_data(self):
        """Return all that is kept about the participant, as a ZIP archive.

        :return bytes: ``data.json`` and the files; each reading is recorded
        """
        self.ensure_one()
        if self.env.user.share:
            self.env["referral.document"]._count_readings(EXPORT_READINGS)
        target = io.BytesIO()
        # pictures and PDFs are compressed already
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(
                "data.json",
                json.dumps(self._personal_data(), indent=2, ensure_ascii=False),
            )
            for document in self.document_ids:
                for page in document.page_ids:
                    archive.writestr(
                        f"documents/{document.id}/{page.sequence}-{page.name}",
                        page._read_content("export"),
                    )
        return target.getvalue()

    def _personal_data(self):
        """Return what is kept about the participant, but for files, as plain data.

        Each reading of a text is recorded.
        """

        def rows(records, names):
            return [
                {name: records._fields[name].convert_to_export(record[name], record)
                 for name in names}
                for record in records
            ]  # fmt: skip

        # first of all, so that these readings are told, too
        texts = [document._read_text("export") for document in self.document_ids]
        with_archived = self.with_context(active_test=False)
        own = [("participant_id", "=", self.id)]
        records = {
            "participant": self,
            "documents": self.document_ids,
            "people": self.representative_ids,
            "acceptances": self.acceptance_ids,
            "readings": self.reading_ids,
            # claims tell nothing before staff have decided
            "referrals": self.referral_ids.filtered(
                lambda referral: referral.state in IN_FORCE_STATES
            ),
            "links": with_archived.link_ids,
            "compensations": self.compensation_ids,
            "statements": self.statement_ids,
            "questions": self.env["referral.question"].search(own),
            "withdrawals": self.withdrawal_ids,
            "redemptions": self.redemption_ids,
            "bank_accounts": with_archived._payee_accounts(),
        }
        data = {name: rows(records[name], names) for name, names in EXPORTED.items()}
        for row, text in zip(data["documents"], texts, strict=True):
            row["text"] = text
        for row, referral in zip(data["referrals"], records["referrals"], strict=True):
            row["client"] = referral._shown_name()
        for row, question in zip(data["questions"], records["questions"], strict=True):
            row["messages"] = rows(question._messages(), ("date", "author_id", "body"))
        return json.loads(json.dumps(data, default=str))

    def _renew_document_secrets(self, done):
        """Encrypt all texts and files with the first of the server's keys.

        :param done: called after each batch, such as to commit it
        :return int: the texts and files that were not encrypted with it
        :raise ValidationError: at what none of the keys decrypts
        """
        texts = self.env["referral.document"]._renew_secrets(
            [("text", "!=", False)], done
        )
        programs = self.env["referral.program"].with_context(active_test=False)
        texts += programs._renew_secrets([("event_secret", "!=", False)], done)
        return texts + self.env["referral.document.page"]._renew_secrets([], done)

    def _cron_destroy_documents(self):
        """Destroy documents whose retention period is over, in archived programs too.

        As a scheduled action it commits each participant's. One that fails does not
        stop the others: the officer is told.
        """
        programs = self.env["referral.program"].with_context(active_test=False)
        due = self.browse()
        for program in programs.search([]):  # pylint: disable=no-search-all
            due |= self.search(self._over_domain(program))
        programs._checkpoint(remaining=len(due))
        for participant in due:
            participant.program_id._isolated(
                participant._destroy_if_over,
                participant._report_not_destroyed,
                "ir_cron_destroy_documents",
            )
            if not programs._checkpoint(1):
                break

    def _over_domain(self, program):
        """Return the domain of a program's participants whose documents have to go.

        Those who were rejected, whose participation ended, or who have begun to join
        and left it there, longer ago than the retention period.
        """
        limit = fields.Datetime.now() - timedelta(days=program.retention_days)
        ended = Domain("state", "in", ("rejected", "closed")) & Domain(
            "document_ids.state", "!=", "destroyed"
        )
        abandoned = (
            Domain("state", "=", "draft")
            & Domain("document_ids.state", "=", "draft")
            & ~Domain("document_ids", "any", [("write_date", ">=", limit)])
        )
        of_program = Domain("program_id", "=", program.id)
        return of_program & Domain("state_since", "<", limit) & (ended | abandoned)

    def _destroy_if_over(self):
        """Destroy the documents, unless something has changed.

        :raise LockError: if something is changing; it is tried again soon
        """
        self.ensure_one()
        program = self.program_id
        self.lock_for_update(allow_referencing=True)
        days = program.retention_days
        if self.state == "draft":
            rule = self.env._("%(days)s days without a step to join", days=days)
        else:
            rule = self.env._("%(days)s days after the participation ended", days=days)
        self.filtered_domain(self._over_domain(program))._destroy_documents(rule)

    def _report_not_destroyed(self, error):
        """Tell the officer that the documents are still there; once until then.

        :param str error: why
        """
        self.ensure_one()
        if self.activity_search([RETENTION_ACTIVITY]):
            return
        officer = self.program_id._officer()
        self = self.with_context(lang=officer.lang)  # noqa: PLW0642
        note = self.env._(
            "The retention period is over, but the documents could not be destroyed: "
            "%(error)s",
            error=error,
        )
        self.program_id._plan_for(officer, self, RETENTION_ACTIVITY, note)

    def _destroy_documents(self, rule):
        """Destroy the participants' documents, and note it in their history.

        With them goes what is personal in the logs: files' names, addresses, and whom
        they claimed.
        """
        # sudo: logs are erased by rule, not by right
        refusals = self.env["referral.refusal"].sudo()
        claims = self.env["referral.claim"].sudo()
        for participant in self:
            own = participant.sudo()
            own.document_ids._destroy(rule)
            own.reading_ids._erase()
            own.acceptance_ids._erase()
            of_participant = [("participant_id", "=", participant.id)]
            refusals.search(of_participant)._erase()
            claims.search(of_participant).unlink()
            participant.message_post(
                body=self.env._("Documents destroyed: %(rule)s.", rule=rule)
            )
        self.activity_feedback([RETENTION_ACTIVITY])

    def action_export_data(self):
        """Download all that is kept about the participant."""
        self.ensure_one()
        return download(f"/referral/data/{self.id}")

    def action_destroy_documents(self):
        """Destroy the documents of ended participations before their time."""
        self.check_access("write")
        if self.filtered(lambda p: p.state not in ("rejected", "closed")):
            raise UserError(
                self.env._(
                    "Documents can be destroyed only after the participation has "
                    "ended. End it first."
                )
            )
        self._destroy_documents(self.env._("by decision of an officer"))
