from odoo import models
from odoo.tools import SQL


class ReferralEarning(models.AbstractModel):
    """What counts as money on a group, and from which day."""

    _inherit = "referral.earning"

    # === OVERRIDE POINTS === #

    def _is_money(self, conditions):
        """Return whether what settles an invoice is money that came in.

        Payments (when, says :meth:`_when_paid`), lines of bank statements and entries
        in bank, cash and credit journals are. Of other entries only those in the
        program's further payment journals are, exchange differences excepted: a
        write-off is none. Nothing in a bonus journal is. Whether a redemption is,
        the program says.

        :return: SQL over ``payer`` (the entry), ``journal`` and what the ways of
            payment join; credit notes and entries between receivables are judged
            by what stands behind them, see :meth:`_make_credit`
        """
        return SQL(
            """
            CASE WHEN payer.referral_redemption_id IS NOT NULL THEN %(redemptions)s
                 ELSE journal.id NOT IN %(bonus)s
                  AND (%(payments)s
                       OR payer.statement_line_id IS NOT NULL
                       OR payer.origin_payment_id IS NULL
                          AND journal.type IN ('bank', 'cash', 'credit')
                       OR journal.id IN %(listed)s AND NOT %(is_exchange)s)
            END
            """,
            redemptions=conditions.redemptions,
            bonus=conditions.bonus_journal_ids or (0,),
            payments=self._when_paid(conditions)["is_payment"],
            listed=conditions.payment_journal_ids or (0,),
            is_exchange=self._is_exchange(),
        )

    def _advances(self, conditions):
        """Return the ``SELECT`` of advances that final invoices deduct, or nothing.

        :return SQL: ``group_id`` of the final invoice; ``amount``, the money that the
            advance brought, and ``date``, since when; ``deducted``, what the invoice
            took off for it (once for an advance); ``invoiced``, what of the amount
            came in on a document of its own. In the currency of the group's root
        """
        return SQL()

    # === MONEY ON INVOICES === #

    def _money_query(self, conditions):
        """Return the ``SELECT`` of the money on the groups' invoices.

        ``amount`` is in the root's currency, by the date of the reconciliation;
        ``credited`` and ``carried`` say whether credit notes of other groups, or
        entries that carry a receivable on, settle any of it. ``advanced`` is what of
        the amount came in on advances, ``deducted`` what was taken off for them;
        ``invoiced`` what of the advances came in on documents of their own.
        """
        parts = [self._received_query(conditions)]
        if conditions.expected_from:
            parts.append(self._expected_query(conditions))
        if advances := self._advances(conditions):
            parts.append(
                SQL(
                    "SELECT group_id, amount, date, FALSE, FALSE, deducted, amount,"
                    " invoiced FROM (%s) advance",
                    advances,
                )
            )
        return SQL(
            """
            SELECT group_id,
                   SUM(amount) FILTER (WHERE date <= %(end)s) AS amount,
                   MIN(date) FILTER (WHERE date > %(end)s) AS look_again,
                   BOOL_OR(credited) AS credited,
                   BOOL_OR(carried) AS carried,
                   COALESCE(SUM(deducted), 0) AS deducted,
                   SUM(advanced) FILTER (WHERE date <= %(end)s) AS advanced,
                   SUM(invoiced) FILTER (WHERE date <= %(end)s) AS invoiced
              FROM (%(parts)s) money
             GROUP BY group_id
            """,
            end=conditions.end,
            parts=SQL(" UNION ALL ").join(parts),
        )

    def _received_query(self, conditions):
        """Return the ``SELECT`` of what reconciliation put on the invoices."""
        return SQL(
            """
            SELECT member.group_id,
                   CASE WHEN is_money THEN %(amount)s END AS amount,
                   CASE WHEN is_money THEN %(date)s END AS date,
                   %(is_credit)s AS credited,
                   NOT is_money AND %(is_carried)s AS carried,
                   0 AS deducted,
                   0 AS advanced,
                   0 AS invoiced
              FROM %(members)s member
              %(counterparts)s
             CROSS JOIN LATERAL (SELECT %(is_money)s) judged(is_money)
             WHERE member.sign > 0
            """,
            amount=self._part_amount(),
            date=self._when_paid(conditions)["date"],
            is_credit=self._is_credit(),
            is_carried=self._is_carried(conditions),
            is_money=self._is_money(conditions),
            members=conditions.table("member"),
            counterparts=self._counterparts(conditions),
        )

    def _expected_query(self, conditions):
        """Return the ``SELECT`` of what is open, as if it were paid when it is due."""
        return SQL(
            """
            SELECT member.group_id,
                   CASE WHEN receivable.currency_id = member.currency_id
                        THEN receivable.amount_residual_currency
                        ELSE receivable.amount_residual * member.per_unit END,
                   GREATEST(receivable.date_maturity, %(from)s),
                   FALSE,
                   FALSE,
                   0,
                   0,
                   0
              FROM %(members)s member
              JOIN account_move_line receivable
                ON receivable.move_id = member.move_id
               AND receivable.display_type = 'payment_term'
               AND receivable.amount_residual_currency > 0
             WHERE member.sign > 0
            """,
            members=conditions.table("member"),
            **{"from": conditions.expected_from},
        )

    def _counterpart_query(self, conditions):
        """Return the ``SELECT`` of whatever settles the invoices, with why it is none.

        What :meth:`_money_query` adds up are the rows without a reason: the two share
        the rule. Of what is no money, ``later`` is money after the last day,
        ``unmatched`` waits for the bank statement, ``no_entry`` is a payment without a
        journal entry, which settles nothing by itself; ``no_money`` is the part of a
        credit note, or of an entry that carries the receivable on, that no money
        stands behind.
        """
        return SQL(
            """
            SELECT member.group_id,
                   member.currency_id,
                   payer.id AS move_id,
                   payer.name,
                   payer.journal_id,
                   CASE WHEN payer.referral_redemption_id IS NOT NULL THEN 'redemption'
                        WHEN payer.statement_line_id IS NOT NULL THEN 'statement'
                        WHEN payer.origin_payment_id IS NOT NULL THEN 'payment'
                        WHEN payer.move_type = 'out_refund' THEN 'credit_note'
                        ELSE 'entry' END AS kind,
                   %(date)s AS date,
                   split.amount,
                   split.reason
              FROM %(members)s member
              %(counterparts)s
              LEFT JOIN (
                    SELECT group_id, move_id, MAX(worth) AS worth
                      FROM %(credit)s
                     GROUP BY group_id, move_id
                   ) credit
                ON credit.group_id = member.group_id AND credit.move_id = payer.id
             CROSS JOIN LATERAL (
                    SELECT %(amount)s, CASE
                        WHEN credit.worth > 0 OR %(is_money)s
                        THEN CASE WHEN %(date)s > %(end)s THEN 'later' END
                        WHEN payer.referral_redemption_id IS NOT NULL THEN 'redemption'
                        WHEN journal.id IN %(bonus)s THEN 'bonus'
                        WHEN payer.origin_payment_id IS NOT NULL THEN 'unmatched'
                        WHEN %(is_credit)s THEN 'no_money'
                        WHEN payer.move_type = 'out_refund' THEN 'own_credit_note'
                        WHEN %(is_exchange)s THEN 'exchange'
                        ELSE 'other' END
                   ) whole(amount, reason)
             CROSS JOIN LATERAL (
                    SELECT whole.amount * COALESCE(NULLIF(credit.worth, 0), 1),
                           whole.reason
                     UNION ALL
                    SELECT whole.amount * (1 - credit.worth), 'no_money'
                     WHERE credit.worth > 0 AND credit.worth < 1
                   ) split(amount, reason)
             WHERE member.sign > 0
             UNION ALL
            SELECT root.group_id,
                   payment.currency_id,
                   NULL,
                   payment.name,
                   payment.journal_id,
                   'payment',
                   payment.date,
                   payment.amount,
                   'no_entry'
              FROM %(root)s root
              JOIN account_move__account_payment registered
                ON registered.invoice_id = root.group_id
              JOIN account_payment payment ON payment.id = registered.payment_id
             WHERE payment.move_id IS NULL AND payment.state IN ('in_process', 'paid')
             UNION ALL
            SELECT root.group_id, root.currency_id, NULL, NULL, NULL, 'advance',
                   NULL, money.advanced, NULL
              FROM %(root)s root
              JOIN %(money)s money ON money.group_id = root.group_id
             WHERE money.advanced > 0
            """,
            root=conditions.table("root"),
            money=conditions.table("money"),
            credit=conditions.table("credit"),
            end=conditions.end,
            bonus=conditions.bonus_journal_ids or (0,),
            date=self._when_paid(conditions)["date"],
            amount=self._part_amount(),
            is_money=self._is_money(conditions),
            is_credit=self._is_credit(),
            is_exchange=self._is_exchange(),
            members=conditions.table("member"),
            counterparts=self._counterparts(conditions),
        )

    # === PARTS OF THE RULE === #

    def _counterparts(self, conditions):
        """Return the joins from ``member`` to what settles its receivables."""
        return SQL(
            """
            JOIN account_move_line receivable
              ON receivable.move_id = member.move_id
             AND receivable.display_type = 'payment_term'
            %s
            """,
            self._payers(conditions),
        )

    def _payers(self, conditions):
        """Return the joins from debit items, ``receivable``, to who settles them."""
        return SQL(
            """
            JOIN account_partial_reconcile part ON part.debit_move_id = receivable.id
            JOIN account_move_line counterpart
              ON counterpart.id = part.credit_move_id
             AND counterpart.parent_state = 'posted'
            JOIN account_move payer ON payer.id = counterpart.move_id
            JOIN account_journal journal ON journal.id = payer.journal_id
            %s
            """,
            self._when_paid(conditions)["join"],
        )

    def _part_amount(self):
        """Return what a part settles, in the root's currency."""
        return SQL(
            """
            CASE WHEN receivable.currency_id = member.currency_id
                 THEN part.debit_amount_currency
                 ELSE part.amount * member.per_unit END
            """
        )

    def _is_credit(self):
        """Return whether a credit note of another group settles a receivable."""
        return SQL(
            "payer.move_type = 'out_refund'"
            " AND COALESCE(payer.referral_root_id, payer.id) <> member.group_id"
        )

    def _is_carried(self, conditions):
        """Return whether an entry carries a receivable on, so that somebody else, or
        the bank, settles it in its place."""
        return SQL(
            """
            (payer.move_type = 'entry'
             AND payer.referral_redemption_id IS NULL
             AND payer.origin_payment_id IS NULL
             AND payer.statement_line_id IS NULL
             AND journal.id NOT IN %s
             AND NOT %s)
            """,
            conditions.bonus_journal_ids or (0,),
            self._is_exchange(),
        )

    def _is_exchange(self):
        """Return whether an entry books an exchange difference."""
        return SQL(
            """EXISTS (SELECT FROM account_partial_reconcile exchanged
                        WHERE exchanged.exchange_move_id = payer.id)"""
        )

    def _when_paid(self, conditions):
        """Say when a registered payment is money: ``is_payment``, ``date``, ``join``.

        At once, or once a statement matched it. A payment that goes to the bank
        account itself, without an outstanding account, has nothing that a statement
        could match: it counts at once. If what is open is expected, a statement is
        expected to match all others at once.
        """
        if not conditions.bank_only:
            return {
                "is_payment": SQL("payer.origin_payment_id IS NOT NULL"),
                "join": SQL(),
                "date": SQL("part.max_date"),
            }
        direct = SQL("payment.outstanding_account_id = journal.default_account_id")
        expected = conditions.expected_from
        if expected:
            return {
                "is_payment": SQL("payer.origin_payment_id IS NOT NULL"),
                "join": self._matched_join(),
                "date": SQL(
                    """
                    GREATEST(part.max_date, CASE
                        WHEN payer.origin_payment_id IS NULL OR %s THEN matched.day
                        ELSE COALESCE(matched.day, %s) END)
                    """,
                    direct,
                    expected,
                ),
            }
        return {
            "is_payment": SQL(
                "payer.origin_payment_id IS NOT NULL"
                " AND (matched.day IS NOT NULL OR %s)",
                direct,
            ),
            "join": self._matched_join(),
            "date": SQL("GREATEST(part.max_date, matched.day)"),
        }

    def _matched_join(self):
        """Return the join to the day on which a statement had matched a payment."""
        return SQL(
            """
            LEFT JOIN account_payment payment ON payment.id = payer.origin_payment_id
            LEFT JOIN LATERAL (
                -- the day on which the whole of the payment had been matched
                SELECT MAX(half.max_date) AS day
                  FROM account_move_line outstanding
                  JOIN account_partial_reconcile half
                    ON outstanding.id IN (half.debit_move_id, half.credit_move_id)
                  JOIN account_move_line bank
                    ON bank.id = half.debit_move_id + half.credit_move_id
                                 - outstanding.id
                   AND bank.parent_state = 'posted'
                  JOIN account_move statement
                    ON statement.id = bank.move_id
                   AND statement.statement_line_id IS NOT NULL
                 WHERE outstanding.move_id = payer.id
                   AND outstanding.account_id = payment.outstanding_account_id
                   AND outstanding.reconciled
            ) matched ON TRUE
            """
        )
