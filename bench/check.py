"""Whether the generated books are such as Odoo itself would have made."""

#: What must find nothing, and what it would mean.
FAULTS = {
    "entries that do not balance": """
        SELECT move_id FROM account_move_line GROUP BY move_id HAVING SUM(balance) <> 0
    """,
    "documents whose payment state is not that of their residual": """
        SELECT id FROM account_move
         WHERE move_type IN ('out_invoice', 'out_refund')
           AND (state <> 'posted' OR amount_residual = amount_total
                OR (payment_state = 'paid') <> (amount_residual = 0)
                OR (payment_state = 'partial') <> (amount_residual <> 0))
    """,
    "receivable items that are open, or not reconciled as they say": """
        SELECT item.id
          FROM account_move_line item JOIN account_move move ON move.id = item.move_id
         WHERE item.display_type = 'payment_term'
           AND move.move_type IN ('out_invoice', 'out_refund')
           AND (ABS(item.amount_residual) <> move.amount_residual
                OR item.reconciled <> (item.amount_residual = 0)
                OR item.reconciled <> (item.full_reconcile_id IS NOT NULL)
                OR item.matching_number <> CASE WHEN item.reconciled
                    THEN item.full_reconcile_id::text
                    ELSE (SELECT 'P' || MIN(id) FROM account_partial_reconcile
                           WHERE debit_move_id = item.id) END)
    """,
    "reconciliations of another amount than the item's": """
        SELECT item.id
          FROM account_move_line item
          JOIN account_partial_reconcile part
            ON item.id IN (part.debit_move_id, part.credit_move_id)
         WHERE item.display_type = 'payment_term'
         GROUP BY item.id
        HAVING SUM(part.amount) <> MAX(ABS(item.balance - item.amount_residual))
    """,
    "items whose names or clients are not their entry's": """
        SELECT item.id
          FROM account_move_line item JOIN account_move move ON move.id = item.move_id
         WHERE item.move_name <> move.name OR item.date <> move.date
            OR item.partner_id <> move.commercial_partner_id
    """,
    "credit notes that do not belong to their invoice": """
        SELECT credit.id
          FROM account_move credit
          LEFT JOIN account_move invoice ON invoice.id = credit.reversed_entry_id
         WHERE credit.move_type = 'out_refund'
           AND (invoice.id IS NULL OR credit.referral_root_id <> invoice.id
                OR credit.partner_id <> invoice.partner_id
                OR credit.invoice_date <> invoice.invoice_date)
    """,
    "payments that do not belong to their entry": """
        SELECT payment.id
          FROM account_payment payment
          JOIN account_move move ON move.id = payment.move_id
         WHERE move.origin_payment_id <> payment.id OR move.name <> payment.name
            OR move.partner_id <> payment.partner_id
    """,
}
#: Invoices that Odoo reads: the seed's first, and the last ones, of each kind.
LAST = 20
#: Stored fields that Odoo is asked to compute anew on them.
COMPUTED = ("payment_state", "amount_total", "amount_residual", "amount_tax")


def check(env):
    """Raise an error if something is wrong."""
    for fault, query in FAULTS.items():
        env.cr.execute(query)
        if env.cr.rowcount:
            raise AssertionError(f"{env.cr.rowcount} {fault}: {env.cr.fetchmany(5)}")
    invoices = env["account.move"].search(
        [("move_type", "=", "out_invoice")], order="id"
    )
    for invoice in invoices[:1] + invoices[-LAST:]:
        _check_invoice(invoice)
    return len(invoices)


def _check_invoice(invoice):
    """Read an invoice as Odoo does, and compute its stored fields anew."""
    stored = {name: invoice[name] for name in COMPUTED}
    for name in COMPUTED:
        invoice.env.add_to_compute(invoice._fields[name], invoice)
    invoice.env.flush_all()
    invoice.invalidate_recordset()
    computed = {name: invoice[name] for name in COMPUTED}
    if stored != computed:
        raise AssertionError(f"{invoice.name}: {stored} is stored, {computed} is right")
    payment = invoice.matched_payment_ids
    credited = sum(invoice.reversal_move_ids.mapped("amount_total"))
    paid = invoice.amount_total - credited - invoice.amount_residual
    if len(payment) != 1 or invoice.currency_id.compare_amounts(payment.amount, paid):
        raise AssertionError(f"{invoice.name} is not paid by one payment of its amount")
    if payment.invoice_ids != invoice or payment.reconciled_invoice_ids != invoice:
        raise AssertionError(f"{payment.name} does not pay {invoice.name}")
    invoice.env.cr.rollback()
