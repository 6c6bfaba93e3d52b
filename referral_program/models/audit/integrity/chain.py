"""The chained hashes of posted months.

A month is sealed when it is posted: a SHA-256 over its parts, over its place and
over the hash of the month before. Whoever changes a posted month has to change the
hashes of all later ones, the head that the program keeps, and the heads that the
runs of the integrity check and the printed reports have recorded.

What is in the parts, and how it is written, is in ``ways.py``; each month is verified
by the version that it was sealed with.
"""

from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from . import ways
from .check import Check
from .ways import PARTS

# no environment while a module loads: pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)

#: What the first month has for the hash of the month before.
GENESIS = "0" * 64

PART_REASONS = {
    "terms_hash": _lt("Terms were changed"),
    "compensations_hash": _lt("Compensations were changed, added or deleted"),
    "lines_hash": _lt("Accrual lines were changed, added or deleted"),
    "items_hash": _lt("Journal items were changed, added or deleted"),
    "seal": _lt("The month's hash, number or period was changed"),
    "version": _lt("The month was sealed by a version that is not known here"),
    "link": _lt("The link to the month before is broken: it was changed or deleted"),
    "unsealed": _lt("The month is posted without a hash"),
    "not_posted": _lt("The month has a hash, but is not posted"),
    "head": _lt("The last month was deleted, or one was added outside the program"),
    "anchor": _lt("An earlier check recorded another hash for this month"),
}


def _hash_of(rows):
    """Return the hash of all rows of a part, by their joined hashes."""
    return SQL("ENCODE(SHA256(COALESCE(%s, '')), 'hex')", rows)


def _parts_query(way, accruals):
    """Return the ``SELECT`` of the hashes of the parts of some accruals.

    :param SQL accruals: a ``SELECT`` of their ids
    """
    joins = [
        SQL(
            "LEFT JOIN (SELECT accrual_id, STRING_AGG(hash, '' ORDER BY key) AS hash"
            " FROM (%s) part GROUP BY accrual_id) %s ON %s = accrual.id",
            way.parts[name](accruals),
            SQL.identifier(name),
            SQL.identifier(name, "accrual_id"),
        )
        for name in PARTS
    ]
    columns = [
        SQL("%s AS %s", _hash_of(SQL.identifier(name, "hash")), SQL.identifier(name))
        for name in PARTS
    ]
    return SQL(
        "SELECT accrual.id AS accrual_id, %s FROM referral_accrual accrual %s"
        " WHERE accrual.id IN (%s)",
        SQL(", ").join(columns),
        SQL(" ").join(joins),
        accruals,
    )


def _by_version(accruals, query):
    """Return a query of accruals, each by the way of its own version.

    :param SQL accruals: a ``SELECT`` of their ids
    :param query: returns the ``SELECT``, given a way and a ``SELECT`` of ids
    """
    return SQL(" UNION ALL ").join(
        query(
            way,
            SQL(
                "SELECT id FROM referral_accrual"
                " WHERE id IN (%s) AND COALESCE(hash_version, %s) = %s",
                accruals,
                ways.VERSION,
                version,
            ),
        )
        for version, way in ways.WAYS.items()
    )


def _seal(accrual, version, number, previous, parts):
    """The hash of a month: of its version, its place and the hashes of its parts."""
    return SQL(
        "ENCODE(SHA256(CONVERT_TO(ROW(%s, %s, %s, %s, %s, %s)::text, 'UTF8')), 'hex')",
        version,
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
        version=ways.VERSION,
        seal=_seal(
            "accrual",
            SQL("%s::integer", ways.VERSION),
            SQL("%s::integer", number),
            SQL("%s::text", previous),
            "part",
        ),
        parts=_parts_query(ways.WAYS[ways.VERSION], SQL("SELECT %s", accrual_id)),
    )


def statements_seal_query(accruals):
    """Return the ``SELECT`` of the hash of the statements of some accruals.

    :param SQL accruals: a ``SELECT`` of their ids
    """
    return _by_version(
        accruals,
        lambda way, own: SQL(
            """
            SELECT accrual.id AS accrual_id, %(hash)s AS hash
              FROM referral_accrual accrual
              LEFT JOIN (%(rows)s) statement ON statement.accrual_id = accrual.id
             WHERE accrual.id IN (%(accruals)s)
             GROUP BY accrual.id
            """,
            hash=_hash_of(SQL("STRING_AGG(statement.hash, '' ORDER BY statement.key)")),
            rows=way.statements(own),
            accruals=own,
        ),
    )


def broken_query(books):
    """Return the ``SELECT`` of where the chain breaks, and in which part."""
    return SQL(
        "(%s) UNION ALL (%s) UNION ALL (%s)",
        _changed(books),
        _unsealed(books),
        _head(books),
    )


def _changed(books):
    """Months that are not what they were when they were sealed."""
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
          LEFT JOIN part ON part.accrual_id = accrual.id
          LEFT JOIN referral_accrual earlier
            ON earlier.program_id = accrual.program_id
           AND earlier.chain_number = accrual.chain_number - 1
          CROSS JOIN LATERAL (
                SELECT COALESCE(accrual.hash_version IN %(versions)s, FALSE) AS version
               ) known
          CROSS JOIN LATERAL (VALUES
                ('version', NOT known.version),
                ('terms_hash', known.version
                     AND accrual.terms_hash IS DISTINCT FROM part.terms_hash),
                ('compensations_hash', known.version
                     AND accrual.compensations_hash
                         IS DISTINCT FROM part.compensations_hash),
                ('lines_hash', known.version
                     AND accrual.lines_hash IS DISTINCT FROM part.lines_hash),
                ('items_hash', known.version
                     AND accrual.items_hash IS DISTINCT FROM part.items_hash),
                ('seal', known.version AND accrual.hash <> %(seal)s),
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
        """,
        parts=_by_version(
            SQL(
                "SELECT id FROM referral_accrual WHERE id IN (%s) AND hash IS NOT NULL",
                books.accruals,
            ),
            _parts_query,
        ),
        seal=_seal(
            "accrual",
            SQL("accrual.hash_version"),
            SQL("accrual.chain_number"),
            SQL("accrual.previous_hash"),
            "accrual",
        ),
        versions=tuple(ways.WAYS),
        genesis=GENESIS,
        accruals=books.accruals,
    )


def _unsealed(books):
    """Months without a hash; those from before the chain are sealed when it begins."""
    return SQL(
        """
        SELECT 'referral.accrual', accrual.id, NULL, 'unsealed',
               TO_CHAR(accrual.period_start, 'YYYY-MM'), NULL, NULL
          FROM referral_accrual accrual
          JOIN referral_program program ON program.id = accrual.program_id
         WHERE accrual.id IN (%(accruals)s)
           AND accrual.state = 'posted'
           AND accrual.hash IS NULL
           AND program.chain_length > 0
        """,
        accruals=books.accruals,
    )


def _head(books):
    """The program's own record of its last month."""
    return SQL(
        """
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
