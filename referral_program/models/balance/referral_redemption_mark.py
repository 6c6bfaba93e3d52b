from functools import partial

from odoo import fields, models
from odoo.exceptions import UserError

from ...tools.actions import run_soon
from ...tools.failures import BUSY
from ..participant.referral_representative import MONEY_ROLES

REDEEM = "ir_cron_redeem"


class ReferralRedemptionMark(models.Model):
    """An own invoice that was posted, to be paid from the balance by itself.

    Whoever posts leaves only this mark, for participants who asked for it; a scheduled
    step pays afterwards, once, and takes the mark.
    """

    _name = "referral.redemption.mark"
    _description = "Invoice to Pay from the Referral Balance"
    _log_access = False
    _rec_name = "invoice_id"

    participant_id = fields.Many2one(
        "referral.participant", required=True, index=True, ondelete="cascade"
    )
    invoice_id = fields.Many2one("account.move", required=True, ondelete="cascade")

    _invoice_unique = models.UniqueIndex("(invoice_id)")

    def _mark(self, moves):
        """Note which of the invoices that were posted the balance is to pay.

        :param moves: the ``account.move`` that were posted
        """
        # sudo: whoever posts reads neither participants nor marks
        marks = self.sudo()
        invoices = moves.sudo().filtered(lambda move: move.move_type == "out_invoice")
        participants = invoices and marks.env["referral.participant"].search(
            [
                ("auto_redeem", "=", True),
                ("partner_id", "in", invoices.commercial_partner_id.ids),
                ("program_id.active", "=", True),
            ]
        )
        if not participants:
            return
        invoices -= marks.search([("invoice_id", "in", invoices.ids)]).invoice_id
        wanted = [
            {"participant_id": participant.id, "invoice_id": invoice.id}
            for invoice in invoices
            for participant in participants.filtered(
                lambda payer, invoice=invoice: (
                    payer.partner_id == invoice.commercial_partner_id
                    and invoice.company_id in payer.program_id._companies()
                )
            )[:1]
        ]
        if wanted:
            marks.create(wanted)
            run_soon(self.env, REDEEM)

    def _cron_redeem(self):
        """Pay the invoices that are marked, each for itself."""
        programs = self.env["referral.program"]
        # sudo: marks are nobody's
        marks = self.sudo().search([], order="id")  # pylint: disable=no-search-all
        programs._checkpoint(remaining=len(marks))
        for mark in marks:
            program = mark.participant_id.program_id
            program._isolated(
                mark._redeem, partial(program._report_failure, "redeem"), REDEEM
            )
            if not programs._checkpoint(1):
                break

    def _redeem(self):
        """Pay the invoice with what is available, or tell why not; once."""
        self.ensure_one()
        participant, invoice = self.participant_id, self.invoice_id
        participant._lock_money()
        self.unlink()
        amount = self._amount(participant, invoice)
        if not amount:
            return
        user = participant.auto_redeem_user_id
        if not participant._acts(user, *MONEY_ROLES):
            participant._stop_auto_redeem()
            return
        own = participant.with_user(user).with_context(lang=participant._mail_lang())
        try:
            with self.env.cr.savepoint():
                own.env["referral.redemption"]._redeem(own, invoice, amount)
        except BUSY:
            raise
        except UserError as error:
            participant.with_context(
                referral_reason=str(error.args[0]), referral_invoice=invoice.name
            )._send("referral_program.mail_template_redemption_refused")

    def _amount(self, participant, invoice):
        """Return what to take; nothing where nobody would expect a payment.

        :return float: in the company's currency; zero also below the minimum payment
        """
        currency, program = participant.currency_id, participant.program_id
        if (
            not participant.auto_redeem
            or participant.state != "active"
            or not program.redemption_allowed
            or invoice.state != "posted"
        ):
            return 0.0
        due = self.env["referral.redemption"]._due(participant, invoice)
        amount = min(due, participant._availables()[participant])
        least = min(program.min_redemption, due)
        if currency.compare_amounts(amount, max(least, currency.rounding)) < 0:
            return 0.0
        return amount
