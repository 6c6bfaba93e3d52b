"""How the invoices were paid: in time, in parts, by bonus, not at all, bounced."""

from dataclasses import dataclass
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import Command, models

from .part import Part
from .people import CLIENTS


@dataclass(frozen=True)
class Instalment:
    """A part of an invoice, and how it was paid.

    :ivar float share: of what the client owes
    :ivar int after: months later than usual
    :ivar str journal: ``bank`` or ``bonus``
    :ivar bool bounced: taken back by the bank: matched, then unmatched
    """

    share: float = 1.0
    after: int = 0
    journal: str = "bank"
    bounced: bool = False


#: (client, month): how that invoice was paid, if not at once and by bank
SPECIAL = {
    # by bonus, wholly or half
    ("smirnova", 2): (Instalment(journal="bonus"),),
    ("vishnya", 5): (Instalment(0.5, journal="bonus"), Instalment(0.5)),
    ("samara", 6): (Instalment(0.3, journal="bonus"), Instalment(0.7, after=1)),
    # in parts, months later
    ("kronos", 2): (Instalment(0.5), Instalment(0.5, after=1)),
    ("vector", 6): (
        Instalment(0.4),
        Instalment(0.35, after=1),
        Instalment(0.25, after=2),
    ),
    ("ladoga", 1): (Instalment(0.5), Instalment(0.5, after=3)),
    ("burlak", 5): (Instalment(0.6, after=1),),
    # late
    ("rodnik", 3): (Instalment(after=3),),
    ("ararat", 5): (Instalment(after=2),),
    ("vishnya", 7): (Instalment(after=1),),
    ("tengri", 3): (Instalment(after=2),),
    # not at all
    ("mayak", 6): (),
    ("kofe", 8): (),
    ("omsk", 7): (),
    ("kama", 5): (),
    # bounced, and paid again a month later; bounced for good
    ("altair", 7): (Instalment(bounced=True), Instalment(after=1)),
    ("library", 5): (Instalment(bounced=True),),
    # participants leave their latest invoice open
    ("baltic", 9): (),
    ("sokolov", 9): (),
}
#: Days from the invoice to its payment, by plan: the first and the last.
DAYS = {
    "prepaid": (0, 9),
    "dollars": (1, 12),
    "quarterly": (2, 14),
    "annual": (1, 12),
    "postpaid": (5, 24),
}


@dataclass(frozen=True)
class Payment:
    """What is to be registered.

    :ivar document: the invoice that is paid, or the credit note that is returned
    :ivar float amount: in the document's currency
    :ivar str journal: ``bank`` or ``bonus``
    :ivar bool bounced: taken back by the bank afterwards
    """

    document: models.Model
    amount: float
    day: date
    journal: str = "bank"
    bounced: bool = False


class Payments(Part):
    """Payments, by bank and by bonus."""

    def pay(self, invoices, generator):
        """Pay the invoices, as far as they were paid up to today.

        :param dict invoices: (client, month) → ``account.move``
        :param random.Random generator: of the days
        """
        payments = []
        for (name, month), invoice in invoices.items():
            delay = generator.randint(*DAYS[CLIENTS[name].plan])
            payments += self._prepare_payments(
                invoice, SPECIAL.get((name, month)), delay
            )
        self._settle(payments)

    def give_back(self, credit_notes):
        """Return the money of credit notes by bank, some days later."""
        self._settle(
            [
                Payment(
                    note,
                    note.amount_residual,
                    note.invoice_date + relativedelta(days=4),
                )
                for note in credit_notes
            ]
        )

    def _prepare_payments(self, invoice, instalments, delay):
        """Return the payments of one invoice, which sum up to the kopeck.

        :param instalments: how it was paid; None: at once and by bank
        :param int delay: days after the invoice
        """
        owed, share, paid = invoice.amount_residual, 0.0, 0.0
        payments = []
        for part in (Instalment(),) if instalments is None else instalments:
            day = invoice.invoice_date + relativedelta(months=part.after, days=delay)
            amount = invoice.currency_id.round(owed * (share + part.share) - paid)
            payments.append(Payment(invoice, amount, day, part.journal, part.bounced))
            if not part.bounced:
                share += part.share
                paid += amount
        return payments

    def _settle(self, payments):
        """Register those payments that are not in the future, and match them."""
        today = self.today()
        payments = sorted(
            (payment for payment in payments if payment.day <= today),
            key=lambda payment: (payment.day, payment.document.id),
        )
        records = self.env["account.payment"].create(
            [self._prepare_payment_vals(payment) for payment in payments]
        )
        records.action_post()
        moves = {}
        bounced = self.env["account.payment"]
        for payment, record in zip(payments, records, strict=True):
            if payment.bounced:
                self._match([payment.document | record.move_id])
                bounced |= record
            else:
                moves.setdefault(payment.document, payment.document)
                moves[payment.document] |= record.move_id
        for record in bounced:
            record.move_id.line_ids.remove_move_reconcile()
        self._match(moves.values())

    def _prepare_payment_vals(self, payment):
        document = payment.document
        return {
            "payment_type": "inbound" if document.is_inbound() else "outbound",
            "partner_type": "customer",
            "partner_id": document.partner_id.id,
            "amount": payment.amount,
            "currency_id": document.currency_id.id,
            "date": payment.day,
            "journal_id": self.record(f"journal_{payment.journal}").id,
            "memo": document.name,
            "invoice_ids": [Command.set(document.ids)],
        }

    def _match(self, groups):
        """Reconcile the receivable items of each group of entries."""
        self.env["account.move.line"]._reconcile_plan(
            [
                moves.line_ids.filtered(
                    lambda line: line.account_type == "asset_receivable"
                    and not line.reconciled
                )
                for moves in groups
            ]
        )
