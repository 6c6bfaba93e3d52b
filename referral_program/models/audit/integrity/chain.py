"""The chained hashes of posted months.

A month is sealed when it is posted: a SHA-256 over its parts, over its place and
over the hash of the month before. Whoever changes a posted month has to change the
hashes of all later ones, the head that the program keeps, and the heads that the
runs of the integrity check and the printed reports have recorded.

The parts are what cannot change any more, each hashed for itself to tell where a
chain breaks: the terms used, the compensations, the accrual lines, the journal
items. Contacts are not in it but by their participants, because contacts may be
merged; nor is an entry's number, which an accountant may change.

Each row is written as PostgreSQL writes a row (unambiguous, fields quoted), with
numbers without trailing zeros and dates as days; rows are hashed one by one and then
together in the order of their keys, so that a million lines need no more memory
than their hashes.
"""

from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from .check import Check

# no environment while a module loads: pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)

#: How what is written below is written; kept with each hash.
VERSION = 1
#: What the first month has for the hash of the month before.
GENESIS = "0" * 64
#: Columns with the hashes of a month's parts.
PARTS = ("terms_hash", "compensations_hash", "lines_hash", "items_hash")

PART_REASONS = {
    "terms_hash": _lt("Terms were changed"),
    "compensations_hash": _lt("Compensations were changed, added or deleted"),
    "lines_hash": _lt("Accrual lines were changed, added or deleted"),
    "items_hash": _lt("Journal items were changed, added or deleted"),
    "seal": _lt("The month's hash, number or period was changed"),
    "link": _lt("The link to the month before is broken: it was changed or deleted"),
    "unsealed": _lt("The month is posted without a hash"),
    "not_posted": _lt("The month has a hash, but is not posted"),
    "head": _lt("The last month was deleted, or one was added outside the program"),
    "anchor": _lt("An earlier check recorded another hash for this month"),
}


def _row_hash(*columns):
    """A row as the bytes of its hash."""
    return SQL(
        "SHA256(CONVERT_TO(ROW(%s)::text, 'UTF8'))", SQL(", ").join(map(SQL, columns))
    )


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


def _line_rows(accruals):
    """The lines of each compensation as one row: its hash is that of their hashes."""
    return SQL(
        """
        SELECT accrual_id, id AS key, SHA256(STRING_AGG(hash, '' ORDER BY line_key))
                   AS hash
          FROM (SELECT compensation.accrual_id,
                       compensation.id,
                       line.line_key,
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
        hash=_row_hash(
            "line.accrual_id",
            "line.participant_id",
            "line.referral_id",
            "line.terms_id",
            "line.line_key",
            "line.product_id",
            "line.move_name",
            "line.name",
            _day("line.invoice_date"),
            _day("line.start_date"),
            _day("line.end_date"),
            _number("line.paid"),
            _number("line.rendered"),
            _number("line.base"),
            _number("line.rate"),
            _number("line.amount"),
        ),
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
            "CASE WHEN item.partner_id = participant.partner_id THEN participant.id"
            " ELSE -item.partner_id END",
            _number("item.balance"),
            _number("item.amount_currency"),
            "item.currency_id",
        ),
    )


def parts_query(accruals):
    """Return the ``SELECT`` of the hashes of the parts of some accruals.

    :param SQL accruals: a ``SELECT`` of their ids
    """
    joins = [
        SQL(
            "LEFT JOIN (SELECT accrual_id, STRING_AGG(hash, '' ORDER BY key) AS hash"
            " FROM (%s) part GROUP BY accrual_id) %s ON %s = accrual.id",
            rows(accruals),
            SQL.identifier(name),
            SQL.identifier(name, "accrual_id"),
        )
        for name, rows in zip(
            PARTS,
            (_terms_rows, _compensation_rows, _line_rows, _item_rows),
            strict=True,
        )
    ]
    columns = [
        SQL(
            "ENCODE(SHA256(COALESCE(%s, '')), 'hex') AS %s",
            SQL.identifier(name, "hash"),
            SQL.identifier(name),
        )
        for name in PARTS
    ]
    return SQL(
        "SELECT accrual.id AS accrual_id, %s FROM referral_accrual accrual %s"
        " WHERE accrual.id IN (%s)",
        SQL(", ").join(columns),
        SQL(" ").join(joins),
        accruals,
    )


def _seal(accrual, number, previous, parts):
    """The hash of a month, from its place and the hashes of its parts."""
    return SQL(
        "ENCODE(SHA256(CONVERT_TO(ROW(%s, %s, %s, %s, %s, %s)::text, 'UTF8')), 'hex')",
        VERSION,
        SQL.identifier(accrual, "program_id"),
        SQL("%s - DATE '2000-01-01'", SQL.identifier(accrual, "period_start")),
        number,
        previous,
        SQL(", ").join(SQL.identifier(parts, name) for name in PARTS),
    )


def seal_query(accrual_id, number, previous):
    """Return the ``UPDATE`` that seals a month and returns its hash.

    :param int number: its place in the chain, from 1 on
    :param str previous: the hash of the month before, ``GENESIS`` for the first
    """
    return SQL(
        """
        UPDATE referral_accrual accrual
           SET chain_number = %(number)s,
               previous_hash = %(previous)s,
               hash_version = %(version)s,
               terms_hash = part.terms_hash,
               compensations_hash = part.compensations_hash,
               lines_hash = part.lines_hash,
               items_hash = part.items_hash,
               hash = %(seal)s
          FROM (%(parts)s) part
         WHERE accrual.id = part.accrual_id
        RETURNING accrual.hash
        """,
        number=number,
        previous=previous,
        version=VERSION,
        seal=_seal(
            "accrual", SQL("%s::integer", number), SQL("%s::text", previous), "part"
        ),
        parts=parts_query(SQL("SELECT %s", accrual_id)),
    )


def statements_seal_query(accruals):
    """Return the ``SELECT`` of the hash of the statements of some accruals.

    What only happens later to a statement, its mail and its documents, is not in it.
    """
    return SQL(
        """
        SELECT accrual.id AS accrual_id,
               ENCODE(SHA256(COALESCE(STRING_AGG(
                   statement.hash, '' ORDER BY statement.participant_id), '')), 'hex')
                   AS hash
          FROM referral_accrual accrual
          LEFT JOIN (SELECT accrual_id, participant_id, %(hash)s AS hash
                       FROM referral_statement
                      WHERE accrual_id IN (%(accruals)s)) statement
            ON statement.accrual_id = accrual.id
         WHERE accrual.id IN (%(accruals)s)
         GROUP BY accrual.id
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
            *map(
                _number,
                (
                    "opening",
                    "accrued",
                    "taken_back",
                    "withdrawn",
                    "spent",
                    "adjusted",
                    "closing",
                ),
            ),
        ),
    )


def broken_query(books):
    """Return the ``SELECT`` of where the chain breaks, and in which part."""
    return SQL(
        """
        WITH part AS (%(parts)s)
        SELECT 'referral.accrual' AS res_model,
               accrual.id AS res_id,
               NULL::integer AS participant_id,
               broken.reason,
               TO_CHAR(accrual.period_start, 'YYYY-MM') AS text,
               NULL::numeric AS expected,
               NULL::numeric AS found
          FROM referral_accrual accrual
          JOIN referral_program program ON program.id = accrual.program_id
          LEFT JOIN part ON part.accrual_id = accrual.id
          LEFT JOIN referral_accrual earlier
            ON earlier.program_id = accrual.program_id
           AND earlier.chain_number = accrual.chain_number - 1
          CROSS JOIN LATERAL (VALUES
                ('terms_hash', accrual.terms_hash IS DISTINCT FROM part.terms_hash),
                ('compensations_hash', accrual.compensations_hash
                     IS DISTINCT FROM part.compensations_hash),
                ('lines_hash', accrual.lines_hash IS DISTINCT FROM part.lines_hash),
                ('items_hash', accrual.items_hash IS DISTINCT FROM part.items_hash),
                ('seal', accrual.hash <> %(seal)s
                     OR accrual.hash_version IS DISTINCT FROM %(version)s),
                ('link', accrual.previous_hash IS DISTINCT FROM
                     CASE WHEN accrual.chain_number = 1 THEN %(genesis)s
                          ELSE earlier.hash END
                     OR earlier.period_start >= accrual.period_start),
                ('not_posted', accrual.state <> 'posted'),
                ('anchor', EXISTS (
                    SELECT FROM referral_integrity_run run
                     WHERE run.program_id = accrual.program_id
                       AND run.chain_number = accrual.chain_number
                       AND run.chain_head <> accrual.hash))
               ) broken(reason, is_broken)
         WHERE accrual.id IN (%(accruals)s)
           AND accrual.hash IS NOT NULL
           AND broken.is_broken
         UNION ALL
        -- months posted before there was a chain are sealed when it begins
        SELECT 'referral.accrual', accrual.id, NULL, 'unsealed',
               TO_CHAR(accrual.period_start, 'YYYY-MM'), NULL, NULL
          FROM referral_accrual accrual
          JOIN referral_program program ON program.id = accrual.program_id
         WHERE accrual.id IN (%(accruals)s)
           AND accrual.state = 'posted'
           AND accrual.hash IS NULL
           AND program.chain_length > 0
         UNION ALL
        SELECT 'referral.program', program.id, NULL, 'head', program.chain_head,
               NULL, NULL
          FROM referral_program program
          LEFT JOIN LATERAL (
                SELECT chain_number, hash
                  FROM referral_accrual
                 WHERE program_id = program.id AND chain_number > 0
                 ORDER BY chain_number DESC
                 LIMIT 1) last ON TRUE
         WHERE program.id = %(program)s
           AND (COALESCE(program.chain_length, 0) <> COALESCE(last.chain_number, 0)
                OR program.chain_head IS DISTINCT FROM last.hash
                OR program.chain_length < (
                    SELECT MAX(run.chain_number) FROM referral_integrity_run run
                     WHERE run.program_id = program.id))
        """,
        parts=parts_query(
            SQL(
                "SELECT id FROM referral_accrual WHERE id IN (%s) AND hash IS NOT NULL",
                books.accruals,
            )
        ),
        seal=_seal(
            "accrual",
            SQL("accrual.chain_number"),
            SQL("accrual.previous_hash"),
            "accrual",
        ),
        version=VERSION,
        genesis=GENESIS,
        accruals=books.accruals,
        program=books.program_id,
    )


CHECKS = (
    Check(
        "hash_chain",
        _lt("The chain of hashes is intact"),
        _lt(
            "Each posted month has a hash over everything that it credited and over "
            "the hash of the month before. A break shows which month was changed, and "
            "which part of it."
        ),
        broken_query,
        PART_REASONS,
    ),
)
