"""The process that registers payments, one for each line that it reads."""

import json
import sys

from odoo import api

from .measure import measured
from .seed import MONTH_END


def serve(env):
    """Register the payment of one invoice for each line that comes in."""
    registry = env.registry
    user = env.ref("base.user_admin").id
    invoices = env["account.move"].search(
        [("payment_state", "=", "not_paid"), ("partner_id.name", "like", "Client %")],
        order="id",
    )
    journal_id = env["account.journal"].search([("type", "=", "bank")], limit=1).id
    waiting = iter(invoices.ids)
    print("ready", flush=True)
    for _line in sys.stdin:
        with registry.cursor() as cr, measured(cr) as result:
            _pay(api.Environment(cr, user, {}), next(waiting), journal_id)
            cr.commit()
        print(json.dumps(result), flush=True)


def _pay(env, invoice_id, journal_id):
    """Register a payment of an invoice, as the accountant's button does."""
    wizard = (
        env["account.payment.register"]
        .with_context(active_model="account.move", active_ids=[invoice_id])
        .create({"journal_id": journal_id, "payment_date": MONTH_END})
    )
    wizard.action_create_payments()
