"""What people were told: statements, and the texts that they accepted."""

from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from .chain import statements_seal_query
from .check import Check

# no environment while a module loads: pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)


def _statements(books):
    return SQL(
        """
        SELECT statement.*,
               TO_CHAR(statement.period_start, 'YYYY-MM') AS month,
               LAG(closing) OVER (PARTITION BY participant_id ORDER BY period_start)
                   AS before
          FROM referral_statement statement
         WHERE program_id = %s AND participant_id IN (%s)
        """,
        books.program_id,
        books.participants,
    )


def _sums(books):
    return SQL(
        """
        SELECT 'referral.statement' AS res_model,
               id AS res_id,
               participant_id,
               name AS text,
               opening + accrued + reversed + withdrawn + used_for_invoices + adjusted
                   AS expected,
               closing AS found
          FROM (%s) statement
         WHERE opening + accrued + reversed + withdrawn + used_for_invoices + adjusted
               IS DISTINCT FROM closing
        """,
        _statements(books),
    )


def _openings(books):
    """Statements that do not begin where the one before ended.

    Only the program's first statements begin with a balance from before it.
    """
    return SQL(
        """
        SELECT 'referral.statement' AS res_model,
               id AS res_id,
               participant_id,
               name AS text,
               COALESCE(before, 0) AS expected,
               opening AS found
          FROM (%s) statement
         WHERE opening <> COALESCE(before, 0)
           AND (before IS NOT NULL
                OR EXISTS (SELECT FROM referral_statement first
                            WHERE first.program_id = statement.program_id
                              AND first.period_start < statement.period_start))
        """,
        _statements(books),
    )


def _compensations(books):
    """Months whose statements tell something else than the compensations."""
    return SQL(
        """
        SELECT CASE WHEN statement.id IS NULL THEN 'referral.compensation'
                    ELSE 'referral.statement' END AS res_model,
               COALESCE(statement.id, compensation.id) AS res_id,
               COALESCE(statement.participant_id, compensation.participant_id)
                   AS participant_id,
               CASE WHEN statement.id IS NULL THEN 'missing' ELSE 'amount' END
                   AS reason,
               statement.name AS text,
               COALESCE(compensation.amount, 0) AS expected,
               COALESCE(statement.accrued + statement.reversed, 0) AS found
          FROM (SELECT compensation.*
                  FROM referral_compensation compensation
                  JOIN referral_accrual accrual
                    ON accrual.id = compensation.accrual_id
                 WHERE accrual.id IN (%(accruals)s)
                   AND accrual.statements_on IS NOT NULL) compensation
          FULL JOIN (SELECT * FROM referral_statement
                      WHERE accrual_id IN (%(accruals)s)) statement
            ON statement.accrual_id = compensation.accrual_id
           AND statement.participant_id = compensation.participant_id
         WHERE statement.id IS NULL
            OR statement.accrued + statement.reversed
               IS DISTINCT FROM COALESCE(compensation.amount, 0)
        """,
        accruals=books.accruals,
    )


def _documents(books):
    """Documents that somebody was given and that are gone."""
    return SQL(
        """
        SELECT 'referral.statement' AS res_model,
               statement.id AS res_id,
               statement.participant_id,
               document.kind AS reason,
               statement.name AS text
          FROM (%s) statement
          CROSS JOIN LATERAL (
                VALUES ('pdf', pdf_sha256), ('xlsx', xlsx_sha256)
               ) document(kind, hash)
         WHERE document.hash IS NOT NULL
           AND NOT EXISTS (SELECT FROM ir_attachment attachment
                            WHERE attachment.res_model = 'referral.statement'
                              AND attachment.res_field = document.kind
                              AND attachment.res_id = statement.id)
        """,
        _statements(books),
    )


def _seals(books):
    return SQL(
        """
        SELECT 'referral.accrual' AS res_model,
               accrual.id AS res_id,
               CASE WHEN accrual.statements_hash IS NULL THEN 'unsealed'
                    ELSE 'changed' END AS reason,
               TO_CHAR(accrual.period_start, 'YYYY-MM') AS text
          FROM referral_accrual accrual
          JOIN (%(seals)s) seal ON seal.accrual_id = accrual.id
         WHERE accrual.statements_on IS NOT NULL
           AND accrual.hash IS NOT NULL
           AND accrual.statements_hash IS DISTINCT FROM seal.hash
        """,
        seals=statements_seal_query(books.accruals),
    )


def _acceptances(books):
    """Acceptances of a text that is not the text of their agreement any more.

    Its hash is that of title and text in one of the languages. Only the program's own
    texts are read: another one's, broken, is not to fail this check.
    """
    return SQL(
        """
        SELECT 'referral.acceptance' AS res_model,
               acceptance.id AS res_id,
               acceptance.participant_id,
               COALESCE(acceptance.name->>acceptance.lang, acceptance.name->>'en_US')
                   AS text
          FROM (
            SELECT acceptance.id,
                   acceptance.participant_id,
                   acceptance.lang,
                   acceptance.text_hash,
                   agreement.name,
                   agreement.body
              FROM referral_acceptance acceptance
              JOIN referral_agreement agreement
                ON agreement.id = acceptance.agreement_id
             WHERE acceptance.participant_id IN (%s)
            OFFSET 0  -- a subquery by itself: it comes before what reads the texts
          ) acceptance
         WHERE NOT EXISTS (
                SELECT FROM (SELECT JSONB_OBJECT_KEYS(acceptance.name)
                              UNION
                             SELECT JSONB_OBJECT_KEYS(acceptance.body)) language(code)
                 WHERE acceptance.text_hash = ENCODE(SHA256(CONVERT_TO(CONCAT(
                           COALESCE(acceptance.name->>code, acceptance.name->>'en_US'),
                           E'\n',
                           COALESCE(acceptance.body->>code, acceptance.body->>'en_US')
                       ), 'UTF8')), 'hex'))
        """,
        books.participants,
    )


CHECKS = (
    Check(
        "statement_sum",
        _lt("The figures of statements add up"),
        _lt("The opening balance plus all movements equals the closing balance."),
        _sums,
    ),
    Check(
        "statement_opening",
        _lt("Each statement begins where the previous one ended"),
        _lt("The opening balance is the closing balance of the statement before."),
        _openings,
    ),
    Check(
        "statement_compensation",
        _lt("Statements report what was credited"),
        _lt(
            "Each compensation of a month with statements is in one of them, divided "
            "into accrued and reversed."
        ),
        _compensations,
        {
            "missing": _lt("There is no statement"),
            "amount": _lt("The statement has another amount"),
        },
    ),
    Check(
        "statement_document",
        _lt("Documents that were issued still exist"),
        _lt(
            "A statement's PDF and XLSX are created once and stored. They are "
            "compared with their hashes at each download."
        ),
        _documents,
        {"pdf": _lt("The PDF is missing"), "xlsx": _lt("The XLSX is missing")},
    ),
    Check(
        "statement_seal",
        _lt("Statements are unchanged"),
        _lt(
            "A month's statements are hashed when they are made: if one is changed, "
            "added or deleted later, the hash no longer matches."
        ),
        _seals,
        {
            "unsealed": _lt("The hash of the month's statements is missing"),
            "changed": _lt("The month's statements do not match their hash"),
        },
    ),
    Check(
        "acceptance_text",
        _lt("Accepted texts are unchanged"),
        _lt(
            "The hash kept with an acceptance is that of the agreement's title and "
            "text."
        ),
        _acceptances,
    ),
)
