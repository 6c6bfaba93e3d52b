from odoo import models
from odoo.tools import SQL


class AccountMergeWizardLine(models.TransientModel):
    _inherit = "account.merge.wizard.line"

    def _compute_account_has_hashed_entries(self):
        """Keep the accounts that hashes of posted accruals name, as Odoo's own do.

        The liability account is in these hashes by its role and may become another.
        """
        result = super()._compute_account_has_hashed_entries()
        accounts = tuple(self.account_id.ids)
        if not accounts:
            return result
        hashed = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT item.account_id
                  FROM account_move move
                  JOIN account_move_line item ON item.move_id = move.id
                  JOIN referral_accrual accrual
                    ON accrual.id = move.referral_accrual_id
                 WHERE item.account_id IN %s AND accrual.hash IS NOT NULL
                """,
                accounts,
            )
        )
        kept = {account_id for (account_id,) in hashed}
        self.filtered(
            lambda line: line.account_id.id in kept
        ).account_has_hashed_entries = True
        return result
