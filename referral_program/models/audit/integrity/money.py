"""Withdrawals with their bills, redemptions with their entries."""

from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from ...balance.ledger import CONTACTS
from .check import Check

# no environment while a module loads: pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)


def _overspent(books):
    """Participants from whose balance more was taken than they ever got.

    Accruals and an accountant's entries may bring a balance below zero; bills and
    redemptions, less what was given back of them, may not.
    """
    return SQL(
        """
        WITH movement AS (
            SELECT holder.participant_id,
                   item.balance,
                   move.move_type IN ('in_invoice', 'in_refund', 'in_receipt')
                       OR move.referral_redemption_id IS NOT NULL
                       OR redeemed.referral_redemption_id IS NOT NULL AS takes
              FROM (%(items)s) item
              JOIN account_move move ON move.id = item.move_id
              JOIN (%(contacts)s) holder
                ON holder.partner_id = item.partner_id
               AND holder.program_id = %(program)s
              LEFT JOIN account_move redeemed ON redeemed.id = move.reversed_entry_id
             WHERE item.parent_state = 'posted'
               -- what only goes from one of its contacts to another is not got
               AND NOT EXISTS (SELECT FROM referral_former_contact former
                                WHERE former.move_id = move.id)
        ), ledger AS (
            SELECT participant_id,
                   COALESCE(-SUM(balance) FILTER (WHERE balance < 0 AND NOT takes), 0)
                       AS got,
                   COALESCE(SUM(balance) FILTER (WHERE takes), 0) AS taken
              FROM movement
             GROUP BY participant_id
        ), reserved AS (
            SELECT participant_id, SUM(reserved_amount) AS amount
              FROM referral_withdrawal
             WHERE reserved_amount <> 0
             GROUP BY participant_id
        )
        SELECT 'referral.participant' AS res_model,
               participant.id AS res_id,
               participant.id AS participant_id,
               COALESCE(ledger.got, 0) AS expected,
               COALESCE(ledger.taken, 0) + COALESCE(reserved.amount, 0) AS found
          FROM referral_participant participant
          LEFT JOIN ledger ON ledger.participant_id = participant.id
          LEFT JOIN reserved ON reserved.participant_id = participant.id
         WHERE participant.id IN (%(participants)s)
           AND COALESCE(ledger.taken, 0) + COALESCE(reserved.amount, 0)
               > COALESCE(ledger.got, 0)
        """,
        items=books.items,
        contacts=CONTACTS,
        program=books.program_id,
        participants=books.participants,
    )


def _withdrawal_states(books):
    """Withdrawals whose state or reservation is not what their bill says."""
    return SQL(
        """
        SELECT 'referral.withdrawal' AS res_model,
               id AS res_id,
               participant_id,
               CASE WHEN NOT state = ANY(states) THEN 'state' ELSE 'reserved' END
                   AS reason,
               name AS text,
               CASE WHEN state = ANY(states) THEN reserved END AS expected,
               CASE WHEN state = ANY(states) THEN reserved_amount END AS found
          FROM (
            SELECT withdrawal.id,
                   withdrawal.participant_id,
                   withdrawal.name,
                   withdrawal.state,
                   withdrawal.reserved_amount,
                   CASE WHEN withdrawal.decision IS NOT NULL
                             THEN ARRAY[withdrawal.decision]
                        WHEN bill.id IS NULL THEN ARRAY['requested']
                        WHEN bill.state = 'cancel' THEN ARRAY['cancelled']
                        WHEN bill.state <> 'posted' OR bill.payment_state
                             NOT IN ('in_payment', 'paid', 'reversed')
                             THEN ARRAY['billed']
                        -- whether its refunds gave everything back
                        WHEN bill.payment_state = 'reversed'
                             THEN ARRAY['paid', 'cancelled']
                        ELSE ARRAY['paid'] END AS states,
                   CASE WHEN withdrawal.state = 'requested'
                             OR withdrawal.state = 'billed' AND bill.state = 'draft'
                        THEN COALESCE(NULLIF(withdrawal.billed_amount, 0),
                                      withdrawal.amount)
                        ELSE 0 END AS reserved
              FROM referral_withdrawal withdrawal
              LEFT JOIN account_move bill ON bill.id = withdrawal.bill_id
             WHERE withdrawal.participant_id IN (%s)
          ) withdrawal
         WHERE NOT state = ANY(states) OR reserved_amount IS DISTINCT FROM reserved
        """,
        books.participants,
    )


def _bills(books):
    """Withdrawals whose posted bill takes something else than they say."""
    return SQL(
        """
        SELECT 'referral.withdrawal' AS res_model,
               withdrawal.id AS res_id,
               withdrawal.participant_id,
               CASE WHEN own.partner_id IS NULL
                    THEN 'partner' ELSE 'amount' END AS reason,
               withdrawal.name AS text,
               withdrawal.billed_amount AS expected,
               COALESCE(taken.amount, 0) AS found
          FROM referral_withdrawal withdrawal
          JOIN account_move bill ON bill.id = withdrawal.bill_id
          LEFT JOIN LATERAL (
                SELECT holder.partner_id
                  FROM (%(contacts)s) holder
                  JOIN res_partner partner ON partner.id = holder.partner_id
                 WHERE holder.participant_id = withdrawal.participant_id
                   AND partner.commercial_partner_id = bill.commercial_partner_id
                 LIMIT 1
               ) own ON TRUE
          CROSS JOIN LATERAL (
                SELECT SUM(item.balance) AS amount
                  FROM account_move_line item
                  JOIN (%(contacts)s) holder
                    ON holder.partner_id = item.partner_id
                   AND holder.participant_id = withdrawal.participant_id
                 WHERE item.move_id = bill.id AND item.account_id = %(account)s
               ) taken
         WHERE withdrawal.participant_id IN (%(participants)s)
           AND bill.state = 'posted'
           AND (own.partner_id IS NULL
                OR COALESCE(taken.amount, 0) IS DISTINCT FROM withdrawal.billed_amount)
        """,
        account=books.account_id,
        contacts=CONTACTS,
        participants=books.participants,
    )


def _payees(books):
    """Open withdrawals that would be paid to somebody else's bank account."""
    return SQL(
        """
        SELECT 'referral.withdrawal' AS res_model,
               withdrawal.id AS res_id,
               withdrawal.participant_id,
               CASE WHEN bill.partner_bank_id = account.id
                    THEN 'bill' ELSE 'withdrawal' END AS reason,
               CONCAT_WS(', ', withdrawal.name, account.acc_number) AS text
          FROM referral_withdrawal withdrawal
          JOIN referral_participant participant
            ON participant.id = withdrawal.participant_id
          JOIN res_partner own ON own.id = participant.partner_id
          LEFT JOIN account_move bill ON bill.id = withdrawal.bill_id
          JOIN res_partner_bank account
            ON account.id IN (withdrawal.bank_account_id, bill.partner_bank_id)
          JOIN res_partner holder ON holder.id = account.partner_id
         WHERE withdrawal.participant_id IN (%s)
           AND withdrawal.state IN ('requested', 'billed')
           AND holder.commercial_partner_id <> own.commercial_partner_id
        """,
        books.participants,
    )


def _redemptions(books):
    """Redemptions whose entry does not take what they say from the balance."""
    return SQL(
        """
        SELECT 'referral.redemption' AS res_model,
               id AS res_id,
               participant_id,
               CASE WHEN move_id IS NULL THEN 'no_entry'
                    WHEN taken IS DISTINCT FROM amount THEN 'amount'
                    ELSE 'state' END AS reason,
               name AS text,
               amount AS expected,
               COALESCE(taken, 0) AS found
          FROM (
            SELECT redemption.*,
                   taken.amount AS taken,
                   CASE WHEN entry.state = 'posted' AND NOT EXISTS (
                                SELECT FROM account_move reversal
                                 WHERE reversal.reversed_entry_id = entry.id
                                   AND reversal.state = 'posted')
                        THEN 'done' ELSE 'undone' END AS right_state
              FROM referral_redemption redemption
              LEFT JOIN account_move entry
                ON entry.id = redemption.move_id
               AND entry.referral_redemption_id = redemption.id
              CROSS JOIN LATERAL (
                    SELECT SUM(item.balance) AS amount
                      FROM account_move_line item
                      JOIN (%(contacts)s) holder
                        ON holder.partner_id = item.partner_id
                       AND holder.participant_id = redemption.participant_id
                     WHERE item.move_id = entry.id AND item.account_id = %(account)s
                   ) taken
             WHERE redemption.participant_id IN (%(participants)s)
          ) redemption
         WHERE move_id IS NULL OR taken IS DISTINCT FROM amount OR state <> right_state
        """,
        account=books.account_id,
        contacts=CONTACTS,
        participants=books.participants,
    )


def _matches(books):
    """Redemptions that are not undone, but pay nothing of their invoice."""
    return SQL(
        """
        SELECT 'referral.redemption' AS res_model,
               redemption.id AS res_id,
               redemption.participant_id,
               CONCAT_WS(', ', redemption.name, invoice.name) AS text,
               redemption.amount AS expected,
               0 AS found
          FROM referral_redemption redemption
          JOIN account_move invoice ON invoice.id = redemption.invoice_id
         WHERE redemption.participant_id IN (%s)
           AND redemption.state = 'done'
           AND NOT EXISTS (
                SELECT FROM account_move_line item
                  JOIN account_partial_reconcile part
                    ON part.credit_move_id = item.id
                  JOIN account_move_line receivable
                    ON receivable.id = part.debit_move_id
                 WHERE item.move_id = redemption.move_id
                   AND receivable.move_id = redemption.invoice_id)
        """,
        books.participants,
    )


CHECKS = (
    Check(
        "balance_overspent",
        _lt("Nobody used more than was credited"),
        _lt(
            "Withdrawal bills, redemptions and the amounts reserved by open "
            "withdrawals are together not more than everything that was ever credited."
        ),
        _overspent,
    ),
    Check(
        "withdrawal_state",
        _lt(
            "Withdrawals match the state of their bill, and reserve what it has not "
            "deducted"
        ),
        _lt(
            "A withdrawal reserves its amount until its bill is posted; refused, "
            "cancelled and billed withdrawals reserve nothing."
        ),
        _withdrawal_states,
        {
            "state": _lt("The state does not match the bill"),
            "reserved": _lt("The reserved amount differs"),
        },
    ),
    Check(
        "withdrawal_bill",
        _lt("Bills match the amount and the participant of their withdrawal"),
        _lt(
            "The lines of a posted bill on the liability account are the withdrawal's "
            "billed amount."
        ),
        _bills,
        {
            "partner": _lt("The bill belongs to another partner"),
            "amount": _lt("The bill debits another amount"),
        },
    ),
    Check(
        "withdrawal_payee",
        _lt("Open withdrawals are paid to the participant's own account"),
        _lt("Neither a withdrawal nor its bill names a bank account of somebody else."),
        _payees,
        {
            "withdrawal": _lt(
                "The bank account of the withdrawal belongs to somebody else"
            ),
            "bill": _lt("The bank account on the bill belongs to somebody else"),
        },
    ),
    Check(
        "redemption_entry",
        _lt("Redemptions match their journal entries"),
        _lt(
            "The entry of a redemption debits its amount to the participant's "
            "balance; a redemption is undone if, and only if, its entry was reversed."
        ),
        _redemptions,
        {
            "no_entry": _lt("There is no entry"),
            "amount": _lt("The entry debits another amount"),
            "state": _lt("The state does not match the entry"),
        },
    ),
    Check(
        "redemption_match",
        _lt("Redemptions pay their invoice"),
        _lt("The entry of a redemption is reconciled with its invoice."),
        _matches,
    ),
)
