from odoo import api, models


class ReferralRedemption(models.Model):
    """What of an invoice is still to be paid, and what an amount pays of it."""

    _inherit = "referral.redemption"

    @api.model
    def _due(self, participant, invoice):
        """Return what is still to be paid, in the company's currency of today."""
        return invoice.currency_id._convert(
            self._open_amount(invoice),
            participant.currency_id,
            participant.company_id,
            participant.program_id._today(),
        )

    @api.model
    def _open_amount(self, invoice):
        """Return what nobody has paid yet of an invoice, in the invoice's currency.

        That is what is open, less payments on their way: a payment without an entry
        lowers what is open only when a bank statement has it. One of several invoices
        counts in full for each, because nobody knows yet which of them it pays.
        """
        payments = invoice.matched_payment_ids.filtered(
            lambda payment: not payment.move_id and payment.payment_type == "inbound"
        )
        waiting = self._paid_by(
            payments.filtered(lambda payment: payment.state == "in_process"), invoice
        )
        # Odoo says so as soon as a bank statement has it, an accountant before that
        said = self._paid_by(
            payments.filtered(lambda payment: payment.state == "paid"), invoice
        )
        if said:
            partials = invoice._get_all_reconciled_invoice_partials()
            said -= sum(
                partial["amount"]
                for partial in partials
                if partial["aml"].move_id.statement_line_id
            )
        left = invoice.amount_residual - waiting - max(said, 0.0)
        return max(invoice.currency_id.round(left), 0.0)

    @api.model
    def _paid_by(self, payments, invoice):
        """Return the sum of some payments, in an invoice's currency."""
        return sum(
            payment.currency_id._convert(
                payment.amount, invoice.currency_id, payment.company_id, payment.date
            )
            for payment in payments
        )

    @api.model
    def _amount_on_invoice(self, participant, invoice, amount, due):
        """Return what an amount pays of an invoice, in the invoice's currency."""
        if not participant.currency_id.compare_amounts(amount, due):
            return self._open_amount(invoice)
        converted = participant.currency_id._convert(
            amount,
            invoice.currency_id,
            participant.company_id,
            participant.program_id._today(),
        )
        return min(converted, self._open_amount(invoice))
