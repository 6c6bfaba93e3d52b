"""The integrity check: each of a check's reasons is found by what breaks it."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.audit.integrity import CHECKS
from .tampered import EMPTY_COPY, TamperedCase

#: By check and reason, what somebody changes; checks without reasons have none.
REASONS = {
    ("balance_overspent", None): """
        UPDATE account_move_line SET balance = balance + 500000, debit = debit + 500000
         WHERE move_id = %(bill)s AND account_id = %(liability)s""",
    # the rate's check is the only one if all sums were changed with the line
    ("credited_rate", None): """
        UPDATE referral_accrual_line SET amount = amount + 0.5 WHERE id = %(line)s""",
    # an invoice that only the evidence knows
    ("credited_whole", "base"): """
        UPDATE account_move
           SET partner_id = %(stranger)s, commercial_partner_id = %(stranger)s
         WHERE id = %(invoice)s""",
    ("credited_whole", "amount"): """
        UPDATE referral_accrual_line SET amount = 0
         WHERE amount < 0 AND accrual_id = %(second_accrual)s""",
    ("compensation_item", "no_item"): """
        UPDATE referral_compensation SET move_line_id = NULL
         WHERE id = %(compensation)s""",
    ("compensation_item", "amount"): """
        UPDATE referral_compensation SET amount = amount + 1
         WHERE id = %(compensation)s""",
    ("compensation_item", "not_posted"): """
        UPDATE account_move SET state = 'draft' WHERE id = %(entry)s""",
    ("compensation_item", "account"): """
        UPDATE account_move_line SET account_id = %(income)s
         WHERE id = %(liability_item)s""",
    ("compensation_item", "partner"): """
        UPDATE account_move_line SET partner_id = %(client)s
         WHERE id = %(liability_item)s""",
    ("compensation_item", "entry"): """
        UPDATE account_move SET referral_accrual_id = %(second_accrual)s
         WHERE id = %(entry)s""",
    ("entry_item", "no_compensation"): """
        UPDATE referral_compensation SET move_line_id = %(liability_item)s
         WHERE accrual_id = %(second_accrual)s""",
    ("entry_item", "account"): """
        UPDATE account_move_line SET account_id = %(income)s
         WHERE id = %(expense_item)s""",
    ("entry_booked", "not_posted"): """
        UPDATE account_move SET state = 'draft' WHERE id = %(entry)s""",
    ("entry_booked", "company"): """
        UPDATE account_move SET move_type = 'in_receipt' WHERE id = %(entry)s""",
    ("entry_booked", "date"): """
        UPDATE account_move SET date = '2026-01-30' WHERE id = %(entry)s""",
    ("item_entry", "state"): """
        UPDATE account_move_line SET parent_state = 'draft'
         WHERE id = %(manual_item)s""",
    ("item_entry", "date"): """
        UPDATE account_move_line SET date = date + 1 WHERE id = %(manual_item)s""",
    ("item_entry", "company"): """
        UPDATE account_move SET company_id = %(other_company)s WHERE id = %(entry)s""",
    ("item_entry", "sides"): """
        UPDATE account_move_line SET credit = credit + 1 WHERE id = %(manual_item)s""",
    ("month_once", "again"): """
        DROP INDEX referral_accrual_period_unique;
        UPDATE referral_accrual SET period_start = '2026-01-01'
         WHERE id = %(second_accrual)s""",
    ("month_once", "day"): """
        ALTER TABLE referral_accrual DROP CONSTRAINT referral_accrual_period_is_month;
        UPDATE referral_accrual SET period_start = '2026-02-02'
         WHERE id = %(second_accrual)s""",
    ("month_order", "gap"): """
        UPDATE referral_accrual SET period_start = '2026-03-01'
         WHERE id = %(second_accrual)s""",
    ("month_order", "not_posted"): """
        UPDATE referral_accrual SET state = 'computed' WHERE id = %(accrual)s""",
    ("line_compensation", "missing"): EMPTY_COPY.format(compensation=0, key=-1),
    ("line_compensation", "accrual"): """
        UPDATE referral_accrual_line SET accrual_id = %(second_accrual)s
         WHERE id = %(line)s""",
    ("line_compensation", "participant"): """
        UPDATE referral_accrual_line SET participant_id = %(other_participant)s
         WHERE id = %(line)s""",
    ("compensation_sum", "amount"): """
        UPDATE referral_compensation SET amount = amount + 1
         WHERE id = %(compensation)s""",
    ("compensation_sum", "accrued"): """
        UPDATE referral_compensation SET accrued = accrued + 1
         WHERE id = %(compensation)s""",
    ("compensation_sum", "base"): """
        UPDATE referral_compensation SET base = base + 1
         WHERE id = %(compensation)s""",
    ("line_reference", "participant"): """
        UPDATE referral_accrual_line SET participant_id = 0 WHERE id = %(line)s""",
    ("line_reference", "referral"): """
        UPDATE referral_accrual_line SET referral_id = 0 WHERE id = %(line)s""",
    ("line_reference", "terms"): """
        UPDATE referral_accrual_line SET terms_id = 0 WHERE id = %(line)s""",
    ("terms_used", "unlisted"): """
        DELETE FROM referral_accrual_terms_rel WHERE accrual_id = %(accrual)s""",
    ("terms_used", "unused"): """
        UPDATE referral_accrual_line SET terms_id = 0 WHERE accrual_id = %(accrual)s""",
    ("referral_month", "amount"): """
        UPDATE referral_referral_month SET amount = amount + 1
         WHERE accrual_id = %(accrual)s""",
    ("referral_month", "base"): """
        UPDATE referral_referral_month SET base = base + 1
         WHERE accrual_id = %(accrual)s""",
    ("withdrawal_state", "state"): """
        UPDATE referral_withdrawal SET state = 'paid' WHERE id = %(withdrawal)s""",
    ("withdrawal_state", "reserved"): """
        UPDATE referral_withdrawal SET reserved_amount = reserved_amount + 1
         WHERE id = %(withdrawal)s""",
    ("withdrawal_bill", "partner"): """
        UPDATE account_move SET commercial_partner_id = %(client)s
         WHERE id = %(bill)s""",
    ("withdrawal_bill", "amount"): """
        UPDATE referral_withdrawal SET billed_amount = billed_amount + 1
         WHERE id = %(billed)s""",
    ("withdrawal_payee", "withdrawal"): """
        UPDATE referral_withdrawal SET bank_account_id = %(other_bank)s
         WHERE id = %(withdrawal)s""",
    ("withdrawal_payee", "bill"): """
        UPDATE account_move SET partner_bank_id = %(other_bank)s WHERE id = %(bill)s""",
    ("redemption_entry", "no_entry"): """
        UPDATE referral_redemption SET move_id = NULL WHERE id = %(redemption)s""",
    ("redemption_entry", "amount"): """
        UPDATE referral_redemption SET amount = amount + 1
         WHERE id = %(redemption)s""",
    ("redemption_entry", "state"): """
        UPDATE referral_redemption SET state = 'undone' WHERE id = %(redemption)s""",
    ("statement_compensation", "missing"): """
        DELETE FROM referral_statement WHERE id = %(second_statement)s""",
    ("statement_compensation", "amount"): """
        UPDATE referral_statement SET accrued = accrued + 1, adjusted = adjusted - 1
         WHERE id = %(statement)s""",
    ("statement_document", "pdf"): """
        UPDATE referral_statement SET pdf_sha256 = 'lost' WHERE id = %(statement)s""",
    ("statement_document", "xlsx"): """
        DELETE FROM ir_attachment WHERE res_model = 'referral.statement'
           AND res_id = %(statement)s""",
    ("statement_seal", "unsealed"): """
        UPDATE referral_accrual SET statements_hash = NULL WHERE id = %(accrual)s""",
    ("statement_seal", "changed"): """
        UPDATE referral_statement SET used_for_invoices = used_for_invoices - 1,
               adjusted = adjusted + 1
         WHERE id = %(second_statement)s""",
}


@tagged("post_install", "-at_install")
class TestIntegrityReasons(TamperedCase):
    def setUp(self):
        super().setUp()
        stranger = self._partner("Nobody brought me")
        self.others = {
            "stranger": stranger.id,
            "other_participant": self._participant("Other").id,
            "other_company": self.env["res.company"].create({"name": "Other"}).id,
            "other_bank": self._bank_account(stranger, "40702810938000000009").id,
        }

    def _places(self):
        places = super()._places()
        return {
            **places,
            **self.others,
            "invoice": self.accrual.line_ids.browse(places["line"]).group_key,
            "liability_item": self._liability_item(self.accrual.move_ids).id,
        }

    def _reasons(self, check):
        """Do one check alone and return the reasons that it finds."""
        books = self.program._books()
        if check.name.startswith("credited"):
            self.program._recompute(books)
        outcome = self.program._outcome(check, books)
        self.program._drop_tables()
        self.assertFalse(outcome["problem"])
        return {row.get("reason") for row in outcome["rows"]}

    @mute_logger("odoo.sql_db")
    def test_each_reason_is_found(self):
        """Those of the hashes are the subject of ``test_hash_chain.py``."""
        known = {
            (name, reason)
            for name, check in CHECKS.items()
            if name != "hash_chain"
            for reason in check.reasons
        }
        self.assertFalse(known - REASONS.keys(), "a reason without a test")
        places = self._places()
        for (name, reason), query in REASONS.items():
            with self.subTest(f"{name}: {reason}"), self.cr.savepoint() as savepoint:
                self.assertFalse(self._reasons(CHECKS[name]))
                self.cr.execute(query, places)
                self.assertIn(reason, self._reasons(CHECKS[name]))
                savepoint.rollback()
                self.env.invalidate_all()
