import hashlib
import logging
from functools import partial

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import NO_ACCESS
from odoo.tools import SQL

from ...tools.batches import batches
from ...tools.columns import write_columns
from ...tools.mimetypes import MIMETYPES

_logger = logging.getLogger(__name__)

#: PDFs that are made one after the other, before the next batch.
DOCUMENT_BATCH_SIZE = 20
#: PDFs of one run; what is left is for the next one, which begins at once.
DOCUMENT_LIMIT = 1000
DOCUMENTS = "ir_cron_documents"
#: Longest name, and longest address, on a document.
MAX_ADDRESS = 1000
PAPER = "referral_program.paperformat_statement"


class ReferralStatement(models.Model):
    """The statement's documents: made once, then always the same bytes.

    The files are closed to everybody: they are read through :meth:`_read_file`,
    which compares them with their hashes.
    """

    _inherit = "referral.statement"

    pdf = fields.Binary("PDF Document", attachment=True, groups=NO_ACCESS)
    xlsx = fields.Binary("XLSX Document", attachment=True, groups=NO_ACCESS)
    pdf_sha256 = fields.Char("Hash of the PDF", help="SHA-256; empty until it is made.")
    xlsx_sha256 = fields.Char(
        "Hash of the XLSX", help="SHA-256; empty until it is made."
    )

    # === READING === #

    def _read_file(self, kind):
        """Return a document's bytes, made now if nobody has asked for it before.

        The caller has checked that the user may.

        :param str kind: ``pdf`` or ``xlsx``
        :return bytes: the content
        :raise UserError: if the stored file is not the one that was made
        """
        self.ensure_one()
        # sudo: the files are closed to everybody, so that nobody reads past the hash
        statement = self.sudo()
        if not statement[f"{kind}_sha256"]:
            statement._make_file(kind)
        content = statement._stored_file(kind).raw or b""
        if hashlib.sha256(content).hexdigest() != statement[f"{kind}_sha256"]:
            _logger.error(
                "The stored %s of statement %s (%s) does not match its hash",
                kind.upper(),
                self.id,
                statement.name,
            )
            raise UserError(
                self.env._(
                    "The stored document %(name)s has been damaged or changed: it "
                    "does not match its hash, so it cannot be downloaded. Please "
                    "contact us.",
                    name=statement.name,
                )
            )
        return content

    def _stored_file(self, kind):
        return self.env["ir.attachment"].search(
            [
                ("res_model", "=", self._name),
                ("res_field", "=", kind),
                ("res_id", "=", self.id),
            ],
            order="id",
            limit=1,
        )

    def _file_name(self, kind):
        """Return the name that a document is saved under."""
        self.ensure_one()
        return f"{self.name.replace('/', '-')}.{kind}"

    # === MAKING === #

    def _cron_documents(self):
        """Make the PDFs of each program's last month, so that nobody waits for one.

        Those of earlier months are made when somebody asks for them. As a scheduled
        action it commits each batch, and goes on where it stopped.
        """
        programs = self.env["referral.program"]
        # sudo: documents are made by the program
        statements = self.sudo()
        # months are frozen in order
        last = statements.env["referral.accrual"]._read_group(
            [("statements_on", "!=", False)], ["program_id"], ["id:max"]
        )
        missing = [
            ("pdf_sha256", "=", False),
            ("accrual_id", "in", [accrual for _program, accrual in last]),
        ]
        due = statements.search(missing, order="id", limit=DOCUMENT_LIMIT)
        programs._checkpoint(remaining=statements.search_count(missing))
        programs._in_steps(batches(due, DOCUMENT_BATCH_SIZE), "_documents_step")

    def _documents_step(self):
        """Make those of the PDFs that are not there, each for itself."""
        for program, statements in self.grouped("program_id").items():
            report = partial(program._report_failure, "documents")
            for statement in statements:
                program._isolated(
                    partial(statement._make_file, "pdf"), report, DOCUMENTS
                )
        self.env["referral.program"]._checkpoint(len(self))

    def _make_file(self, kind):
        """Make a document and store it with its hash, once.

        Of two who ask at once, the second waits; PostgreSQL then refuses what it
        still sees as not made, and Odoo runs its request again.
        """
        self.env.cr.execute(
            SQL(
                "SELECT id FROM referral_statement WHERE id = %s FOR NO KEY UPDATE",
                self.id,
            )
        )
        self.invalidate_recordset([f"{kind}_sha256"])
        if self[f"{kind}_sha256"]:
            return
        # in the participant's language, whoever asks first
        content = getattr(self.with_context(lang=self.lang), f"_render_{kind}")()
        self.env["ir.attachment"].create(
            {
                "name": self._file_name(kind),
                "res_model": self._name,
                "res_field": kind,
                "res_id": self.id,
                "raw": content,
                "mimetype": MIMETYPES[kind],
            }
        )
        write_columns(self, **{f"{kind}_sha256": hashlib.sha256(content).hexdigest()})

    def _render_pdf(self):
        """Return the PDF: a page of its own, that needs nothing from the server."""
        html = self.env["ir.qweb"]._render(
            "referral_program.report_statement", self._report_values()
        )
        return self.env["ir.actions.report"]._print_page(html, PAPER, self.name)

    def _render_xlsx(self):
        """Return the workbook."""
        report = self.env["report.referral_program.statement_xlsx"]
        content, _kind = report.with_context(
            active_model=self._name
        ).create_xlsx_report(self.ids, {})
        return content

    def _report_values(self):
        """Return what the documents say, as plain data."""
        self.ensure_one()
        company, partner = self.company_id.partner_id, self.partner_id
        made_on = self._date(self.program_id._day_of(self.made_on))
        return {
            "statement": self,
            "lang": self.lang.replace("_", "-"),
            "company": self._party(company),
            "participant": self._party(partner),
            "month": self._month(),
            "made_on": made_on,
            "number": self.env._(
                "No. %(number)s of %(date)s", number=self.name, date=made_on
            ),
            "figures": self._figures(),
            "groups": self._groups(),
        }

    def _party(self, partner):
        """Return name, address and tax id of one of the two sides."""
        # whoever has a portal account enters an address of any length
        address = partner._display_address(without_company=True)[:MAX_ADDRESS]
        return {
            "name": (partner.name or "")[:MAX_ADDRESS],
            "address": [line.strip() for line in address.splitlines() if line.strip()],
            "vat": partner.vat or "",
        }

    def _groups(self):
        """Return the evidence by client: name, lines, base and amount."""
        groups = []
        for line in self._lines():
            if not groups or groups[-1]["referral"] != line.referral_id:
                groups.append(
                    {
                        "referral": line.referral_id,
                        "name": line.referral_id._shown_name(),
                        "lines": [],
                        "base": 0.0,
                        "amount": 0.0,
                    }
                )
            group = groups[-1]
            group["lines"].append(line)
            group["base"] = round(group["base"] + line.base, 6)
            group["amount"] = round(group["amount"] + line.amount, 6)
        return groups
