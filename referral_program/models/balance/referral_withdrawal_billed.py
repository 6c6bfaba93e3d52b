from odoo import fields, models
from odoo.exceptions import UserError


class ReferralWithdrawal(models.Model):
    """What becomes of a withdrawal when its bill is posted, reset or deleted."""

    _inherit = "referral.withdrawal"

    def _on_bill_posted(self):
        """Take note of what the bills take, and settle the oldest compensations.

        :raise UserError: if a bill takes nothing from its participant's balance
        """
        for withdrawal in self:
            taken = withdrawal._taken_by_bill()
            if withdrawal.decision:
                raise UserError(
                    self.env._(
                        "%(withdrawal)s was refused or cancelled, so its bill cannot "
                        "be posted.",
                        withdrawal=withdrawal.name,
                    )
                )
            if withdrawal.currency_id.compare_amounts(taken, 0) <= 0:
                raise UserError(
                    self.env._(
                        "The bill of %(withdrawal)s takes nothing from the balance of "
                        "%(participant)s: keep a line with %(account)s and the same "
                        "vendor, or cancel the bill.",
                        withdrawal=withdrawal.name,
                        participant=withdrawal.participant_id.display_name,
                        account=withdrawal.program_id.liability_account_id.display_name,
                    )
                )
            withdrawal.write(
                {
                    "problem": False,
                    "billed_amount": taken,
                    "approved_on": withdrawal.approved_on or fields.Datetime.now(),
                }
            )
        self.activity_feedback(["referral_program.mail_activity_withdrawal"])
        self.participant_id._settle_ledger()

    def _warn_of_payment(self):
        """Tell the accountant that money has gone for a bill that is a draft again."""
        for withdrawal in self:
            text = self.env._(
                "The bill of %(withdrawal)s was paid and has been reset to draft. If "
                "it is cancelled, the amount returns to the balance although the "
                "money has been paid out: post the bill again and match the payment, "
                "or get the money back.",
                withdrawal=withdrawal.name,
            )
            withdrawal._ask_accountant(text)

    def _on_bill_deleted(self):
        """Give the amounts back whose bills are deleted."""
        self.write({"bill_id": False, "decision": "cancelled"})
