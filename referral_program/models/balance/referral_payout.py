from odoo import fields, models
from odoo.tools import SQL


class ReferralPayout(models.Model):
    """What left the balances, or was to: withdrawals and redemptions in one register.

    Read from its sources (``_payout_sources``), stored nowhere.
    """

    _name = "referral.payout"
    _description = "Referral Payout"
    _auto = False
    _order = "requested_on desc, id desc"
    _depends = {
        "account.move": ["move_type", "state", "date", "amount_total_signed"],
        "account.move.line": [
            "move_id", "account_id", "tax_line_id", "balance", "display_type",
        ],
        "account.partial.reconcile": [
            "debit_move_id", "credit_move_id", "amount", "max_date",
        ],
        "referral.participant": ["partner_id", "type_id"],
        "referral.redemption": [
            "name", "participant_id", "program_id", "company_id", "invoice_id",
            "amount", "move_id", "date", "state",
        ],
        "referral.withdrawal": [
            "name", "participant_id", "program_id", "company_id", "amount",
            "billed_amount", "reserved_amount", "requested_on", "bill_id", "state",
        ],
        "res.company": ["currency_id"],
    }  # fmt: skip

    kind = fields.Selection(selection="_selection_kind")
    name = fields.Char("Number")
    participant_id = fields.Many2one("referral.participant")
    type_id = fields.Many2one("referral.participant.type", "Participant Type")
    program_id = fields.Many2one("referral.program")
    company_id = fields.Many2one("res.company")
    currency_id = fields.Many2one("res.currency")
    requested_on = fields.Datetime()
    billed_on = fields.Date(help="The date of the bill, or of the redemption's entry.")
    paid_on = fields.Date(help="The day on which it was paid in full.")
    amount = fields.Monetary(
        "Amount Requested",
        aggregator=None,
        help="What was asked for, whatever became of it: it has no sum.",
    )
    reserved_amount = fields.Monetary(
        "Reserved", help="Reserved from the balance until there is a bill."
    )
    taken_amount = fields.Monetary(
        "Deducted from the Balance",
        help="The amount by which it lowers the balance in the ledger; zero if it was "
        "returned.",
    )
    tax_amount = fields.Monetary(
        "Taxes", help="The taxes of the bill that are added to the amount."
    )
    withheld_amount = fields.Monetary(
        "Withheld",
        help="The taxes that are withheld: by the bill, and by its payments.",
    )
    payable_amount = fields.Monetary(
        "To Pay", help="The total of the bill, less what its payments withhold."
    )
    state = fields.Selection(
        [
            ("requested", "Requested"),
            ("billed", "Billed"),
            ("paid", "Paid"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
            ("undone", "Undone"),
        ]
    )
    document_id = fields.Many2one(
        "account.move",
        "Bill or Invoice",
        help="The bill that pays a withdrawal; the invoice that a redemption paid.",
    )
    move_id = fields.Many2one("account.move", "Journal Entry")

    def _payout_sources(self):
        """Return what the register is read from, one entry for each kind of payout.

        An app with payouts of another kind adds its own at the end, and to
        ``_depends`` the fields that it reads.

        :return: a list of (kind, label, model, ``SELECT`` of the model's ``id`` and of
            the register's columns by their names)
        """
        return [
            (
                "withdrawal",
                self.env._("Withdrawal"),
                "referral.withdrawal",
                self._withdrawals(),
            ),
            (
                "redemption",
                self.env._("Redemption"),
                "referral.redemption",
                self._redemptions(),
            ),
        ]

    def _selection_kind(self):
        return [(kind, label) for kind, label, _model, _query in self._payout_sources()]

    @property
    def _table_query(self):
        sources = self._payout_sources()
        columns = SQL(", ").join(
            SQL.identifier(name)
            for name, field in self._fields.items()
            if field.store and name not in ("id", "kind")
        )
        return SQL(" UNION ALL ").join(
            SQL(
                "SELECT %s * id + %s AS id, %s AS kind, %s FROM (%s) %s",
                len(sources),
                number,
                kind,
                columns,
                query,
                SQL.identifier(kind),
            )
            for number, (kind, _label, _model, query) in enumerate(sources)
        )

    def _withdrawals(self):
        """Return the ``SELECT`` of the withdrawals."""
        return SQL(
            """
            SELECT withdrawal.id,
                   withdrawal.name,
                   withdrawal.participant_id,
                   participant.type_id,
                   withdrawal.program_id,
                   withdrawal.company_id,
                   company.currency_id,
                   withdrawal.requested_on,
                   CASE WHEN bill.state = 'posted' THEN bill.date END AS billed_on,
                   CASE WHEN withdrawal.state = 'paid' THEN %(paid_on)s END AS paid_on,
                   withdrawal.amount,
                   withdrawal.reserved_amount,
                   CASE WHEN withdrawal.state IN ('billed', 'paid')
                             AND bill.state = 'posted'
                        THEN withdrawal.billed_amount ELSE 0 END AS taken_amount,
                   CASE WHEN bill.state <> 'cancel' THEN %(tax)s
                        ELSE 0 END AS tax_amount,
                   CASE WHEN bill.state <> 'cancel' THEN %(withheld)s + paid.withheld
                        ELSE 0 END AS withheld_amount,
                   CASE WHEN bill.state <> 'cancel'
                        THEN -bill.amount_total_signed - paid.withheld
                        ELSE 0 END AS payable_amount,
                   withdrawal.state,
                   withdrawal.bill_id AS document_id,
                   withdrawal.bill_id AS move_id
              FROM referral_withdrawal withdrawal
              JOIN referral_participant participant
                ON participant.id = withdrawal.participant_id
              JOIN res_company company ON company.id = withdrawal.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
              LEFT JOIN account_move bill ON bill.id = withdrawal.bill_id
             CROSS JOIN LATERAL (%(withheld_at_payment)s) paid(withheld)
            """,
            withheld_at_payment=self._withheld_at_payment(),
            paid_on=self._paid_on(),
            tax=self._bill_taxes(SQL("item.balance"), SQL(">")),
            withheld=self._bill_taxes(SQL("-item.balance"), SQL("<")),
        )

    def _paid_on(self):
        """The last day on which something was reconciled with the bill's payable."""
        return SQL(
            """
            (SELECT MAX(part.max_date)
               FROM account_move_line item
               JOIN account_partial_reconcile part
                 ON item.id IN (part.debit_move_id, part.credit_move_id)
              WHERE item.move_id = bill.id AND item.display_type = 'payment_term')
            """
        )

    def _bill_taxes(self, amount, sign):
        """The bill's tax items of one sign: on top of it, or kept back."""
        return SQL(
            """
            COALESCE((SELECT SUM(%s)
                        FROM account_move_line item
                       WHERE item.move_id = bill.id
                         AND item.tax_line_id IS NOT NULL
                         AND item.balance %s 0), 0)
            """,
            amount,
            sign,
        )

    def _withheld_at_payment(self):
        """Return the ``SELECT`` of the taxes that the bill's payments withhold.

        A payment of several bills withholds from each in proportion, rounded to the
        company's currency.
        """
        return SQL(
            """
            SELECT COALESCE(ROUND(
                       SUM(-tax.balance * part.amount / paid.total),
                       currency.decimal_places
                   ), 0)
              FROM account_move_line item
              JOIN account_partial_reconcile part ON part.credit_move_id = item.id
              JOIN account_move_line payer ON payer.id = part.debit_move_id
              JOIN account_move entry
                ON entry.id = payer.move_id AND entry.move_type = 'entry'
              JOIN account_move_line tax
                ON tax.move_id = entry.id AND tax.tax_line_id IS NOT NULL
             CROSS JOIN LATERAL (
                    SELECT SUM(own.balance)
                      FROM account_move_line own
                     WHERE own.move_id = entry.id
                       AND own.account_id = payer.account_id
                       AND own.balance > 0
                   ) paid(total)
             WHERE item.move_id = bill.id AND item.display_type = 'payment_term'
            """
        )

    def _redemptions(self):
        """Return the ``SELECT`` of the redemptions."""
        return SQL(
            """
            SELECT redemption.id,
                   redemption.name,
                   redemption.participant_id,
                   participant.type_id,
                   redemption.program_id,
                   redemption.company_id,
                   company.currency_id,
                   redemption.create_date AS requested_on,
                   redemption.date AS billed_on,
                   CASE WHEN redemption.state = 'done' THEN redemption.date
                   END AS paid_on,
                   redemption.amount,
                   0 AS reserved_amount,
                   CASE WHEN redemption.state = 'done'
                        THEN redemption.amount ELSE 0 END AS taken_amount,
                   0 AS tax_amount,
                   0 AS withheld_amount,
                   0 AS payable_amount,
                   CASE WHEN redemption.state = 'done' THEN 'paid' ELSE 'undone'
                   END AS state,
                   redemption.invoice_id AS document_id,
                   redemption.move_id
              FROM referral_redemption redemption
              JOIN referral_participant participant
                ON participant.id = redemption.participant_id
              JOIN res_company company ON company.id = redemption.company_id
            """
        )

    # === ACTION METHODS === #

    def action_open_source(self):
        """Open the withdrawal or the redemption itself."""
        self.ensure_one()
        self.check_access("read")
        sources = self._payout_sources()
        source_id, number = divmod(self.id, len(sources))
        _kind, _label, model, _query = sources[number]
        return self.env[model].browse(source_id)._get_records_action()

    def action_open_entry(self):
        """Open the journal entry, if there is one."""
        self.ensure_one()
        return self.move_id._get_records_action()
