"""Prepares a provider's database without the addon; runs inside Odoo's shell."""

from datetime import date, timedelta

#: Customers that the provider has: who will recommend it, and whom they brought.
RECOMMENDER, CLIENT = "Ada Cloud", "Brought Client"


def first_day():
    """Return the first day of the month before this one."""
    return (date.today().replace(day=1) - timedelta(days=1)).replace(day=1)


def mail(name):
    """Return a customer's address."""
    return f"{name.split()[0].lower()}@example.com"


def main(env):
    """Have customers there, and an invoice of the last month that was paid."""
    env["ir.module.module"].update_list()
    month = first_day()
    partners = env["res.partner"].create(
        [{"name": name, "email": mail(name)} for name in (RECOMMENDER, CLIENT)]
    )
    invoice = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": partners[1].id,
            "invoice_date": month.replace(day=5),
            "invoice_line_ids": [
                (0, 0, {"name": "Cloud server", "price_unit": 1000, "tax_ids": []})
            ],
        }
    )
    invoice.action_post()
    wizard = env["account.payment.register"].with_context(
        active_model="account.move", active_ids=invoice.ids
    )
    wizard.create({"payment_date": month.replace(day=10)})._create_payments()
    env.cr.commit()
