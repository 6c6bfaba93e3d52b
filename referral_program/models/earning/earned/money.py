"""What counts as money on a group, and from which day."""

from odoo.tools import SQL


def money_query(conditions):
    """The money on the invoices, in their currency, and when more of it comes.

    What reconciliation put on them; and what is open, if it counts as expected.
    """
    if not conditions.expected_from:
        return _received_query(conditions)
    return SQL(
        """
        SELECT group_id, SUM(amount) AS amount, MIN(look_again) AS look_again
          FROM (%s UNION ALL %s) money
         GROUP BY group_id
        """,
        _received_query(conditions),
        _expected_query(conditions),
    )


def _received_query(conditions):
    """The money that reconciliation put on the invoices' receivable lines.

    In the invoice's currency, by the date of the reconciliation.
    """
    return SQL(
        """
        SELECT root.group_id,
               SUM(part.debit_amount_currency)
                   FILTER (WHERE %(money_date)s <= %(end)s) AS amount,
               MIN(%(money_date)s) FILTER (WHERE %(money_date)s > %(end)s) AS look_again
          FROM %(counterparts)s
         WHERE %(on_invoices)s
           AND %(is_money)s
         GROUP BY root.group_id
        """,
        **_rule(conditions),
    )


def _expected_query(conditions):
    """What is open on the invoices, as if it were paid on the day it is due."""
    due = SQL("GREATEST(receivable.date_maturity, %s)", conditions.expected_from)
    return SQL(
        """
        SELECT root.group_id,
               SUM(receivable.amount_residual_currency)
                   FILTER (WHERE %(due)s <= %(end)s) AS amount,
               MIN(%(due)s) FILTER (WHERE %(due)s > %(end)s) AS look_again
          FROM root
          JOIN account_move_line receivable
            ON receivable.move_id = root.group_id
           AND receivable.display_type = 'payment_term'
           AND receivable.amount_residual_currency > 0
         WHERE root.move_type = 'out_invoice'
           AND root.posted
         GROUP BY root.group_id
        """,
        due=due,
        end=conditions.end,
    )


def counterpart_query(conditions):
    """Return the ``SELECT`` of whatever settles the invoices, with why it is no money.

    It reads the invoices from a relation named ``referral_root``. What
    :func:`money_query` adds up are the rows without a reason: the two share the rule.
    Of what is no money, ``later`` is money after the last day, ``unmatched`` waits
    for the bank statement, ``no_entry`` is a payment without a journal entry, which
    settles nothing by itself.

    :param Conditions conditions: what to compute by
    """
    return SQL(
        """
        WITH root AS NOT MATERIALIZED (SELECT * FROM referral_root)
        SELECT root.group_id,
               root.currency_id,
               payer.id AS move_id,
               payer.name,
               payer.journal_id,
               CASE WHEN payer.referral_redemption_id IS NOT NULL THEN 'redemption'
                    WHEN payer.statement_line_id IS NOT NULL THEN 'statement'
                    WHEN payer.origin_payment_id IS NOT NULL THEN 'payment'
                    WHEN payer.move_type = 'out_refund' THEN 'credit_note'
                    ELSE 'entry' END AS kind,
               %(money_date)s AS date,
               part.debit_amount_currency AS amount,
               CASE WHEN %(is_money)s
                    THEN CASE WHEN %(money_date)s > %(end)s THEN 'later' END
                    WHEN payer.referral_redemption_id IS NOT NULL THEN 'redemption'
                    WHEN journal.id IN %(bonus)s THEN 'bonus'
                    WHEN payer.origin_payment_id IS NOT NULL THEN 'unmatched'
                    WHEN payer.move_type = 'out_refund' THEN 'own_credit_note'
                    WHEN %(is_exchange)s THEN 'exchange'
                    ELSE 'other' END AS reason
          FROM %(counterparts)s
         WHERE %(on_invoices)s
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
          FROM root
          JOIN account_move__account_payment registered
            ON registered.invoice_id = root.group_id
          JOIN account_payment payment ON payment.id = registered.payment_id
         WHERE payment.move_id IS NULL AND payment.state IN ('in_process', 'paid')
        """,
        **_rule(conditions),
    )


def _rule(conditions):
    """The parts of the rule: where counterparts are found, which of them are money."""
    bank = _bank_condition(conditions)
    bonus = conditions.bonus_journal_ids or (0,)
    is_exchange = SQL(
        """EXISTS (SELECT FROM account_partial_reconcile exchanged
                    WHERE exchanged.exchange_move_id = payer.id)"""
    )
    return {
        "end": conditions.end,
        "bonus": bonus,
        "money_date": bank["money_date"],
        "is_exchange": is_exchange,
        "counterparts": SQL(
            """
            root
            JOIN account_move_line receivable
              ON receivable.move_id = root.group_id
             AND receivable.display_type = 'payment_term'
            JOIN account_partial_reconcile part ON part.debit_move_id = receivable.id
            JOIN account_move_line counterpart
              ON counterpart.id = part.credit_move_id
             AND counterpart.parent_state = 'posted'
            JOIN account_move payer ON payer.id = counterpart.move_id
            JOIN account_journal journal ON journal.id = payer.journal_id
            %s
            """,
            bank["bank_join"],
        ),
        "on_invoices": SQL("root.move_type = 'out_invoice' AND root.posted"),
        "is_money": SQL(
            """
            CASE WHEN payer.referral_redemption_id IS NOT NULL THEN %(redemptions)s
                 ELSE journal.id NOT IN %(bonus)s
                  AND (%(payments)s
                       OR payer.statement_line_id IS NOT NULL
                       OR payer.origin_payment_id IS NULL
                          AND journal.type IN ('bank', 'cash', 'credit')
                       OR payer.move_type = 'out_refund'
                          AND payer.referral_root_id IS DISTINCT FROM root.group_id
                       OR journal.id IN %(listed)s AND NOT %(is_exchange)s)
            END
            """,
            redemptions=conditions.redemptions,
            bonus=bonus,
            payments=bank["payments"],
            listed=conditions.payment_journal_ids or (0,),
            is_exchange=is_exchange,
        ),
    }


def _bank_condition(conditions):
    """When a registered payment is money: at once, or once a statement matched it.

    A payment that goes to the bank account itself, without an outstanding
    account, has nothing that a statement could match: it counts at once. If what is
    open is expected, a statement is expected to match all others at once.
    """
    if not conditions.bank_only:
        return {
            "payments": SQL("payer.origin_payment_id IS NOT NULL"),
            "bank_join": SQL(),
            "money_date": SQL("part.max_date"),
        }
    expected = conditions.expected_from
    return {
        "payments": SQL("payer.origin_payment_id IS NOT NULL")
        if expected
        else SQL(
            "payer.origin_payment_id IS NOT NULL AND (matched.day IS NOT NULL"
            " OR payment.outstanding_account_id = journal.default_account_id)"
        ),
        "bank_join": SQL(
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
        ),
        "money_date": SQL(
            """
            GREATEST(
                part.max_date,
                CASE WHEN payer.origin_payment_id IS NULL
                          OR payment.outstanding_account_id
                             = journal.default_account_id
                     THEN matched.day ELSE COALESCE(matched.day, %s) END
            )
            """,
            expected,
        )
        if expected
        else SQL("GREATEST(part.max_date, matched.day)"),
    }
