"""What is in the generated month, as SQL: its lines, and what each has earned."""

from .seed import MONTH, MONTH_END

#: The lines of the month with those who brought their clients.
LINES = """
      FROM account_move move
      JOIN account_move_line line
        ON line.move_id = move.id AND line.display_type = 'product'
      JOIN referral_referral referral
        ON referral.partner_id = move.commercial_partner_id
     WHERE move.move_type IN ('out_invoice', 'out_refund')
       AND move.state = 'posted'
       AND move.invoice_date BETWEEN %(start)s AND %(end)s
"""
MONTH_DATES = {"start": MONTH, "end": MONTH_END}
#: The shares of a document that is paid, of a line that is rendered.
PAID = "(1 - move.amount_residual / move.amount_total)"
RENDERED = """
    CASE WHEN line.end_date > %(end)s
         THEN (%(end)s::date - line.start_date + 1)::numeric
              / (line.end_date - line.start_date + 1)
         ELSE 1 END
"""
#: What a line has earned on: none is both partly paid and partly rendered.
BASE = f"ROUND(-line.balance * {PAID} * {RENDERED}, 6)"
#: The same to OCA's commission, which waits for the whole payment and then pays for
#: what is yet to be rendered, too.
OCA_BASE = "CASE WHEN move.amount_residual = 0 THEN -line.balance ELSE 0 END"
