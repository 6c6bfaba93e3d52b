"""Whether the generated books are such as Odoo itself would have made."""

#: What must find nothing, and what it would mean.
FAULTS = {
    "entries that do not balance": """
        SELECT move_id FROM account_move_line GROUP BY move_id HAVING SUM(balance) <> 0
    """,
    "invoices that are not paid": """
        SELECT id FROM account_move
         WHERE move_type = 'out_invoice'
           AND (payment_state <> 'paid' OR amount_residual <> 0 OR state <> 'posted')
    """,
    "receivable items that are open": """
        SELECT id FROM account_move_line
         WHERE display_type = 'payment_term'
           AND (amount_residual <> 0 OR NOT reconciled OR full_reconcile_id IS NULL)
    """,
    "reconciliations of another amount than the item's": """
        SELECT item.id
          FROM account_move_line item
          JOIN account_partial_reconcile part ON part.debit_move_id = item.id
         WHERE item.display_type = 'payment_term'
         GROUP BY item.id HAVING SUM(part.amount) <> MAX(item.balance)
    """,
    "items whose names or clients are not their entry's": """
        SELECT item.id
          FROM account_move_line item JOIN account_move move ON move.id = item.move_id
         WHERE item.move_name <> move.name OR item.date <> move.date
            OR item.partner_id <> move.commercial_partner_id
    """,
    "payments that do not belong to their entry": """
        SELECT payment.id
          FROM account_payment payment
          JOIN account_move move ON move.id = payment.move_id
         WHERE move.origin_payment_id <> payment.id OR move.name <> payment.name
            OR move.partner_id <> payment.partner_id
    """,
}
#: Stored fields that Odoo is asked to compute anew on some clones.
COMPUTED = ("payment_state", "amount_total", "amount_residual", "amount_tax")


def check(env):
    """Raise an error if something is wrong."""
    for fault, query in FAULTS.items():
        env.cr.execute(query)
        if env.cr.rowcount:
            raise AssertionError(f"{env.cr.rowcount} {fault}: {env.cr.fetchmany(5)}")
    invoices = env["account.move"].search([("move_type", "=", "out_invoice")])
    for invoice in (invoices[0], invoices[len(invoices) // 2], invoices[-1]):
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
    if len(payment) != 1 or payment.amount != invoice.amount_total:
        raise AssertionError(f"{invoice.name} is not paid by one payment of its amount")
    if payment.invoice_ids != invoice or payment.reconciled_invoice_ids != invoice:
        raise AssertionError(f"{payment.name} does not pay {invoice.name}")
    invoice.env.cr.rollback()
