"""The whole history computed anew, beside what accruals gave.

The query of the accrual says what each line has earned by the end of the last
accrued month. Invoices to which something happened since are left out: their marks
say that the next accrual looks at them.
"""

from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from .check import Check

# no environment while a module loads: pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)

#: Amounts are exact to 6 decimals; a line's months may differ by so much together.
TOLERANCE = "0.0001"


def recomputed_query(books, end, lines, rates):
    """Return the ``SELECT`` of what each line earned and was credited.

    It reads the groups' facts from a relation named ``referral_group``.

    :param date end: the last day that counts
    :param SQL lines: the query of the accrual
    :param SQL rates: a ``SELECT`` of the highest ``rate`` of each terms, ``terms_id``
    """
    return SQL(
        """
        WITH pending AS (
            SELECT group_id
              FROM referral_mark
             WHERE program_id = %(program)s
               AND (date_from IS NULL OR date_from <= %(end)s)
        )
        SELECT line.line_key,
               line.group_id,
               line.move_name,
               line.name,
               line.participant_id,
               line.terms_id,
               line.is_further,
               CASE WHEN line.is_further THEN further.rate ELSE best.rate
               END::numeric AS best_rate,
               line.earned,
               line.credited_base,
               line.credited_amount,
               line.base,
               line.amount,
               line.reason,
               grp.net <= 0 AS refunded
          FROM (%(lines)s) line
          LEFT JOIN referral_group grp ON grp.group_id = line.group_id
          LEFT JOIN (%(rates)s) best ON best.terms_id = line.terms_id
          -- the terms do not say what a further referral earns: the evidence does
          LEFT JOIN LATERAL (
                SELECT MAX(past.rate) AS rate
                  FROM referral_accrual_line past
                 WHERE past.line_key = line.line_key
                   AND past.referral_id = line.referral_id
                   AND past.is_further
               ) further ON line.is_further
         WHERE NOT EXISTS (SELECT FROM pending WHERE group_id IS NULL)
           AND NOT EXISTS (SELECT FROM pending
                            WHERE pending.group_id = line.group_id)
           -- taken back from one participant, for another one to get the month after
           AND NOT (line.base <> 0
                    AND line.credited_base = 0
                    AND line.credited_amount = 0
                    AND EXISTS (SELECT FROM referral_accrual_line past
                                 WHERE past.line_key = line.line_key)
                    AND EXISTS (SELECT FROM referral_mark mark
                                 WHERE mark.program_id = %(program)s
                                   AND mark.group_id = line.group_id
                                   AND mark.date_from = %(end)s + 1))
        """,
        program=books.program_id,
        end=end,
        lines=lines,
        rates=rates,
    )


def groups_query(books):
    """Return the ``SELECT`` of the groups that an accrual looked at with success."""
    return SQL(
        "SELECT line.group_key AS group_id FROM referral_accrual_line line"
        " WHERE line.compensation_id IN (%s) GROUP BY line.group_key",
        books.compensations,
    )


def _not_credited(books):
    return SQL(
        """
        SELECT 'account.move' AS res_model,
               group_id AS res_id,
               participant_id,
               CASE WHEN base = 0 THEN 'amount' ELSE 'base' END AS reason,
               CONCAT_WS(', ', move_name, name) AS text,
               CASE WHEN base = 0 THEN credited_amount + amount
                    ELSE credited_base + base END AS expected,
               CASE WHEN base = 0 THEN credited_amount ELSE credited_base END AS found
          FROM referral_recomputed
         WHERE base <> 0 OR amount <> 0
        """
    )


def _too_much(books):
    return SQL(
        """
        SELECT 'account.move' AS res_model,
               group_id AS res_id,
               participant_id,
               CONCAT_WS(', ', move_name, name) AS text,
               earned AS expected,
               credited_base AS found
          FROM referral_recomputed
         WHERE ABS(credited_base) > ABS(earned) + %(tolerance)s
            OR SIGN(credited_base) * SIGN(earned) < 0
        """,
        tolerance=SQL(TOLERANCE),
    )


def _above_rate(books):
    return SQL(
        """
        SELECT 'account.move' AS res_model,
               line.group_id AS res_id,
               line.participant_id,
               CONCAT_WS(', ', line.move_name, line.name) AS text,
               line.credited_base * COALESCE(best_rate, 0) / 100 AS expected,
               line.credited_amount AS found
          FROM referral_recomputed line
         WHERE ABS(line.credited_amount)
               > ABS(line.credited_base) * COALESCE(best_rate, 0) / 100 + %(tolerance)s
            OR SIGN(line.credited_amount) * SIGN(line.credited_base) < 0
        """,
        tolerance=SQL(TOLERANCE),
    )


def _refunded(books):
    return SQL(
        """
        SELECT 'account.move' AS res_model,
               group_id AS res_id,
               MAX(participant_id) AS participant_id,
               MAX(move_name) AS text,
               0 AS expected,
               SUM(credited_amount) AS found
          FROM referral_recomputed
         WHERE refunded
         GROUP BY group_id
        HAVING ABS(SUM(credited_amount)) > %(tolerance)s
        """,
        tolerance=SQL(TOLERANCE),
    )


CHECKS = (
    Check(
        "credited_whole",
        _lt("Everything earned was credited"),
        _lt(
            "Recomputing the whole history finds nothing that accruals did not credit "
            "or reverse. What happened since the last accrual is left to the next one."
        ),
        _not_credited,
        {
            "base": _lt(
                "Base earned by the end of the last accrued month, and base credited"
            ),
            "amount": _lt("Compensation for that base, and compensation credited"),
        },
    ),
    Check(
        "credited_earned",
        _lt("Nothing was credited beyond what was earned"),
        _lt(
            "A line is credited at most what it has earned: its base, as far as it is "
            "both paid and rendered."
        ),
        _too_much,
    ),
    Check(
        "credited_rate",
        _lt("Nothing was credited above the terms' rate"),
        _lt(
            "A line is credited at most its base at the best rate of the terms that "
            "apply to it."
        ),
        _above_rate,
    ),
    Check(
        "refunded_zero",
        _lt("Fully refunded invoices net to zero"),
        _lt("What was credited for them was reversed, to the last kopeck."),
        _refunded,
    ),
)
