"""A few real invoices and payments, made by Odoo itself, to be cloned."""

import os
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import Command

#: The month that is measured; over, so that it can be accrued.
MONTH = date.fromisoformat(os.environ.get("BENCH_MONTH") or "2025-06-01")
MONTH_END = MONTH + relativedelta(months=1, days=-1)
#: How many invoices are made to be cloned.
COUNT = 60
#: Partner of the invoices to be cloned; nobody brought this one.
CLIENT = "Seed Client"
AGENT = "Seed Agent"
PERCENT = 9.0
SERVICES = ("Servers", "Cloud", "Storage", "Network")
#: What of twenty invoices is not plain, where the data is that of books: 15 % have a
#: credit note of their first line, 10 % a negative line, 20 % are half paid, and of
#: 10 % a line is a year, paid in advance.
CREDITED = (0, 1, 2)
LOWERED = (3, 4)
PARTLY_PAID = (5, 6, 7, 8)
PREPAID = (9, 10)
OF = 20


def seed(env, paid=True, books=False):
    """Make invoices of three lines, posted, and each paid by its own payment.

    :param bool paid: whether to register the payments
    :param bool books: whether some are credited, lowered, partly paid or prepaid
    """
    if "commission" in env:
        _make_agent(env)
    client = env["res.partner"].create({"name": CLIENT, "is_company": True})
    if "commission" in env:
        agent = env["res.partner"].search([("name", "=", AGENT)])
        client.commission_agent_ids = agent
    products = _make_products(env)
    invoices = env["account.move"].create(
        [
            _prepare_invoice_vals(
                client, products, number, number % OF if books else None
            )
            for number in range(COUNT)
        ]
    )
    invoices.action_post()
    journal = _bank_journal(env)
    for number, invoice in enumerate(invoices if paid else ()):
        if books and number % OF in CREDITED:
            _credit_first_line(invoice)
        _pay(invoice, journal, half=books and number % OF in PARTLY_PAID)
    return len(invoices)


def _make_agent(env):
    """Make an agent who gets what a participant gets: 9 % of what is paid."""
    commission = env["commission"].create(
        {"name": "Paid lines", "fix_qty": PERCENT, "invoice_state": "paid"}
    )
    env["res.partner"].create(
        {
            "name": AGENT,
            "agent": True,
            "commission_id": commission.id,
            "settlement": "monthly",
        }
    )


def _make_products(env):
    categories = env["product.category"].create([{"name": name} for name in SERVICES])
    return env["product.product"].create(
        [
            {"name": category.name, "type": "service", "categ_id": category.id}
            for category in categories
        ]
    )


def _prepare_invoice_vals(client, products, number, kind):
    """Return an invoice of this month; prices give whole cents at 9 %, halves too.

    :param int kind: its place of twenty in books, None if all are plain
    """
    year = {"start_date": MONTH, "end_date": MONTH + relativedelta(years=1, days=-1)}
    periods = (
        {"start_date": MONTH, "end_date": MONTH_END},
        {"start_date": MONTH.replace(day=5), "end_date": MONTH.replace(day=14)},
        {},
    )
    lines = [
        {
            "product_id": products[(number + position) % len(products)].id,
            "quantity": 1 + position,
            "price_unit": 100.0 + 20 * number + 50 * position,
            **period,
        }
        for position, period in enumerate(periods)
    ]
    if kind in PREPAID:
        lines[0].update(year, price_unit=365.0 * (1 + number))
    if kind in LOWERED:
        lines.append({"product_id": lines[0]["product_id"], "price_unit": -50.0})
    return {
        "move_type": "out_invoice",
        "partner_id": client.id,
        "invoice_date": MONTH.replace(day=1 + number % 20),
        "invoice_payment_term_id": False,
        "invoice_line_ids": [Command.create(line) for line in lines],
    }


def _credit_first_line(invoice):
    """Credit the invoice's first line, and reconcile the credit note with it."""
    credit = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
    credit.write(
        {
            "invoice_line_ids": [
                Command.unlink(line.id) for line in credit.invoice_line_ids[1:]
            ]
        }
    )
    credit.action_post()
    items = (invoice + credit).line_ids
    items.filtered(lambda item: item.display_type == "payment_term").reconcile()


def _bank_journal(env):
    """Return the bank journal, its payments booked on an outstanding account."""
    journal = env["account.journal"].search([("type", "=", "bank")], limit=1)
    outstanding = env["account.account"].create(
        {
            "name": "Outstanding Receipts",
            "code": "101999",
            "account_type": "asset_current",
            "reconcile": True,
        }
    )
    journal.inbound_payment_method_line_ids.payment_account_id = outstanding
    return journal


def _pay(invoice, journal, half=False):
    """Register a payment of the invoice, or of half of it, as an accountant does."""
    wizard = (
        invoice.env["account.payment.register"]
        .with_context(active_model="account.move", active_ids=invoice.ids)
        .create(
            {
                "payment_date": invoice.invoice_date.replace(
                    day=invoice.invoice_date.day + 8
                ),
                "journal_id": journal.id,
                **({"amount": invoice.amount_total / 2} if half else {}),
            }
        )
    )
    return wizard._create_payments()
