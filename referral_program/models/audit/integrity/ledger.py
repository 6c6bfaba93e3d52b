"""Compensations, the entries that post them, and the balances."""

from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from ...balance.ledger import CONTACTS
from .check import Check

# no environment while a module loads: pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)


def _balances(books):
    """What accruals gave each participant, beside what their entries say."""
    return SQL(
        """
        SELECT 'referral.participant' AS res_model,
               participant.id AS res_id,
               participant.id AS participant_id,
               COALESCE(credited.amount, 0) AS expected,
               COALESCE(ledger.amount, 0) AS found
          FROM referral_participant participant
          LEFT JOIN (
                SELECT compensation.participant_id, SUM(compensation.amount) AS amount
                  FROM referral_compensation compensation
                  JOIN referral_accrual accrual
                    ON accrual.id = compensation.accrual_id
                 WHERE compensation.participant_id IN (%(participants)s)
                   AND (accrual.state = 'posted'
                        OR compensation.move_line_id IS NOT NULL)
                 GROUP BY compensation.participant_id
               ) credited ON credited.participant_id = participant.id
          LEFT JOIN (
                SELECT holder.participant_id, -SUM(item.balance) AS amount
                  FROM (%(items)s) item
                  JOIN account_move move ON move.id = item.move_id
                  JOIN (%(contacts)s) holder
                    ON holder.partner_id = item.partner_id
                   AND holder.program_id = %(program)s
                 WHERE item.parent_state = 'posted'
                   AND move.referral_accrual_id IS NOT NULL
                 GROUP BY holder.participant_id
               ) ledger ON ledger.participant_id = participant.id
         WHERE participant.id IN (%(participants)s)
           AND COALESCE(credited.amount, 0) <> COALESCE(ledger.amount, 0)
        """,
        participants=books.participants,
        items=books.items,
        contacts=CONTACTS,
        program=books.program_id,
    )


def _compensation_items(books):
    """Compensations without the one item that says the same."""
    return SQL(
        """
        SELECT 'referral.compensation' AS res_model,
               id AS res_id,
               participant_id,
               reason,
               amount AS expected,
               found
          FROM (
            SELECT compensation.id,
                   compensation.participant_id,
                   compensation.amount,
                   -item.balance AS found,
                   CASE WHEN item.id IS NULL AND compensation.amount = 0 THEN NULL
                        WHEN item.id IS NULL THEN 'no_item'
                        WHEN item.balance <> -compensation.amount
                             OR compensation.amount = 0 THEN 'amount'
                        WHEN move.state <> 'posted' OR item.parent_state <> 'posted'
                             THEN 'not_posted'
                        WHEN item.account_id <> %(account)s THEN 'account'
                        WHEN NOT EXISTS (
                             SELECT FROM (%(contacts)s) holder
                              WHERE holder.partner_id = item.partner_id
                                AND holder.participant_id = participant.id)
                             THEN 'partner'
                        WHEN move.referral_accrual_id
                             IS DISTINCT FROM compensation.accrual_id THEN 'entry'
                   END AS reason
              FROM referral_compensation compensation
              JOIN referral_accrual accrual ON accrual.id = compensation.accrual_id
              JOIN referral_participant participant
                ON participant.id = compensation.participant_id
              LEFT JOIN account_move_line item ON item.id = compensation.move_line_id
              LEFT JOIN account_move move ON move.id = item.move_id
             WHERE compensation.accrual_id IN (%(accruals)s)
               AND (accrual.state = 'posted' OR item.id IS NOT NULL)
          ) compensation
         WHERE reason IS NOT NULL
        """,
        account=books.account_id,
        accruals=books.accruals,
        contacts=CONTACTS,
    )


def _entry_items(books):
    """Items of accruals' entries that post no compensation and are no expense."""
    return SQL(
        """
        SELECT 'account.move' AS res_model,
               move.id AS res_id,
               holder.participant_id,
               CASE WHEN item.account_id = %(account)s THEN 'no_compensation'
                    ELSE 'account' END AS reason,
               move.name AS text,
               -item.balance AS found
          FROM account_move move
          JOIN account_move_line item ON item.move_id = move.id
          JOIN account_account account ON account.id = item.account_id
          LEFT JOIN (%(contacts)s) holder
            ON holder.partner_id = item.partner_id
           AND holder.program_id = %(program)s
         WHERE move.referral_accrual_id IN (%(accruals)s)
           AND CASE WHEN item.account_id = %(account)s
                    THEN (SELECT COUNT(*) FROM referral_compensation compensation
                           WHERE compensation.move_line_id = item.id) <> 1
                    ELSE account.account_type NOT IN
                         ('expense', 'expense_direct_cost', 'expense_depreciation')
               END
        """,
        account=books.account_id,
        contacts=CONTACTS,
        program=books.program_id,
        accruals=books.accruals,
    )


def _entries(books):
    """Accruals' entries that are not booked as their accrual says."""
    return SQL(
        """
        SELECT 'account.move' AS res_model,
               id AS res_id,
               reason,
               name AS text
          FROM (
            SELECT move.id,
                   move.name,
                   CASE WHEN move.state <> 'posted' THEN 'not_posted'
                        WHEN move.move_type <> 'entry'
                             OR move.company_id <> accrual.company_id THEN 'company'
                        WHEN move.date < accrual.period_end THEN 'date'
                   END AS reason
              FROM account_move move
              JOIN referral_accrual accrual ON accrual.id = move.referral_accrual_id
             WHERE accrual.id IN (%s)
          ) move
         WHERE reason IS NOT NULL
        """,
        books.accruals,
    )


def _unbalanced(books):
    """Booked entries of the program whose items do not sum up to zero."""
    others = (
        SQL()
        if books.accrual_id
        else SQL("UNION SELECT move_id FROM (%s) own", books.items)
    )
    return SQL(
        """
        SELECT 'account.move' AS res_model,
               move.id AS res_id,
               move.name AS text,
               0 AS expected,
               SUM(item.balance) AS found
          FROM account_move move
          JOIN account_move_line item ON item.move_id = move.id
         WHERE move.state = 'posted'
           AND move.id IN (SELECT id FROM account_move
                            WHERE referral_accrual_id IN (%(accruals)s)
                            %(others)s)
         GROUP BY move.id
        HAVING SUM(item.balance) <> 0
        """,
        accruals=books.accruals,
        others=others,
    )


def _copies(books):
    """Items on the liability account that say something else than their entry."""
    return SQL(
        """
        SELECT 'account.move' AS res_model,
               move.id AS res_id,
               holder.participant_id,
               CASE WHEN item.parent_state IS DISTINCT FROM move.state THEN 'state'
                    WHEN item.date IS DISTINCT FROM move.date THEN 'date'
                    WHEN item.company_id IS DISTINCT FROM move.company_id
                         THEN 'company'
                    ELSE 'sides' END AS reason,
               move.name AS text
          FROM (%(items)s) item
          JOIN account_move move ON move.id = item.move_id
          LEFT JOIN (%(contacts)s) holder
            ON holder.partner_id = item.partner_id
           AND holder.program_id = %(program)s
         WHERE item.parent_state IS DISTINCT FROM move.state
            OR item.date IS DISTINCT FROM move.date
            OR item.company_id IS DISTINCT FROM move.company_id
            OR item.balance <> item.debit - item.credit
        """,
        items=books.items,
        contacts=CONTACTS,
        program=books.program_id,
    )


def _nobodys(books):
    """Booked items on the liability account that are in nobody's balance."""
    return SQL(
        """
        SELECT 'account.move' AS res_model,
               item.move_id AS res_id,
               item.move_name AS text,
               -item.balance AS found
          FROM account_move_line item
         WHERE item.account_id = %(account)s
           AND item.company_id IN %(companies)s
           AND item.parent_state = 'posted'
           AND item.balance <> 0
           AND NOT EXISTS (SELECT FROM (%(contacts)s) holder
                            WHERE holder.program_id = %(program)s
                              AND holder.partner_id = item.partner_id)
           %(narrow)s
        """,
        account=books.account_id,
        companies=books.company_ids,
        contacts=CONTACTS,
        program=books.program_id,
        narrow=SQL(
            "AND item.move_id IN (SELECT id FROM account_move"
            " WHERE referral_accrual_id = %s)",
            books.accrual_id,
        )
        if books.accrual_id
        else SQL(),
    )


CHECKS = (
    Check(
        "balance_ledger",
        _lt("Compensations are in the ledger"),
        _lt(
            "What accruals credited to a participant is the sum of the posted items "
            "of their entries. If it is not, a compensation or a journal item was "
            "changed, added or deleted."
        ),
        _balances,
    ),
    Check(
        "compensation_item",
        _lt("Each compensation has its own journal item"),
        _lt(
            "A posted compensation is one item: on the liability account, for the "
            "participant, of the same amount, in an entry of the same month."
        ),
        _compensation_items,
        {
            "no_item": _lt("There is no journal item"),
            "amount": _lt("The journal item has another amount"),
            "not_posted": _lt("The entry is not posted"),
            "account": _lt("The item is on another account"),
            "partner": _lt("The item belongs to another partner"),
            "entry": _lt("The entry does not belong to this accrual"),
        },
    ),
    Check(
        "entry_item",
        _lt("Accrual entries contain only compensations and their expense"),
        _lt(
            "Each item on the liability account posts one compensation; the other "
            "side is an expense."
        ),
        _entry_items,
        {
            "no_compensation": _lt("The item posts no compensation, or several"),
            "account": _lt("The item is on neither the liability nor an expense"),
        },
    ),
    Check(
        "entry_booked",
        _lt("Accrual entries are posted, and not before the month's end"),
        _lt(
            "An entry is dated on the month's last day, or on the first open day after "
            "a lock date."
        ),
        _entries,
        {
            "not_posted": _lt("The entry is not posted"),
            "company": _lt("The entry belongs to another company"),
            "date": _lt("The entry is dated before the month's last day"),
        },
    ),
    Check(
        "entry_balanced",
        _lt("Posted entries balance"),
        _lt("The items of each entry that touches a balance sum up to zero."),
        _unbalanced,
    ),
    Check(
        "item_entry",
        _lt("Journal items match their entries"),
        _lt(
            "Journal items have the state, date and company of their entry, and their "
            "balance is debit less credit. Odoo ensures this; a change made directly "
            "in the database does not."
        ),
        _copies,
        {
            "state": _lt("State differs from its entry"),
            "date": _lt("Date differs from its entry"),
            "company": _lt("Company differs from its entry"),
            "sides": _lt("The balance is not debit less credit"),
        },
    ),
    Check(
        "ledger_partner",
        _lt("Everything on the liability account is in a participant's balance"),
        _lt(
            "A posted item without a participant is owed to nobody: correct the "
            "partner of the entry."
        ),
        _nobodys,
    ),
)
