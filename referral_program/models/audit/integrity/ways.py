"""What is in a posted month's hash, and how it is written, by version.

The parts are what cannot change any more, each hashed for itself to tell where a
chain breaks: the terms used, the compensations, the accrual lines, the journal
items. Contacts are not in it but by their participants, because contacts may be
merged; nor is an entry's number, which an accountant may change.

Each row is written as PostgreSQL writes a row (unambiguous, fields quoted), with
numbers without trailing zeros and dates as days. Rows, or blocks of them, are hashed
one by one and then together in the order of their keys, so that a million lines need
little memory.
"""

from collections.abc import Callable
from dataclasses import dataclass

from odoo.tools import SQL

#: Columns with the hashes of a month's parts.
PARTS = ("terms_hash", "compensations_hash", "lines_hash", "items_hash")


def _row_text(*columns):
    """A row as PostgreSQL writes it."""
    return SQL("ROW(%s)::text", SQL(", ").join(map(SQL, columns)))


def _row_hash(*columns):
    """A row as the bytes of its hash."""
    return SQL("SHA256(CONVERT_TO(%s, 'UTF8'))", _row_text(*columns))


def _number(column):
    return f"TRIM_SCALE({column}::numeric)"


def _day(column):
    return f"{column} - DATE '2000-01-01'"


def _terms_rows(accruals):
    return SQL(
        """
        SELECT used.accrual_id, terms.id AS key, %(hash)s AS hash
          FROM referral_accrual_terms_rel used
          JOIN referral_program_terms terms ON terms.id = used.terms_id
          CROSS JOIN LATERAL (
                SELECT ARRAY_AGG(ARRAY[TRIM_SCALE(above::numeric),
                                       TRIM_SCALE(rate::numeric)] ORDER BY above, id)
                       AS tiers
                  FROM referral_program_tier WHERE terms_id = terms.id
               ) tier
          CROSS JOIN LATERAL (
                SELECT ARRAY_AGG(category_id ORDER BY category_id) AS categories
                  FROM referral_terms_excluded_category_rel
                 WHERE terms_id = terms.id
               ) excluded
         WHERE used.accrual_id IN (%(accruals)s)
        """,
        accruals=accruals,
        hash=_row_hash(
            "terms.id",
            "terms.program_id",
            _day("terms.date_from"),
            _number("terms.rate"),
            "terms.base",
            "COALESCE(terms.exclude_discounted, FALSE)",
            "tier.tiers",
            "excluded.categories",
        ),
    )


def _compensation_rows(accruals):
    return SQL(
        """
        SELECT accrual_id, participant_id AS key, %(hash)s AS hash
          FROM referral_compensation
         WHERE accrual_id IN (%(accruals)s)
        """,
        accruals=accruals,
        hash=_row_hash(
            "id", "participant_id", _number("base"), _number("amount"), "move_line_id"
        ),
    )


#: What is hashed of a line.
LINE_COLUMNS = (
    "line.accrual_id",
    "line.participant_id",
    "line.referral_id",
    "line.terms_id",
    "line.line_key",
    "line.product_id",
    "line.move_name",
    "line.name",
    _day("line.invoice_date"),
    _day("line.document_date"),
    _day("line.start_date"),
    _day("line.end_date"),
    _number("line.paid"),
    _number("line.rendered"),
    _number("line.share"),
    _number("line.base"),
    _number("line.rate"),
    _number("line.amount"),
)


def _line_rows_by_line(accruals):
    """The lines of months in which each comes once, as :func:`_line_rows`."""
    return _line_rows(accruals, "line_key", LINE_COLUMNS)


def _line_rows(accruals, order="line_key, referral_id", columns=None):
    """The lines of each compensation as one row: its hash is that of their hashes.

    :param str order: the columns that their hashes are ordered by
    :param tuple columns: what is hashed of each
    """
    return SQL(
        """
        SELECT accrual_id, id AS key, SHA256(STRING_AGG(hash, '' ORDER BY %(order)s))
                   AS hash
          FROM (SELECT compensation.accrual_id,
                       compensation.id,
                       line.line_key,
                       line.referral_id,
                       %(hash)s AS hash
                  FROM referral_compensation compensation
                  JOIN referral_accrual_line line
                    ON line.compensation_id = compensation.id
                 WHERE compensation.accrual_id IN (%(accruals)s)
                -- a fence: what is sorted is hashes, not lines
                OFFSET 0) line
         GROUP BY accrual_id, id
        """,
        accruals=accruals,
        order=SQL(order),
        hash=_row_hash(*(columns or (*LINE_COLUMNS, "line.is_further"))),
    )


def _line_blocks(accruals):
    """The lines in blocks by their keys, as rows: a hash for each line would take
    longer than what is hashed."""
    return SQL(
        """
        SELECT accrual_id, block AS key,
               SHA256(CONVERT_TO(
                   STRING_AGG(text, E'\\n' ORDER BY line_key, referral_id), 'UTF8'
               )) AS hash
          FROM (SELECT compensation.accrual_id,
                       line.line_key / 256 AS block,
                       line.line_key,
                       line.referral_id,
                       %(text)s AS text
                  FROM referral_compensation compensation
                  JOIN referral_accrual_line line
                    ON line.compensation_id = compensation.id
                 WHERE compensation.accrual_id IN (%(accruals)s)
                -- a fence: what is sorted is texts, not lines
                OFFSET 0) line
         GROUP BY accrual_id, block
        """,
        accruals=accruals,
        text=_row_text("line.compensation_id", *LINE_COLUMNS, "line.is_further"),
    )


def _item_rows(accruals):
    """The items of the entries; a participant's contact is named by the participant,
    the program's own account by its role: Odoo merges both."""
    return SQL(
        """
        SELECT move.referral_accrual_id AS accrual_id, item.id AS key, %(hash)s AS hash
          FROM account_move move
          JOIN account_move_line item ON item.move_id = move.id
          JOIN referral_accrual accrual ON accrual.id = move.referral_accrual_id
          JOIN referral_program program ON program.id = accrual.program_id
          LEFT JOIN referral_compensation compensation
            ON compensation.move_line_id = item.id
          LEFT JOIN referral_participant participant
            ON participant.id = compensation.participant_id
         WHERE move.referral_accrual_id IN (%(accruals)s)
        """,
        accruals=accruals,
        hash=_row_hash(
            "move.id",
            "move.state",
            "move.journal_id",
            "move.company_id",
            _day("move.date"),
            "item.id",
            "CASE WHEN item.account_id <> program.liability_account_id"
            " THEN item.account_id END",
            "CASE WHEN item.partner_id = participant.partner_id OR EXISTS ("
            "SELECT FROM referral_former_contact former"
            " WHERE former.participant_id = participant.id"
            " AND former.partner_id = item.partner_id) THEN participant.id"
            " ELSE -item.partner_id END",
            _number("item.balance"),
            _number("item.amount_currency"),
            "item.currency_id",
        ),
    )


def _statement_rows(accruals):
    """The participants' statements.

    What only happens later to a statement, its mail and its documents, is not in it.
    """
    figures = (
        "opening",
        "accrued",
        "reversed",
        "withdrawn",
        "used_for_invoices",
        "adjusted",
        "closing",
    )
    return SQL(
        """
        SELECT accrual_id, participant_id AS key, %(hash)s AS hash
          FROM referral_statement
         WHERE accrual_id IN (%(accruals)s)
        """,
        accruals=accruals,
        hash=_row_hash(
            "id",
            "name",
            "participant_id",
            "compensation_id",
            "currency_id",
            _day("period_start"),
            "lang",
            *map(_number, figures),
        ),
    )


@dataclass(frozen=True)
class Way:
    """How what is hashed is written.

    Each of these functions gets a ``SELECT`` of accruals' ids, and returns one of the
    rows that are hashed: ``accrual_id``, ``key`` and ``hash``.

    :ivar parts: by the column of the part's hash, for all of ``PARTS``
    :ivar statements: of the statements, which are sealed when they are made
    """

    parts: dict[str, Callable]
    statements: Callable


#: By version, those of all months that were ever sealed. Never change one that is
#: in use: add one, and have months sealed by it from now on.
WAYS = {
    1: Way(
        parts={
            "terms_hash": _terms_rows,
            "compensations_hash": _compensation_rows,
            "lines_hash": _line_rows_by_line,
            "items_hash": _item_rows,
        },
        statements=_statement_rows,
    ),
    # since a line may come for more than one referral
    2: Way(
        parts={
            "terms_hash": _terms_rows,
            "compensations_hash": _compensation_rows,
            "lines_hash": _line_rows,
            "items_hash": _item_rows,
        },
        statements=_statement_rows,
    ),
    # since lines are hashed together
    3: Way(
        parts={
            "terms_hash": _terms_rows,
            "compensations_hash": _compensation_rows,
            "lines_hash": _line_blocks,
            "items_hash": _item_rows,
        },
        statements=_statement_rows,
    ),
}
#: The one that months are sealed by.
VERSION = 3
