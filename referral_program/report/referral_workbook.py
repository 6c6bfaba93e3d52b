from odoo import models
from odoo.tools.misc import get_lang

EXACT = "#,##0.00####"


class ReferralWorkbook(models.AbstractModel):
    """What the program's workbooks have in common: formats, pages, safe texts."""

    _name = "report.referral_program.workbook"
    _description = "Referral Workbook"
    _inherit = "report.report_xlsx.abstract"

    def get_workbook_options(self):
        # texts that look like formulas or addresses stay texts
        return {
            **super().get_workbook_options(),
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }

    def _formats(self, workbook, currency):
        """Return the formats by name, with a currency's decimals for money."""
        # the first sheet's texts are in the same type on every machine
        return {
            name: workbook.add_format({"font_name": "Arial", "font_size": 10, **style})
            for name, style in self._styles(currency).items()
        }

    def _styles(self, currency):
        money = f"#,##0.{'0' * currency.decimal_places}".rstrip(".")
        head = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}
        return {
            "bold": {"bold": True},
            "title": {"bold": True, "font_size": 16},
            "head": head,
            "head_number": {**head, "align": "right"},
            "date": {"num_format": self._date_format(), "align": "left"},
            "exact": {"num_format": EXACT},
            "money": {"num_format": money},
            "total": {"bold": True, "top": 1},
        }

    def _date_format(self):
        """Return how the language writes dates, as workbooks say it."""
        pattern = get_lang(self.env).date_format
        for sign, text in (("%d", "dd"), ("%m", "mm"), ("%Y", "yyyy"), ("%y", "yy")):
            pattern = pattern.replace(sign, text)
        return pattern if "%" not in pattern else "yyyy-mm-dd"

    def _rounded(self, expression, currency):
        """Return a formula's part that rounds a sum half up, once, to a currency.

        Before that it drops what adding binary fractions leaves behind the sixth
        decimal, so that a half is a half.
        """
        exact = f"ROUND({expression},6)"
        unit, places = currency.rounding, currency.decimal_places
        if unit == 10**-places:
            return f"ROUND({exact},{places})"
        return f"ROUND(ROUND(ROUND({exact}/{unit},6),0)*{unit},6)"

    def _set_up_page(self, sheet, heading=0):
        """Have a sheet fill pages, each with the row of its headings, if it has one."""
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        if heading is not None:
            sheet.repeat_rows(heading)
