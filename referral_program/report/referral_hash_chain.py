from odoo import fields, models
from odoo.tools import format_date, format_datetime


class ReferralHashChainReport(models.AbstractModel):
    """Whether what was posted is what it was: month by month, with the hashes."""

    _name = "report.referral_program.report_hash_chain"
    _description = "Inalterability of Referral Accruals"

    def _get_report_values(self, docids, data=None):
        """Verify the chains of these programs, now.

        :raise AccessError: for whoever is neither auditor nor accountant of them
        """
        programs = self.env["referral.program"].browse(docids)
        programs._check_may_verify()
        programs.check_access("read")
        return {
            "lang": (self.env.lang or "en_US").replace("_", "-"),
            "printed_on": format_datetime(self.env, fields.Datetime.now()),
            "printed_by": self.env.user.name,
            "chains": [self._chain(program) for program in programs],
        }

    def _chain(self, program):
        """Return what the report says about a program, as plain data."""
        verified = program._verify_chain()
        # sudo: whether a journal is locked is part of the report
        journal = program.sudo().journal_id
        months = [
            {
                "number": month["accrual"].chain_number,
                "month": format_date(
                    self.env, month["accrual"].period_start, date_format="LLLL y"
                ),
                "posted_on": format_datetime(
                    self.env, month["accrual"].posted_on, dt_format="short"
                ),
                "hash": month["accrual"].hash,
                "problems": month["problems"],
            }
            for month in verified["months"]
        ]
        return {
            "program": program,
            "company": program.company_id.name,
            "journal": journal.display_name,
            "journal_is_locked": journal.restrict_mode_hash_table,
            "length": program.chain_length,
            "head": program.chain_head,
            "problems": verified["problems"],
            "months": months,
            "is_intact": not verified["problems"]
            and not any(month["problems"] for month in months),
        }
