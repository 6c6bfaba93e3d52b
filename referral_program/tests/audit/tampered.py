"""What somebody does in the database behind Odoo's back, for tests."""

from ...models.audit.integrity import CHECKS
from ..books import BooksCase

#: A line like another one, but for what it gives: nothing.
EMPTY_COPY = """
    INSERT INTO referral_accrual_line
           (accrual_id, compensation_id, participant_id, referral_id, terms_id,
            partner_id, line_key, group_key, move_name, name, invoice_date,
            paid, rendered, base, rate, amount)
    SELECT accrual_id, {compensation}, participant_id, referral_id, terms_id,
           partner_id, {key}, group_key, move_name, name, invoice_date,
           paid, rendered, 0, rate, 0
      FROM referral_accrual_line WHERE id = %(line)s
"""


#: What somebody does in the database behind Odoo's back, by the check that is to
#: find it, and the other checks that find the same.
BREAKS = {
    "balance_ledger": (
        """UPDATE referral_compensation SET amount = amount + 10
            WHERE id = %(compensation)s""",
        {
            "compensation_item",
            "compensation_sum",
            "statement_compensation",
            "hash_chain",
        },
    ),
    "compensation_item": (
        """UPDATE referral_compensation SET move_line_id = NULL
            WHERE id = %(compensation)s""",
        {"entry_item", "hash_chain"},
    ),
    "entry_item": (
        """UPDATE account_move_line SET account_id = %(income)s
            WHERE id = %(expense_item)s""",
        {"hash_chain"},
    ),
    "entry_booked": (
        """UPDATE account_move SET date = '2026-01-15' WHERE id = %(entry)s;
           UPDATE account_move_line SET date = '2026-01-15'
            WHERE move_id = %(entry)s""",
        {"hash_chain"},
    ),
    "entry_balanced": (
        """UPDATE account_move_line SET balance = balance + 5, debit = debit + 5
            WHERE id = %(expense_item)s""",
        {"hash_chain"},
    ),
    "item_entry": (
        """UPDATE account_move_line SET date = date - 400
            WHERE move_id = %(bill)s AND account_id = %(liability)s""",
        set(),
    ),
    "ledger_partner": (
        """UPDATE account_move_line SET partner_id = %(client)s
            WHERE id = %(manual_item)s""",
        set(),
    ),
    "month_once": (
        """DROP INDEX referral_accrual_period_unique;
           INSERT INTO referral_accrual
                  (program_id, company_id, period_start, period_end, state)
           SELECT program_id, company_id, period_start, period_end, 'draft'
             FROM referral_accrual WHERE id = %(second_accrual)s""",
        set(),
    ),
    "month_order": (
        """UPDATE referral_accrual
              SET period_start = '2026-03-01', period_end = '2026-03-31'
            WHERE id = %(second_accrual)s""",
        {"entry_booked", "hash_chain"},
    ),
    "line_compensation": (EMPTY_COPY.format(compensation=0, key=-1), set()),
    "compensation_sum": (
        """UPDATE referral_compensation SET base = base + 1
            WHERE id = %(compensation)s""",
        {"hash_chain"},
    ),
    "line_once": (
        "DROP INDEX referral_accrual_line_line_unique;"
        + EMPTY_COPY.format(compensation="compensation_id", key="line_key"),
        {"hash_chain"},
    ),
    "line_reference": (
        "UPDATE referral_accrual_line SET terms_id = 0 WHERE id = %(line)s",
        {"terms_used", "credited_rate", "hash_chain"},
    ),
    "line_amount": (
        "UPDATE referral_accrual_line SET rate = 5 WHERE id = %(line)s",
        {"hash_chain"},
    ),
    "terms_used": (
        "DELETE FROM referral_accrual_terms_rel WHERE accrual_id = %(accrual)s",
        {"hash_chain"},
    ),
    "referral_month": (
        """UPDATE referral_referral_month SET amount = amount + 1
            WHERE accrual_id = %(accrual)s""",
        set(),
    ),
    "credited_whole": (
        # a payment that is dated later comes before the last month's end
        """UPDATE account_partial_reconcile SET max_date = '2026-02-20'
            WHERE max_date = '2026-03-10'""",
        set(),
    ),
    "credited_earned": (
        """UPDATE account_move_line SET balance = balance / 2
            WHERE id = %(invoice_line)s""",
        {"credited_whole"},
    ),
    "credited_rate": (
        "UPDATE referral_program_terms SET rate = 8 WHERE id = %(terms)s",
        {"hash_chain"},
    ),
    "refunded_zero": (
        """UPDATE referral_accrual_line SET amount = 0
            WHERE amount < 0 AND accrual_id = %(second_accrual)s""",
        {
            "line_amount",
            "compensation_sum",
            "referral_month",
            "credited_whole",
            "credited_rate",
            "hash_chain",
        },
    ),
    "balance_overspent": (
        """UPDATE referral_withdrawal
              SET amount = 1000000, reserved_amount = 1000000
            WHERE id = %(withdrawal)s""",
        set(),
    ),
    "withdrawal_state": (
        "UPDATE referral_withdrawal SET state = 'paid' WHERE id = %(withdrawal)s",
        set(),
    ),
    "withdrawal_bill": (
        """UPDATE referral_withdrawal SET billed_amount = billed_amount + 1
            WHERE id = %(billed)s""",
        set(),
    ),
    "withdrawal_payee": (
        "UPDATE res_partner_bank SET partner_id = %(client)s WHERE id = %(bank)s",
        set(),
    ),
    "money_conserved": (
        """UPDATE account_move_line SET price_total = price_total * 2
            WHERE id = %(invoice_line)s""",
        set(),
    ),
    "money_sent_back": (
        """UPDATE account_move_line SET amount_residual = 100
            WHERE id = (SELECT part.credit_move_id
                          FROM account_partial_reconcile part
                          JOIN account_move_line paid ON paid.id = part.debit_move_id
                          JOIN account_move_line line ON line.move_id = paid.move_id
                         WHERE line.id = %(invoice_line)s
                         LIMIT 1)""",
        set(),
    ),
    "negative_line": (
        """UPDATE account_move_line
              SET balance = -balance, amount_currency = -amount_currency,
                  debit = credit, credit = debit, price_subtotal = -price_subtotal
            WHERE id = %(invoice_line)s""",
        {"credited_whole", "credited_earned"},
    ),
    "client_once": (
        """INSERT INTO referral_referral
                  (participant_id, program_id, partner_id, date_start, state, source)
           SELECT participant_id, program_id, %(related)s, date_start - 1, state,
                  source
             FROM referral_referral WHERE partner_id = %(client)s;
           UPDATE res_partner SET commercial_partner_id = %(client)s
            WHERE id = %(related)s""",
        set(),
    ),
    "redemption_entry": (
        "UPDATE referral_redemption SET amount = amount + 1 WHERE id = %(redemption)s",
        set(),
    ),
    "redemption_match": (
        """DELETE FROM account_partial_reconcile WHERE credit_move_id IN (
                SELECT item.id FROM account_move_line item
                  JOIN referral_redemption redemption
                    ON redemption.move_id = item.move_id
                 WHERE redemption.id = %(redemption)s)""",
        set(),
    ),
    "statement_sum": (
        """ALTER TABLE referral_statement
            DROP CONSTRAINT referral_statement_figures_tie;
           UPDATE referral_statement SET closing = closing + 1
            WHERE id = %(second_statement)s""",
        {"statement_seal"},
    ),
    "statement_opening": (
        """UPDATE referral_statement SET opening = opening + 1, closing = closing + 1
            WHERE id = %(second_statement)s""",
        {"statement_seal"},
    ),
    "statement_compensation": (
        """UPDATE referral_statement SET accrued = accrued + 1, adjusted = adjusted - 1
            WHERE id = %(statement)s""",
        {"statement_seal"},
    ),
    "statement_document": (
        """DELETE FROM ir_attachment WHERE res_model = 'referral.statement'
              AND res_id = %(statement)s""",
        set(),
    ),
    "statement_seal": (
        """UPDATE referral_statement SET used_for_invoices = used_for_invoices - 1,
                  adjusted = adjusted + 1
            WHERE id = %(second_statement)s""",
        set(),
    ),
    "acceptance_text": (
        """UPDATE referral_agreement
              SET body = JSONB_BUILD_OBJECT('en_US', 'You owe us everything.')
            WHERE id IN (SELECT agreement_id FROM referral_acceptance
                          WHERE participant_id = %(participant)s)""",
        set(),
    ),
    "hash_chain": (
        "UPDATE referral_accrual_line SET name = 'Forged' WHERE id = %(line)s",
        set(),
    ),
}


class TamperedCase(BooksCase):
    """Books that somebody changes past Odoo."""

    def _places(self):
        """Return the ids that the breaks speak of."""
        entry = self.accrual.move_ids
        line = self.accrual.line_ids.filtered(lambda own: own.base == 1_000_000)
        return {
            "accrual": self.accrual.id,
            "bank": self.account.id,
            "bill": self.billed.bill_id.id,
            "billed": self.billed.id,
            "client": self.client.id,
            "related": self.env.ref("base.partner_root").id,
            "compensation": self.accrual.compensation_ids.id,
            "entry": entry.id,
            "expense_item": (entry.line_ids - self._liability_item(entry)).id,
            "income": self.income.id,
            "invoice_line": line.line_key,
            "liability": self.program.liability_account_id.id,
            "line": line.id,
            "manual_item": self._liability_item(self.manual).id,
            "participant": self.participant.id,
            "redemption": self.redemption.id,
            "second_accrual": self.second.id,
            "second_statement": self.second_statement.id,
            "statement": self._statement("2026-01").id,
            "terms": self.program.terms_ids.id,
            "withdrawal": self.withdrawal.id,
        }

    def _tamper(self, query, **places):
        """Change something in the database behind Odoo's back."""
        self.env.flush_all()
        self.env.cr.execute(query, {**self._places(), **places})
        self.env.invalidate_all()

    def _check(self, accrual=None, **options):
        with self.on("2026-03-02"):
            return self.program._check_integrity(accrual, **options)

    def _failed(self, run):
        return set(run.result_ids.filtered("is_failed").mapped("check_name"))

    def assertPassed(self, run):
        self.assertFalse(
            [
                (finding.title, finding.description, finding.expected, finding.found)
                for finding in run.finding_ids
            ]
        )
        self.assertFalse(run.result_ids.filtered("is_failed"))
        self.assertRecordValues(
            run,
            [{"state": "passed", "finding_count": 0, "check_count": len(CHECKS)}],
        )
        self.assertEqual(run.result_ids.mapped("check_name"), list(CHECKS))

    def _activities(self):
        kind = self.env.ref("referral_program.mail_activity_integrity")
        return self.env["mail.activity"].search([("activity_type_id", "=", kind.id)])
