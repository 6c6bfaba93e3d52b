"""Clients: where their money is, and what the books do not say yet.

Money is conserved: what a client's invoices earned on is never more than the money
that came in for them. The other checks are notices: they break nothing, but somebody
should look, because the books leave open what was meant.
"""

from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from .check import Check

# no environment while a module loads: pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)


def _conserved(books):
    """Clients whose invoices earned on more than the money that they received.

    With tax, in the company's currency. Credit from another client's invoices counts
    as received as far as it is worth; a unit for each invoice may be lost in rounding.
    """
    return SQL(
        """
        WITH earned AS (
            SELECT line.group_id,
                   SUM(CASE WHEN terms.base <> 'untaxed' OR item.price_subtotal = 0
                            THEN line.earned
                            ELSE line.earned * item.price_total / item.price_subtotal
                       END) AS amount,
                   MAX(line.participant_id) AS participant_id
              FROM referral_recomputed line
              LEFT JOIN account_move_line item ON item.id = line.line_key
              LEFT JOIN referral_program_terms terms ON terms.id = line.terms_id
             WHERE NOT line.is_further
             GROUP BY line.group_id
        ),
        received AS (
            SELECT root.group_id,
                   -- an advance was received where it was invoiced; what a voucher
                   -- paid, where it is used, because anybody may have bought it
                   (COALESCE(money.amount, 0) - COALESCE(money.invoiced, 0)
                    + COALESCE(credit.amount, 0))
                       / NULLIF(COALESCE(root.per_unit, root.invoice_currency_rate), 0)
                       AS amount
              FROM referral_root root
              LEFT JOIN referral_money money ON money.group_id = root.group_id
              LEFT JOIN (
                    SELECT credit.group_id, SUM(credit.amount * credit.worth) AS amount
                      FROM referral_credit credit
                      LEFT JOIN account_move own ON own.id = credit.group_id
                      LEFT JOIN account_move other ON other.id = credit.from_id
                     WHERE other.commercial_partner_id
                           IS DISTINCT FROM own.commercial_partner_id
                     GROUP BY credit.group_id
                   ) credit ON credit.group_id = root.group_id
        )
        SELECT 'res.partner' AS res_model,
               grp.client_id AS res_id,
               MAX(earned.participant_id) AS participant_id,
               ROUND(COALESCE(SUM(received.amount), 0), 6) AS expected,
               ROUND(SUM(earned.amount), 6) AS found
          FROM referral_group grp
          JOIN received ON received.group_id = grp.group_id
          LEFT JOIN earned ON earned.group_id = grp.group_id
         GROUP BY grp.client_id
        HAVING SUM(earned.amount) > COALESCE(SUM(received.amount), 0)
                                    + %(unit)s::numeric * COUNT(*)
        """,
        unit=books.rounding,
    )


def _sent_back(books):
    """Money that went back to clients whose invoices earned, without a credit note."""
    return SQL(
        """
        SELECT 'account.move' AS res_model,
               move.id AS res_id,
               MAX(client.participant_id) AS participant_id,
               move.name AS text,
               0::numeric AS expected,
               SUM(item.amount_residual) AS found
          FROM (%(clients)s) client
          JOIN res_partner contact ON contact.commercial_partner_id = client.id
          JOIN account_move_line item
            ON item.partner_id = contact.id
           AND item.parent_state = 'posted'
           AND item.company_id IN %(companies)s
           AND item.amount_residual > 0
          JOIN account_account account
            ON account.id = item.account_id
           AND account.account_type = 'asset_receivable'
          JOIN account_move move ON move.id = item.move_id AND move.move_type = 'entry'
          JOIN account_journal journal ON journal.id = move.journal_id
         WHERE move.origin_payment_id IS NOT NULL
            OR move.statement_line_id IS NOT NULL
            OR journal.type IN ('bank', 'cash', 'credit')
         GROUP BY move.id
        """,
        clients=_clients(books),
        companies=books.company_ids,
    )


def _clients(books):
    """The ``SELECT`` of the clients whose invoices earned, with their participant."""
    return SQL(
        """
        SELECT partner.commercial_partner_id AS id,
               MAX(line.participant_id) AS participant_id
          FROM referral_recomputed line
          JOIN referral_group grp ON grp.group_id = line.group_id
          JOIN res_partner partner ON partner.id = grp.client_id
         WHERE line.earned > 0
         GROUP BY partner.commercial_partner_id
        """
    )


def _negative_lines(books):
    """Negative lines of invoices that earn, whose product is not listed as a discount.

    They lower what earns; as a discount they would exclude the whole invoice.
    """
    return SQL(
        """
        SELECT 'account.move' AS res_model,
               line.group_id AS res_id,
               MAX(line.participant_id) AS participant_id,
               CONCAT_WS(', ', MAX(line.move_name), MAX(line.name)) AS text,
               SUM(-item.balance) AS found
          FROM referral_recomputed line
          JOIN account_move_line item ON item.id = line.line_key
          JOIN account_move move
            ON move.id = item.move_id AND move.move_type = 'out_invoice'
          JOIN referral_program_terms terms
            ON terms.id = line.terms_id AND terms.exclude_discounted
         WHERE item.balance > 0
           AND NOT line.is_further
           AND move.id = line.group_id
           -- an advance that is deducted lowers nothing; a known discount is meant
           AND COALESCE(line.reason, '') NOT IN ('advance', 'discounted')
           AND NOT %(bonus)s
           AND NOT EXISTS (SELECT FROM product_product_referral_program_rel discount
                            WHERE discount.referral_program_id = %(program)s
                              AND discount.product_product_id = item.product_id)
         GROUP BY line.group_id
        """,
        program=books.program_id,
        bonus=books.bonus,
    )


def _came_together(books):
    """Referrals in force at once whose contacts have become one client."""
    return SQL(
        """
        SELECT 'referral.referral' AS res_model,
               younger.id AS res_id,
               younger.participant_id,
               client.name AS text
          FROM referral_referral younger
          JOIN res_partner contact ON contact.id = younger.partner_id
          JOIN res_partner client ON client.id = contact.commercial_partner_id
         WHERE younger.program_id = %(program)s
           AND younger.state IN ('active', 'ended')
           AND younger.participant_id IN (%(participants)s)
           AND EXISTS (
                SELECT FROM referral_referral older
                  JOIN res_partner other ON other.id = older.partner_id
                 WHERE older.program_id = younger.program_id
                   AND older.state IN ('active', 'ended')
                   AND other.commercial_partner_id = client.id
                   AND (older.date_start, older.id) < (younger.date_start, younger.id)
                   AND (older.date_end IS NULL
                        OR older.date_end >= younger.date_start))
        """,
        program=books.program_id,
        participants=books.participants,
    )


CHECKS = (
    Check(
        "money_conserved",
        _lt("No client earns more than the money received"),
        _lt(
            "A client's invoices earn, with tax, on no more than the payments that "
            "they received: debts, bonuses and goodwill never become compensation."
        ),
        _conserved,
    ),
    Check(
        "money_sent_back",
        _lt("Money sent back to clients has a credit note"),
        _lt(
            "Money went back to a client whose invoices earned, and is matched with "
            "nothing: the books do not say yet what it was for. Create the credit note "
            "and reconcile it with this payment, or reconcile it with what the client "
            "paid too much."
        ),
        _sent_back,
        is_notice=True,
    ),
    Check(
        "negative_line",
        _lt("Negative lines are meant as they count"),
        _lt(
            "A negative line lowers what an invoice earns. If it is a discount, add "
            "its product to the program's discount products: then the invoice earns "
            "nothing, as the terms say."
        ),
        _negative_lines,
        is_notice=True,
    ),
    Check(
        "client_once",
        _lt("Each client has one referral at a time"),
        _lt(
            "Contacts of two referrals have become one client: the older referral "
            "holds for new invoices. End or cancel the other one."
        ),
        _came_together,
        is_notice=True,
    ),
)
