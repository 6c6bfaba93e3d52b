"""One accrual for each month, none left out."""

from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from .check import Check

# no environment while a module loads: pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)


def _months(books):
    """Each accrual of the program beside the one before it."""
    return SQL(
        """
        SELECT id,
               state,
               period_start,
               TO_CHAR(period_start, 'YYYY-MM') AS month,
               LAG(period_start) OVER in_order AS before,
               LAG(state) OVER in_order AS state_before
          FROM referral_accrual
         WHERE program_id = %s
        WINDOW in_order AS (ORDER BY period_start, id)
        """,
        books.program_id,
    )


def _repeated(books):
    return SQL(
        """
        SELECT 'referral.accrual' AS res_model,
               id AS res_id,
               CASE WHEN before = period_start THEN 'again' ELSE 'day' END AS reason,
               month AS text
          FROM (%s) accrual
         WHERE id IN (%s)
           AND (before = period_start OR EXTRACT(day FROM period_start) <> 1)
        """,
        _months(books),
        books.accruals,
    )


def _missing(books):
    return SQL(
        """
        SELECT 'referral.accrual' AS res_model,
               id AS res_id,
               CASE WHEN state = 'posted' AND state_before <> 'posted'
                    THEN 'not_posted' ELSE 'gap' END AS reason,
               month AS text
          FROM (%s) accrual
         WHERE id IN (%s)
           AND (state = 'posted' AND state_before <> 'posted'
                OR before + INTERVAL '1 month' < period_start)
        """,
        _months(books),
        books.accruals,
    )


CHECKS = (
    Check(
        "month_once",
        _lt("Each month is accrued once"),
        _lt("A second accrual for a month would credit everything twice."),
        _repeated,
        {
            "again": _lt("The month has another accrual"),
            "day": _lt("The accrual does not begin with a month"),
        },
    ),
    Check(
        "month_order",
        _lt("Months are accrued in order, none left out"),
        _lt(
            "Each accrual builds on the month before. A missing one was deleted in "
            "the database."
        ),
        _missing,
        {
            "gap": _lt("The month before is missing"),
            "not_posted": _lt("The month before is not posted"),
        },
    ),
)
