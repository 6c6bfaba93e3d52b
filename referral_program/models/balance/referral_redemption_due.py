from odoo import fields, models

from ...tools.amounts import settled_by, taken_for
from ...tools.refusals import refusal

#: Invoices that one participant may pay a day, whatever became of the payments.
MAX_A_DAY = 10


class ReferralRedemption(models.Model):
    """What of an invoice is still to be paid, and what an amount pays of it."""

    _inherit = "referral.redemption"

    paid_on = fields.Datetime(readonly=True, default=fields.Datetime.now, copy=False)
    by_staff = fields.Boolean(readonly=True, copy=False)

    def _due(self, participant, invoice):
        """Return what is still to be paid, in the company's currency of today.

        Rounded up, as all of it is taken for what is worth no more than that.
        """
        return taken_for(
            self._open_amount(invoice),
            self._rate(participant, invoice),
            participant.currency_id.rounding,
        )

    def _rate(self, participant, invoice):
        """Return today's units of the invoice's currency for one of the company's."""
        return self.env["res.currency"]._get_conversion_rate(
            participant.currency_id,
            invoice.currency_id,
            participant.company_id,
            participant.program_id._today(),
        )

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

    def _paid_by(self, payments, invoice):
        """Return the sum of some payments, in an invoice's currency."""
        return sum(
            payment.currency_id._convert(
                payment.amount, invoice.currency_id, payment.company_id, payment.date
            )
            for payment in payments
        )

    def _settlement(self, participant, invoice, amount):
        """Return what the balance loses, and what that pays of an invoice.

        What it pays is worth no more than what the balance loses, however the two
        currencies are rounded.

        :param float amount: the most to take, in the company's currency
        :return: a pair of an amount in the company's currency, no more than ``amount``,
            and one in the invoice's; both zero if it pays nothing
        """
        rate = self._rate(participant, invoice)
        on_invoice = min(
            settled_by(amount, rate, invoice.currency_id.rounding),
            self._open_amount(invoice),
        )
        taken = taken_for(on_invoice, rate, participant.currency_id.rounding)
        return min(amount, taken), on_invoice

    def _check_limits(self, participant, amount, due):
        """Refuse less than the program's minimum, and more payments than needed a day.

        All that is still to be paid may be less than the minimum.

        :param float due: what is still to be paid, in the company's currency
        :raise UserError: naming the limit
        """
        program, currency = participant.program_id, participant.currency_id
        minimum = min(program.min_redemption, due)
        if currency.compare_amounts(amount, minimum) < 0:
            raise refusal(
                "below_minimum",
                self.env._(
                    "The minimum payment from the balance is %(minimum)s. Enter at "
                    "least that amount.",
                    minimum=participant._money(minimum),
                ),
            )
        # sudo: participants read no redemptions; these are counted only
        today = self.sudo().search_count(
            [
                ("participant_id", "=", participant.id),
                ("by_staff", "=", False),
                ("paid_on", ">=", program._beginning_of(program._today())),
            ],
            limit=MAX_A_DAY,
        )
        if today >= MAX_A_DAY:
            raise refusal(
                "too_many_today",
                self.env._(
                    "At most %(count)s payments a day can be made from the balance. "
                    "Try again tomorrow.",
                    count=MAX_A_DAY,
                ),
            )
