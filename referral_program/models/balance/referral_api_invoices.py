from functools import partial

from odoo import api, fields, models

from ...tools import inputs
from ...tools.amounts import exact
from ...tools.refusals import refusal


class ReferralApi(models.AbstractModel):
    """A participant's own invoices, paid from the balance."""

    _inherit = "referral.api"

    @api.model
    @api.readonly
    @inputs.page
    def invoices(self, partner_id, limit=100, offset=0):
        """Return a participant's own open invoices, those due first in front.

        :return: ``count`` and a page of ``invoices``: ``id``, ``number``, ``date``,
            ``due_on``, ``open`` in ``currency``, ``due`` in ``balance_currency``, and
            ``why_not`` (False if the balance can pay it)
        """
        participant = self._participant(partner_id)
        show = partial(self._invoice, participant)
        still_open = [*self._own_invoices(participant), ("amount_residual", "!=", 0)]
        order = "invoice_date_due, id"
        return self._page(
            "invoices", show, "account.move", still_open, limit, offset, order
        )

    @api.model
    @inputs.checked(
        key=inputs.key,
        partner_id=inputs.number,
        invoice_id=inputs.identifier,
        amount=inputs.amount,
        currency=inputs.text,
    )
    def pay_invoice(self, key, partner_id, invoice_id, amount, currency):
        """Pay a participant's own invoice with the balance, once for each key.

        :param str key: the caller's own
        :param int invoice_id: one of :meth:`invoices`
        :param str amount: what the balance may lose, such as ``"12500.50"``
        :param str currency: the balance's, such as ``RUB``
        :return: ``id``, ``number``, ``invoice_id``, ``amount`` that the balance lost in
            ``currency``, ``invoice_amount`` that it paid in ``invoice_currency``, and
            ``date`` of the entry
        """
        participant = self._participant(partner_id)
        self._check_currency(participant, currency)
        # sudo: the caller reads no invoices; the domain says whose they are
        moves = self.env["account.move"].sudo()
        invoice = moves.search(
            [*self._own_invoices(participant), ("id", "=", invoice_id)]
        )
        if not invoice:
            raise refusal(
                "unknown_invoice", self.env._("The participant has no such invoice.")
            )

        def step():
            redemption = self.env["referral.redemption"]._redeem(
                participant, invoice, float(amount)
            )
            return self._payment(redemption.sudo())

        asked = {
            "partner_id": partner_id,
            "invoice_id": invoice_id,
            "amount": self._plain(amount),
        }
        return self._once(participant, key, "pay_invoice", asked, step)

    def _own_invoices(self, participant):
        own = participant.partner_id.commercial_partner_id
        return [
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("commercial_partner_id", "=", own.id),
            ("company_id", "in", participant.program_id._companies().ids),
        ]

    def _invoice(self, participant, invoice):
        redemptions = self.env["referral.redemption"].sudo()
        currency, own = invoice.currency_id, participant.currency_id
        return {
            "id": invoice.id,
            "number": invoice.name,
            "date": fields.Date.to_string(invoice.invoice_date),
            "due_on": fields.Date.to_string(invoice.invoice_date_due) or False,
            **self._amounts(currency, open=redemptions._open_amount(invoice)),
            "due": exact(redemptions._due(participant, invoice), own.decimal_places),
            "balance_currency": own.name,
            "why_not": redemptions._why_not(participant, invoice) or False,
        }

    def _payment(self, redemption):
        currency = redemption.invoice_currency_id
        return {
            "id": redemption.id,
            "number": redemption.name,
            "invoice_id": redemption.invoice_id.id,
            **self._amounts(redemption.currency_id, amount=redemption.amount),
            "invoice_amount": exact(redemption.invoice_amount, currency.decimal_places),
            "invoice_currency": currency.name,
            "date": fields.Date.to_string(redemption.date),
        }
