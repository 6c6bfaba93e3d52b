from odoo import models
from odoo.tools import formatLang


class ExplanationPdf(models.AbstractModel):
    """What earns nothing, by reason and category, as a page."""

    _name = "report.referral_program.explanation_pdf"
    _description = "Excluded Services PDF"

    def _get_report_values(self, docids, data=None):
        """Return what the page says.

        :raise AccessError: if somebody else asked
        """
        explain = self.env["referral.explain"].browse(docids)
        explain.ensure_one()
        explain.check_access("read")
        currency = explain.program_id.currency_id
        groups = explain._by_reason()
        return {
            "doc_ids": docids,
            "doc_model": explain._name,
            "docs": explain,
            "groups": groups,
            "lines": sum(group["lines"] for group in groups),
            "base": sum(group["base"] for group in groups),
            "question": explain._question(),
            "money": lambda amount: formatLang(self.env, amount, currency_obj=currency),
        }
