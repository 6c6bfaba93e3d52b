"""What an audit file is made of, as SQL: whole months, never loaded as records.

Each query's rows come in the order in which they stand on their sheet, so that the
rows of a participant are neighbours and a formula needs to look at those only.
"""

from odoo.tools import SQL

from ..models.balance.ledger import CONTACTS
from ..tools.rounding import rounded_query


def line_query(accrual):
    """Return the ``SELECT`` of an accrual's evidence, participant by participant."""
    return SQL(
        """
        SELECT line.id, line.participant_id, holder.complete_name, line.referral_id,
               line.partner_id, client.complete_name, line.terms_id, line.move_name,
               line.group_key, line.line_key, line.name, line.invoice_date,
               line.start_date, line.end_date, line.paid, line.rendered,
               line.base, line.rate, line.amount,
               ROUND(line.base * line.rate / 100, 6)
          FROM referral_accrual_line line
          LEFT JOIN referral_participant participant
            ON participant.id = line.participant_id
          LEFT JOIN res_partner holder ON holder.id = participant.partner_id
          LEFT JOIN res_partner client ON client.id = line.partner_id
         WHERE line.accrual_id = %s
         ORDER BY line.participant_id, line.invoice_date, line.move_name, line.id
        """,
        accrual.id,
    )


def _numbered_items(accrual):
    """Number the items of an accrual's journal entries from 0, entry by entry.

    An item has a participant if it is on the program's liability account.
    """
    return SQL(
        """
        SELECT item.id, item.balance, holder.participant_id,
               ROW_NUMBER() OVER (ORDER BY move.id, holder.participant_id, item.id) - 1
                   AS number
          FROM account_move move
          JOIN account_move_line item ON item.move_id = move.id
          LEFT JOIN (%s) holder
            ON holder.partner_id = item.partner_id
           AND holder.program_id = %s
           AND item.account_id = %s
         WHERE move.referral_accrual_id = %s
        """,
        CONTACTS,
        accrual.program_id.id,
        accrual.program_id.liability_account_id.id,
        accrual.id,
    )


def item_query(accrual):
    """Return the ``SELECT`` of the items of an accrual's journal entries."""
    return SQL(
        """
        SELECT item.id, move.name, move.state, item.date, item.account_id,
               found.participant_id, partner.complete_name, item.name,
               item.debit, item.credit, item.balance
          FROM (%(items)s) found
          JOIN account_move_line item ON item.id = found.id
          JOIN account_move move ON move.id = item.move_id
          LEFT JOIN res_partner partner ON partner.id = item.partner_id
         ORDER BY found.number
        """,
        items=_numbered_items(accrual),
    )


def compensation_query(accrual):
    """Return the ``SELECT`` of what the participants earned.

    Beside it, for the formulas: how many lines each has from which row on, what
    those sum up to, and the rows of its journal items with their sum.
    """
    return SQL(
        """
        WITH line AS (
            SELECT participant_id,
                   COUNT(*) AS count,
                   SUM(COUNT(*)) OVER (ORDER BY participant_id) - COUNT(*) AS first,
                   SUM(base) AS base,
                   SUM(amount) AS amount
              FROM referral_accrual_line
             WHERE accrual_id = %(accrual)s
             GROUP BY participant_id
        ), item AS (
            SELECT participant_id, MIN(number) AS first, MAX(number) AS last,
                   -SUM(balance) AS credited
              FROM (%(items)s) item
             WHERE participant_id IS NOT NULL
             GROUP BY participant_id
        )
        SELECT compensation.participant_id,
               partner.complete_name AS name,
               partner.vat,
               move.name AS entry,
               compensation.base,
               compensation.amount,
               COALESCE(line.count, 0)::int AS line_count,
               COALESCE(line.first, 0)::int AS line_first,
               COALESCE(line.base, 0) AS line_base,
               COALESCE(line.amount, 0) AS line_amount,
               COALESCE(%(rounded)s, 0) AS rounded,
               item.first::int AS item_first,
               item.last::int AS item_last,
               COALESCE(item.credited, 0) AS credited
          FROM referral_compensation compensation
          JOIN referral_participant participant
            ON participant.id = compensation.participant_id
          JOIN res_partner partner ON partner.id = participant.partner_id
          LEFT JOIN account_move_line posted ON posted.id = compensation.move_line_id
          LEFT JOIN account_move move ON move.id = posted.move_id
          LEFT JOIN line ON line.participant_id = compensation.participant_id
          LEFT JOIN item ON item.participant_id = compensation.participant_id
         WHERE compensation.accrual_id = %(accrual)s
         ORDER BY compensation.participant_id
        """,
        accrual=accrual.id,
        items=_numbered_items(accrual),
        rounded=rounded_query(SQL("line.amount"), accrual.currency_id.rounding),
    )


def total_query(accrual):
    """Return the ``SELECT`` of the numbers of rows, and of what is stored in all."""
    return SQL(
        """
        SELECT line.count AS lines, line.base AS line_base,
               compensation.count AS compensations, compensation.base,
               compensation.amount,
               item.count AS items, item.balance, item.credited
          FROM (SELECT COUNT(*) AS count, COALESCE(SUM(base), 0) AS base
                  FROM referral_accrual_line WHERE accrual_id = %(accrual)s) line,
               (SELECT COUNT(*) AS count,
                       COALESCE(SUM(base), 0) AS base,
                       COALESCE(SUM(amount), 0) AS amount
                  FROM referral_compensation
                 WHERE accrual_id = %(accrual)s) compensation,
               (SELECT COUNT(*) AS count,
                       COALESCE(SUM(balance), 0) AS balance,
                       COALESCE(-SUM(balance)
                           FILTER (WHERE participant_id IS NOT NULL), 0) AS credited
                  FROM (%(items)s) item) item
        """,
        accrual=accrual.id,
        items=_numbered_items(accrual),
    )


def entry_query(accrual):
    """Return the ``SELECT`` of the journal entries: name, date, rows and sum."""
    return SQL(
        """
        SELECT move.name, move.date,
               (SUM(COUNT(item.id)) OVER (ORDER BY move.id) - COUNT(item.id))::int,
               COUNT(item.id),
               COALESCE(SUM(item.balance), 0)
          FROM account_move move
          LEFT JOIN account_move_line item ON item.move_id = move.id
         WHERE move.referral_accrual_id = %s
         GROUP BY move.id
         ORDER BY move.id
        """,
        accrual.id,
    )
