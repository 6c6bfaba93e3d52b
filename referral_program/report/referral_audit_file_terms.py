from dateutil.relativedelta import relativedelta

from odoo import models

#: The program's settings that decide about money.
SETTINGS = (
    "terms_by",
    "paid_when",
    "bonus_journal_ids",
    "payment_journal_ids",
    "redemption_counts",
    "discount_product_ids",
    "posting_policy",
    "credit_day",
    "journal_id",
    "expense_account_id",
    "liability_account_id",
)
TERMS = "referral.program.terms"


class AuditFileXlsx(models.AbstractModel):
    """Its sheet of the terms that the month was computed by, and of the settings."""

    _inherit = "report.referral_program.audit_file_xlsx"

    def _write_terms(self, sheet, accrual):
        for column, width in enumerate((18, 18, 38, 12, 24, 24, 14, 17)):
            sheet.sheet.set_column(column, column, width)
        used = accrual.terms_ids
        terms = (used | self._in_force(accrual)).sorted("date_from")
        bases = self._selection(TERMS, "base")
        sheet.add([self.env._("Terms of the month")], ["title"])
        sheet.add([])
        sheet.head(
            [
                self.env._("Terms ID"),
                self._label(TERMS, "date_from"),
                self.env._("Until"),
                self._label(TERMS, "rate"),
                self._label(TERMS, "base"),
                self._label(TERMS, "exclude_discounted"),
                self.env._("Used"),
                self._label(TERMS, "is_locked"),
            ],
            ["head"] * 8,
        )
        for record in terms:
            sheet.add(
                [record.id, record.date_from, self._until(record), record.rate,
                 bases[record.base], self._yes(record.exclude_discounted),
                 self._yes(record in used), self._yes(record.is_locked)],
                ["id", "date", "date", "rate"],
            )  # fmt: skip
        self._write_tiers(sheet, terms)
        self._write_excluded(sheet, terms)
        self._write_settings(sheet, accrual.program_id.with_context(active_test=False))

    def _in_force(self, accrual):
        """Return the terms that were in force on some day of the month."""
        terms = accrual.program_id.terms_ids
        begun = terms.filtered(lambda t: t.date_from <= accrual.period_end)
        later = begun.filtered(lambda t: t.date_from > accrual.period_start)
        return later | terms._in_force(accrual.period_start)

    def _until(self, terms):
        """Return the last day of terms; ``None`` if no others follow."""
        later = terms.program_id.terms_ids.filtered(
            lambda other: other.date_from > terms.date_from
        )
        if not later:
            return None
        return min(later.mapped("date_from")) - relativedelta(days=1)

    def _write_tiers(self, sheet, terms):
        tiers = terms.tier_ids
        if not tiers:
            return
        sheet.add([])
        sheet.add([self._label(TERMS, "tier_ids")], ["section"])
        sheet.head(
            [
                self.env._("Terms ID"),
                self.env._("Rate, %"),
                self.env._("When the client's new base of the month is above"),
            ],
            ["head"] * 3,
        )
        for tier in tiers:
            sheet.add(
                [tier.terms_id.id, tier.rate, tier.above], ["id", "rate", "threshold"]
            )

    def _write_excluded(self, sheet, terms):
        sheet.add([])
        sheet.add([self._label(TERMS, "excluded_category_ids")], ["section"])
        sheet.head(
            [
                self.env._("Terms ID"),
                self.env._("Category ID"),
                self.env._("Category, with all below it"),
            ],
            ["head"] * 3,
        )
        for record in terms:
            for category in record.excluded_category_ids.sorted("complete_name"):
                sheet.add(
                    [record.id, category.id, category.complete_name], ["id", "id"]
                )

    def _write_settings(self, sheet, program):
        sheet.add([])
        sheet.add(
            [self.env._("Settings of the program when this file was made")], ["section"]
        )
        for name in SETTINGS:
            field = program._fields[name]
            value = program[name]
            if field.type == "selection":
                value = self._selection(program._name, name)[value]
            elif field.type == "boolean":
                value = self._yes(value)
            elif field.relational:
                value = ", ".join(value.mapped("display_name"))
            sheet.add([self._label(program._name, name), None, value], ["", "", "id"])
