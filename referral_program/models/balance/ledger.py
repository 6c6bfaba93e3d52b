"""What moved the liability to the participants: what each posted item of it is.

The only definition of it: statements, the roll-forward, the movements in the portal
and the searches of journal items all use these expressions. Which items are of which
kind says ``referral.liability.movement._movement_kinds``, which other apps extend.

=============  ==========================================================
``accrual``    an accrual's item: what a month gave, less what it took back
``withdrawn``  a withdrawal's bill, or what was reversed of it
``used_for_invoices``  a redemption, or its reversal
``adjusted``   anything else: opening balances, corrections, entries by hand
=============  ==========================================================

An accrual's item is what was accrued less what was taken back. :func:`movements`
has a row for each of the two; their sum is the item, to the kopeck.
"""

from odoo.tools import SQL

#: What an item may be.
KINDS = ("accrual", "withdrawn", "used_for_invoices", "adjusted")
#: The same with an accrual's two parts.
MOVEMENTS = ("accrued", "reversed", "withdrawn", "used_for_invoices", "adjusted")

#: What the program's own kinds are computed from, to flush before they are read.
SOURCES = {
    "account.move": [
        "referral_accrual_id",
        "referral_redemption_id",
        "reversed_entry_id",
    ],
    "account.move.line": [
        "account_id",
        "balance",
        "company_id",
        "date",
        "name",
        "parent_state",
        "partner_id",
    ],
    "referral.accrual": ["program_id"],
    "referral.former.contact": ["participant_id", "partner_id", "program_id"],
    "referral.participant": ["partner_id", "program_id"],
    "referral.program": ["active", "company_id", "liability_account_id"],
    "referral.withdrawal": ["bill_id"],
    "res.company": ["parent_id"],
}

#: The program's own kinds, see ``referral.liability.movement._movement_kinds``.
OWN_KINDS = (
    ("accrual", SQL("accrual.id IS NOT NULL")),
    (
        "withdrawn",
        SQL(
            "EXISTS (SELECT FROM referral_withdrawal withdrawal"
            " WHERE withdrawal.bill_id IN (move.id, move.reversed_entry_id))"
        ),
    ),
    (
        "used_for_invoices",
        SQL(
            "(move.referral_redemption_id IS NOT NULL"
            " OR EXISTS (SELECT FROM account_move redeemed"
            " WHERE redeemed.id = move.reversed_entry_id"
            " AND redeemed.referral_redemption_id IS NOT NULL))"
        ),
    ),
)

#: The accounts of each program in its company and the branches; an account that an
#: archived program shares with the one after it is the latter's.
ACCOUNTS = SQL(
    """
    SELECT program.id AS program_id, program.liability_account_id AS account_id,
           company.id AS company_id
      FROM referral_program program
      JOIN res_company owner ON owner.id = program.company_id
      JOIN res_company company
        ON STARTS_WITH(company.parent_path, owner.parent_path)
     WHERE NOT EXISTS (
           SELECT FROM referral_program other
             JOIN res_company other_owner ON other_owner.id = other.company_id
            WHERE other.liability_account_id = program.liability_account_id
              AND STARTS_WITH(company.parent_path, other_owner.parent_path)
              AND (NOT other.active, other.id) < (NOT program.active, program.id))
    """
)

#: Whose balance a contact's items are in: each participant's own contact, and those
#: whose membership was moved away from. A contact is of one participant at most.
CONTACTS = SQL(
    """
    SELECT id AS participant_id, program_id, partner_id
      FROM referral_participant
     UNION ALL
    SELECT participant_id, program_id, partner_id
      FROM referral_former_contact
    """
)

#: The posted items of all programs.
ITEMS = SQL(
    """
    (%s) ledger
    JOIN account_move_line item
      ON item.account_id = ledger.account_id
     AND item.company_id = ledger.company_id
     AND item.parent_state = 'posted'
    JOIN account_move move ON move.id = item.move_id
    LEFT JOIN referral_accrual accrual
      ON accrual.id = move.referral_accrual_id
     AND accrual.program_id = ledger.program_id
    """,
    ACCOUNTS,
)


def kind_of(env):
    """Return what an item is, in SQL over ``item``, ``move`` and ``accrual``."""
    kinds = env["referral.liability.movement"]._movement_kinds()
    if unknown := {kind for kind, _condition in kinds} - set(KINDS):
        raise ValueError(f"no figure shows movements of the kinds {unknown}")
    return SQL(
        "CASE %s ELSE 'adjusted' END",
        SQL(" ").join(SQL("WHEN %s THEN %s", found, kind) for kind, found in kinds),
    )


def kinds(env):
    """Return the ``SELECT`` of all items with what they are: ``id``, ``kind``."""
    return SQL("SELECT item.id, %s AS kind FROM %s", kind_of(env), ITEMS)


def movements(env):
    """Return the ``SELECT`` of all movements, two for what an accrual takes back from.

    ``amount`` is in the company's currency, above zero if more is owed after it. The
    partner of an item need not take part.
    """
    return SQL(
        """
        SELECT item.id::bigint * 2 + part.number AS id,
               item.date, item.company_id, item.company_currency_id AS currency_id,
               item.partner_id, item.journal_id, item.move_id, item.name,
               item.id AS move_line_id, ledger.program_id,
               holder.participant_id, accrual.id AS accrual_id,
               part.kind, part.amount
          FROM %(items)s
          LEFT JOIN (%(contacts)s) holder
            ON holder.program_id = ledger.program_id
           AND holder.partner_id = item.partner_id
          LEFT JOIN referral_compensation compensation
            ON compensation.move_line_id = item.id
         CROSS JOIN LATERAL (SELECT %(kind)s AS kind OFFSET 0) what
         CROSS JOIN LATERAL (
               SELECT COALESCE(compensation.accrued, GREATEST(-item.balance, 0))
                      AS accrued) credited
         CROSS JOIN LATERAL (VALUES
               (0, CASE what.kind WHEN 'accrual' THEN 'accrued' ELSE what.kind END,
                   CASE what.kind WHEN 'accrual' THEN credited.accrued
                                  ELSE -item.balance END),
               (1, 'reversed',
                   CASE what.kind WHEN 'accrual' THEN -item.balance - credited.accrued
                                  ELSE 0 END)
               ) part(number, kind, amount)
         WHERE part.amount <> 0 OR part.number = 0 AND item.balance = 0
        """,
        items=ITEMS,
        contacts=CONTACTS,
        kind=kind_of(env),
    )
