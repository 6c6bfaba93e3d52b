"""Ten months of invoices: what is sold when, discounts, credit notes."""

from dataclasses import dataclass

from dateutil.relativedelta import relativedelta

from odoo import Command

from .books import DOLLAR_RATES
from .catalogue import PRODUCTS
from .part import MONTHS, Part
from .people import CLIENTS

#: How many months an invoice of each plan is for.
PERIODS = {"prepaid": 1, "postpaid": 1, "dollars": 1, "quarterly": 3, "annual": 12}
#: Bought once and for all, at the first invoice: no service period.
ONCE = {"domain"}
#: (client, month): percent off the invoice's first line
DISCOUNTS = {
    ("altair", 6): 10,
    ("samara", 4): 15,
    ("kofe", 5): 20,
    ("library", 7): 5,
    ("tengri", 4): 10,
}
#: (client, month) whose invoices carry a discount as a product
LOYALTY = {("kronos", 6), ("vishnya", 3), ("mayak", 8)}


@dataclass(frozen=True)
class Credit:
    """A credit note.

    :ivar int after: months from the invoice
    :ivar tuple products: those that it takes back; all, if left out
    :ivar bool rest: only the part of the period that is not over
    :ivar bool returned: the money was returned; otherwise it is set off against
        what the client still owes of the invoice
    """

    after: int
    products: tuple = ()
    rest: bool = False
    returned: bool = True


#: (client, month of the invoice): its credit note
CREDITS = {
    ("zarya", 3): Credit(1),
    ("altair", 4): Credit(1, ("backup",)),
    ("kama", 5): Credit(0, returned=False),
    ("museum", 3): Credit(1, ("object",), returned=False),
    ("parus", 1): Credit(4, rest=True),
    ("tengri", 6): Credit(2, ("k8s",)),
    ("smirnova", 5): Credit(3),
    ("vishnya", 6): Credit(1),
    ("samovar", 4): Credit(1),
}


class Invoices(Part):
    """Invoices and credit notes."""

    def make_invoices(self, generator):
        """Create and post the invoices, month by month.

        :param random.Random generator: of days and amounts of use
        :return dict: (client, month) → ``account.move``
        """
        invoices = {}
        for month in range(MONTHS):
            values = {
                (name, month): self._prepare_invoice_vals(name, month, generator)
                for name, client in CLIENTS.items()
                if self._is_invoiced(client, month)
            }
            moves = self.env["account.move"].create(list(values.values()))
            moves._post(soft=False)
            invoices.update(zip(values, moves, strict=True))
        return invoices

    def _is_invoiced(self, client, month):
        age = month - client.since
        return client.products and age >= 0 and age % PERIODS[client.plan] == 0

    def _prepare_invoice_vals(self, name, month, generator):
        client = CLIENTS[name]
        first = self.month(month)
        last = first + relativedelta(months=PERIODS[client.plan], days=-1)
        if client.plan == "postpaid":
            day = last
        elif client.plan == "annual":
            # begins on the day of the order
            day = first = first.replace(day=generator.randint(5, 20))
            last = first + relativedelta(years=1, days=-1)
        else:
            day = first + relativedelta(days=generator.randint(0, 2))
        lines = [
            self._prepare_line_vals(name, month, product, first, last, generator)
            for product in client.products.split()
            if product not in ONCE or month == client.since
        ]
        if (name, month) in DISCOUNTS:
            lines[0]["discount"] = DISCOUNTS[name, month]
        if (name, month) in LOYALTY:
            lines.append({"product_id": self.record("product_loyalty").id})
        return {
            "move_type": "out_invoice",
            "partner_id": self.record(f"client_{name}").id,
            "invoice_date": day,
            "currency_id": self._currency(client).id,
            "invoice_payment_term_id": False,
            "invoice_line_ids": [Command.create(line) for line in lines],
        }

    def _prepare_line_vals(self, name, month, product, first, last, generator):
        client = CLIENTS[name]
        price = PRODUCTS[product][2]
        values = {
            "product_id": self.record(f"product_{product}").id,
            "quantity": 1.0 if product in ONCE else PERIODS[client.plan],
            "price_unit": price,
        }
        if product not in ONCE:
            values.update(start_date=first, end_date=last)
        if client.plan == "postpaid":
            values["quantity"] = round(generator.uniform(0.6, 1.6), 2)
        if client.plan == "dollars":
            values["price_unit"] = round(price / DOLLAR_RATES[0])
        if client.country != "ru":
            values["tax_ids"] = [Command.clear()]
        return values

    def _currency(self, client):
        code = "USD" if client.plan == "dollars" else "RUB"
        return self.env.ref(f"base.{code}")

    # === CREDIT NOTES === #

    def make_credit_notes(self, invoices, returned):
        """Create and post credit notes.

        :param dict invoices: what :meth:`make_invoices` returned
        :param bool returned: those whose money was returned, or the other ones
        :return: the ``account.move`` records
        """
        moves = self.env["account.move"].create(
            [
                self._prepare_credit_note_vals(invoices[key], credit)
                for key, credit in CREDITS.items()
                if credit.returned == returned
            ]
        )
        moves._post(soft=False)
        return moves

    def _prepare_credit_note_vals(self, invoice, credit):
        day = invoice.invoice_date + relativedelta(months=credit.after)
        products = self._credited_products(credit)
        return {
            "move_type": "out_refund",
            "reversed_entry_id": invoice.id,
            "ref": f"Reversal of {invoice.name}",
            "partner_id": invoice.partner_id.id,
            "invoice_date": day,
            "currency_id": invoice.currency_id.id,
            "invoice_payment_term_id": False,
            "invoice_line_ids": [
                Command.create(self._prepare_credited_line_vals(line, day, credit))
                for line in invoice.invoice_line_ids
                if not products or line.product_id in products
            ],
        }

    def _credited_products(self, credit):
        products = self.env["product.product"]
        for name in credit.products:
            products |= self.record(f"product_{name}")
        return products

    def _prepare_credited_line_vals(self, line, day, credit):
        quantity, start = line.quantity, line.start_date
        if credit.rest:
            # what is left of the period, by whole months
            start = day
            months = relativedelta(line.end_date + relativedelta(days=1), day)
            quantity = float(months.months)
        return {
            "product_id": line.product_id.id,
            "name": line.name,
            "quantity": quantity,
            "price_unit": line.price_unit,
            "discount": line.discount,
            "start_date": start,
            "end_date": line.end_date,
            "tax_ids": [Command.set(line.tax_ids.ids)],
        }
