from odoo import fields, models
from odoo.tools import SQL

from ..models.accrual.referral_accrual_line import UnboundMany2one


class ReferralExplanationPayment(models.TransientModel):
    """Something that settles an invoice, and whether it counts as money.

    Told by the accrual's own rule. Whoever may ask sees date, amount and verdict; to
    open the entry takes the rights of accounting.
    """

    _name = "referral.explanation.payment"
    _description = "Referral Explanation: Payment"
    _order = "date, id"

    explain_id = fields.Many2one(
        "referral.explain", required=True, index=True, ondelete="cascade"
    )
    company_id = UnboundMany2one("res.company")
    group_key = fields.Integer("Invoice ID")
    move_id = UnboundMany2one("account.move", "Entry")
    name = fields.Char("Number")
    journal_id = UnboundMany2one("account.journal")
    kind = fields.Selection(
        [
            ("payment", "Payment"),
            ("statement", "Bank Statement"),
            ("credit_note", "Credit Note"),
            ("redemption", "Referral Balance"),
            ("entry", "Journal Entry"),
            ("advance", "Paid in advance, deducted on the invoice"),
        ]
    )
    date = fields.Date(
        help="The day on which it is matched with the invoice. None for an advance: it "
        "counts as far as it was paid on the selected day."
    )
    currency_id = UnboundMany2one("res.currency")
    amount = fields.Monetary(help="In the invoice's currency.")
    counts = fields.Boolean("Counts as Money")
    reason = fields.Selection(
        [
            ("bonus", "Bonus journal"),
            ("own_credit_note", "The invoice's own credit note: lowers what is to pay"),
            ("exchange", "Exchange difference"),
            ("no_money", "No money stands behind this credit"),
            ("other", "Another entry, such as a write-off"),
            ("redemption", "The program does not count referral balances as money"),
            ("unmatched", "Registered, not matched by the bank statement yet"),
            ("no_entry", "No journal entry: the bank statement will settle it"),
            ("later", "After the selected day"),
        ],
        "Why Not",
    )

    def _store(self, explain, counterparts):
        """Store what settles the invoices asked about.

        :param SQL counterparts: the accrual's ``SELECT`` of them
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_explanation_payment
                       (explain_id, create_uid, write_uid, create_date, write_date,
                        company_id, group_key, move_id, name, journal_id, kind, date,
                        currency_id, amount, counts, reason)
                SELECT %(explain)s, %(user)s, %(user)s,
                       NOW() AT TIME ZONE 'UTC', NOW() AT TIME ZONE 'UTC',
                       %(company)s, found.group_id, found.move_id, found.name,
                       found.journal_id, found.kind, found.date, found.currency_id,
                       found.amount, found.reason IS NULL, found.reason
                  FROM (%(counterparts)s) found
                  JOIN referral_scope scope
                    ON scope.group_id = found.group_id AND scope.asked
                 ORDER BY found.date
                """,
                explain=explain.id,
                user=self.env.uid,
                company=explain.program_id.company_id.id,
                counterparts=counterparts,
            )
        )

    def _sums(self, explain):
        """Return the ``SELECT`` of what is not money on each invoice, by the day."""
        return SQL(
            """
            SELECT group_key,
                   COALESCE(SUM(amount) FILTER (WHERE reason = 'bonus'), 0) AS bonus,
                   COALESCE(SUM(amount) FILTER (
                       WHERE reason IN ('redemption', 'exchange', 'no_money', 'other')
                   ), 0)
                       AS not_money,
                   COALESCE(SUM(amount) FILTER (WHERE reason = 'unmatched'), 0)
                       AS unmatched
              FROM referral_explanation_payment
             WHERE explain_id = %s AND date <= %s
             GROUP BY group_key
            """,
            explain.id,
            explain.as_of,
        )

    def action_open(self):
        """Open the entry.

        :raise AccessError: if the user has no right to read it
        """
        self.ensure_one()
        return self.move_id._get_records_action()
