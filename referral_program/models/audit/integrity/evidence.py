"""Accrual lines: whose they are, what they sum up to, what they name."""

from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from ....tools.rounding import rounded_query
from .check import Check

# no environment while a module loads: pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)


def _lines(books):
    """The lines of the accruals in question, found by what is indexed."""
    if books.accrual_id:
        return SQL(
            """
            SELECT line.*
              FROM referral_compensation compensation
              JOIN referral_accrual_line line
                ON line.compensation_id = compensation.id
             WHERE compensation.accrual_id = %s
            """,
            books.accrual_id,
        )
    return SQL(
        "SELECT line.* FROM referral_accrual_line line WHERE line.accrual_id IN (%s)",
        books.accruals,
    )


def _homeless(books):
    """Lines that are not part of the compensation of their month and participant."""
    lost = (
        SQL()
        if books.accrual_id
        # of an accrual that is gone: the participant tells the program
        else SQL(
            """
            UNION ALL
            SELECT line.*
              FROM referral_accrual_line line
              JOIN referral_participant participant
                ON participant.id = line.participant_id
             WHERE participant.program_id = %s
               AND NOT EXISTS (SELECT FROM referral_accrual
                                WHERE referral_accrual.id = line.accrual_id)
            """,
            books.program_id,
        )
    )
    return SQL(
        """
        SELECT 'referral.accrual.line' AS res_model,
               line.id AS res_id,
               participant.id AS participant_id,
               CASE WHEN compensation.id IS NULL THEN 'missing'
                    WHEN compensation.accrual_id <> line.accrual_id THEN 'accrual'
                    ELSE 'participant' END AS reason,
               CONCAT_WS(', ', line.move_name, line.name) AS text,
               line.amount AS found
          FROM (%(lines)s %(lost)s) line
          LEFT JOIN referral_compensation compensation
            ON compensation.id = line.compensation_id
          LEFT JOIN referral_participant participant
            ON participant.id = line.participant_id
         WHERE compensation.id IS NULL
            OR compensation.accrual_id <> line.accrual_id
            OR compensation.participant_id <> line.participant_id
        """,
        lines=_lines(books),
        lost=lost,
    )


def _sums(books):
    """Compensations that are not the rounded sum of their lines."""
    return SQL(
        """
        WITH evidence AS (
            SELECT compensation.id,
                   compensation.participant_id,
                   compensation.base,
                   compensation.amount,
                   compensation.accrued,
                   COALESCE(SUM(line.base), 0) AS line_base,
                   %(amount)s AS line_amount,
                   %(accrued)s AS line_accrued
              FROM referral_compensation compensation
              LEFT JOIN referral_accrual_line line
                ON line.compensation_id = compensation.id
             WHERE compensation.accrual_id IN (%(accruals)s)
             GROUP BY compensation.id
        )
        SELECT 'referral.compensation' AS res_model,
               id AS res_id,
               participant_id,
               differing.reason,
               differing.expected,
               differing.found
          FROM evidence
          CROSS JOIN LATERAL (
                VALUES ('amount', line_amount, amount),
                       ('accrued', line_accrued, accrued),
                       ('base', line_base, base)
               ) differing(reason, expected, found)
         WHERE differing.expected IS DISTINCT FROM differing.found
        """,
        amount=rounded_query(SQL("COALESCE(SUM(line.amount), 0)"), books.rounding),
        accrued=rounded_query(
            SQL("COALESCE(SUM(GREATEST(line.amount, 0)), 0)"), books.rounding
        ),
        accruals=books.accruals,
    )


def _repeated(books):
    """Invoice lines that come more than once in a month, or for one referral.

    For others than the client's own referral a line comes again.
    """
    return SQL(
        """
        SELECT 'referral.accrual.line' AS res_model,
               MAX(id) AS res_id,
               MAX(participant_id) AS participant_id,
               CONCAT_WS(', ', MAX(move_name), MAX(name)) AS text,
               SUM(amount) AS found
          FROM (%s) line
         GROUP BY accrual_id, line_key, CASE WHEN is_further THEN referral_id END
        HAVING COUNT(*) > 1
        """,
        _lines(books),
    )


def _dangling(books):
    """Lines that name a referral or terms which the program does not have."""
    return SQL(
        """
        SELECT 'referral.accrual.line' AS res_model,
               line.id AS res_id,
               participant.id AS participant_id,
               CASE WHEN participant.id IS NULL THEN 'participant'
                    WHEN referral.id IS NULL THEN 'referral'
                    ELSE 'terms' END AS reason,
               CONCAT_WS(', ', line.move_name, line.name) AS text,
               line.amount AS found
          FROM (%(lines)s) line
          LEFT JOIN referral_participant participant
            ON participant.id = line.participant_id
           AND participant.program_id = %(program)s
          LEFT JOIN referral_referral referral
            ON referral.id = line.referral_id
           AND referral.program_id = %(program)s
          LEFT JOIN referral_program_terms terms
            ON terms.id = line.terms_id AND terms.program_id = %(program)s
         WHERE participant.id IS NULL OR referral.id IS NULL OR terms.id IS NULL
        """,
        lines=_lines(books),
        program=books.program_id,
    )


def _rates(books):
    """Lines whose amount is not their base at their rate.

    A rate has six decimals, and so has an amount.
    """
    return SQL(
        """
        SELECT 'referral.accrual.line' AS res_model,
               line.id AS res_id,
               line.participant_id,
               CONCAT_WS(', ', line.move_name, line.name) AS text,
               ROUND(line.base * line.rate / 100, 6) AS expected,
               line.amount AS found
          FROM (%s) line
         WHERE line.base <> 0
           AND ABS(line.amount - line.base * line.rate / 100)
               > 0.000002 + ABS(line.base) * 0.00000001
        """,
        _lines(books),
    )


def _terms(books):
    """Accruals whose list of terms, which locks them, is not that of their lines."""
    return SQL(
        """
        SELECT 'referral.accrual' AS res_model,
               COALESCE(used.accrual_id, listed.accrual_id) AS res_id,
               CASE WHEN listed.terms_id IS NULL THEN 'unlisted' ELSE 'unused' END
                   AS reason,
               (SELECT TO_CHAR(date_from, 'YYYY-MM-DD') FROM referral_program_terms
                 WHERE id = COALESCE(used.terms_id, listed.terms_id)) AS text
          FROM (SELECT DISTINCT accrual_id, terms_id FROM (%(lines)s) line) used
          FULL JOIN (SELECT accrual_id, terms_id FROM referral_accrual_terms_rel
                      WHERE accrual_id IN (%(accruals)s)) listed
            ON listed.accrual_id = used.accrual_id AND listed.terms_id = used.terms_id
         WHERE listed.terms_id IS NULL OR used.terms_id IS NULL
        """,
        lines=_lines(books),
        accruals=books.accruals,
    )


def _referral_months(books):
    """Sums of a referral's month, kept for fast pages, that are not the lines'."""
    return SQL(
        """
        SELECT 'referral.referral' AS res_model,
               COALESCE(stored.referral_id, summed.referral_id) AS res_id,
               (SELECT participant_id FROM referral_referral WHERE id =
                   COALESCE(stored.referral_id, summed.referral_id)) AS participant_id,
               CASE WHEN stored.amount IS NOT DISTINCT FROM summed.amount
                    THEN 'base' ELSE 'amount' END AS reason,
               (SELECT TO_CHAR(period_start, 'YYYY-MM') FROM referral_accrual
                 WHERE id = COALESCE(stored.accrual_id, summed.accrual_id)) AS text,
               CASE WHEN stored.amount IS NOT DISTINCT FROM summed.amount
                    THEN summed.base ELSE summed.amount END AS expected,
               CASE WHEN stored.amount IS NOT DISTINCT FROM summed.amount
                    THEN stored.base ELSE stored.amount END AS found
          FROM (SELECT accrual_id, referral_id, base, amount
                  FROM referral_referral_month
                 WHERE accrual_id IN (%(accruals)s)) stored
          FULL JOIN (
                SELECT line.accrual_id,
                       line.referral_id,
                       SUM(line.base) AS base,
                       SUM(line.amount) AS amount
                  FROM (%(lines)s) line
                  JOIN referral_accrual accrual ON accrual.id = line.accrual_id
                 WHERE accrual.state = 'posted'
                 GROUP BY line.accrual_id, line.referral_id
               ) summed
            ON summed.accrual_id = stored.accrual_id
           AND summed.referral_id = stored.referral_id
         WHERE stored.amount IS DISTINCT FROM summed.amount
            OR stored.base IS DISTINCT FROM summed.base
        """,
        accruals=books.accruals,
        lines=_lines(books),
    )


CHECKS = (
    Check(
        "line_compensation",
        _lt("Each accrual line belongs to one compensation"),
        _lt(
            "A line is part of the compensation of its own month and participant; "
            "otherwise it was forged, moved, or its compensation was deleted."
        ),
        _homeless,
        {
            "missing": _lt("There is no such compensation"),
            "accrual": _lt("The compensation belongs to another month"),
            "participant": _lt("The compensation belongs to another participant"),
        },
    ),
    Check(
        "compensation_sum",
        _lt("Compensations are the sum of their lines"),
        _lt(
            "A participant's month is the sum of its lines, rounded half up once to "
            "the currency's unit; its base is the sum of the lines' bases."
        ),
        _sums,
        {
            "amount": _lt("The compensation differs"),
            "accrued": _lt("The accrued part differs"),
            "base": _lt("The base differs"),
        },
    ),
    Check(
        "line_once",
        _lt("An invoice line is counted once in a month"),
        _lt("A line that appears twice would be credited twice."),
        _repeated,
    ),
    Check(
        "line_reference",
        _lt("Evidence names participants, referrals and terms that exist"),
        _lt(
            "What an accrual used cannot be deleted. What is missing was deleted in "
            "the database."
        ),
        _dangling,
        {
            "participant": _lt("The program has no such participant"),
            "referral": _lt("The program has no such referral"),
            "terms": _lt("The program has no such terms"),
        },
    ),
    Check(
        "line_amount",
        _lt("A line's compensation is its base at its rate"),
        _lt("The amount of each line is its base multiplied by its rate."),
        _rates,
    ),
    Check(
        "terms_used",
        _lt("Accruals list the terms that they used"),
        _lt("Terms are locked by this list: one that is missing could be changed."),
        _terms,
        {
            "unlisted": _lt("Used, but not listed"),
            "unused": _lt("Listed, but not used"),
        },
    ),
    Check(
        "referral_month",
        _lt("A referral's month is the sum of its lines"),
        _lt("Pages show a referral's totals from sums that are stored for each month."),
        _referral_months,
        {
            "amount": _lt("The compensation differs"),
            "base": _lt("The base differs"),
        },
    ),
)
