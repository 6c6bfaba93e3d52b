from odoo import models

#: Odoo's scheduled action that makes and sends documents.
SENDING = "account.ir_cron_account_move_send"


class AccountMove(models.Model):
    """Bills of withdrawals in journals of self-billing are sent to the participant."""

    _inherit = "account.move"

    def _pays_withdrawals(self):
        """Return the bills that pay withdrawals, and the credit notes of these."""
        # sudo: whoever sends documents need not see withdrawals
        return self.filtered(
            lambda move: (move | move.reversed_entry_id).sudo().referral_withdrawal_ids
        )

    def _self_billed(self):
        """Return those that are Odoo's self-billing documents."""
        return self.filtered("journal_id.is_self_billing")._pays_withdrawals()

    def _compute_display_send_button(self):
        result = super()._compute_display_send_button()
        posted = self.filtered(lambda move: move.state == "posted")
        posted._self_billed().display_send_button = True
        return result

    def _send_self_billed(self):
        """Have Odoo's scheduled action make and send the self-billing documents."""
        if billed := self._self_billed():
            billed.sending_data = {
                "author_user_id": self.env.user.id,
                "author_partner_id": self.env.user.partner_id.id,
            }
            # sudo: who posts bills need not be allowed to start scheduled actions
            self.env.ref(SENDING).sudo()._trigger()


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    def _get_move_constraints(self, move):
        """Let Odoo send the bills of withdrawals, although it sells nothing by them.

        Whatever their journal says meanwhile: one that Odoo's scheduled action refused
        would keep back all others.
        """
        constraints = super()._get_move_constraints(move)
        if move._pays_withdrawals():
            constraints.pop("not_sale_document", None)
        return constraints
