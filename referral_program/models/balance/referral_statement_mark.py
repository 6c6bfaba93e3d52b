from odoo import fields, models
from odoo.tools import SQL

from .ledger import CONTACTS


class ReferralStatementMark(models.Model):
    """Whose balance moved, so that the next statements look at it.

    Events on the liability account leave them, the statements of the first month
    that ends on ``date`` or later take them. A participant without a mark and
    without a compensation has nothing new, and costs nothing.
    """

    _name = "referral.statement.mark"
    _description = "Referral Statement Mark"
    _log_access = False

    participant_id = fields.Many2one(
        "referral.participant", required=True, index=True, ondelete="cascade"
    )
    date = fields.Date(required=True, help="The accounting date of the movement.")

    def _mark(self, moves):
        """Note whose balances these entries touch, booked or not booked any more.

        Entries of accruals need none: their compensations tell.
        """
        accounts = self.env["referral.program"]._liability_accounts()
        if not accounts:
            return
        # sudo: all users post entries, and none of them writes marks
        moves = moves.sudo().filtered(lambda move: not move.referral_accrual_id)
        self._mark_items(moves.line_ids)

    def _mark_partner(self, partner):
        """Note that a contact has got another one's items, by SQL."""
        # sudo: all users merge contacts, and none of them writes marks
        marks = self.sudo()
        own = [("partner_id", "=", partner.id)]
        for participant in marks.env["referral.participant"].search(own):
            today = participant.program_id._today()
            marks.create({"participant_id": participant.id, "date": today})

    def _mark_items(self, items):
        """Note whose balances these items touch."""
        accounts = self.env["referral.program"]._liability_accounts()
        touched = {
            (item.account_id.id, item.partner_id.id, item.date)
            for item in items
            if item.account_id.id in accounts and item.partner_id and item.date
        }
        if not touched:
            return
        values = SQL(", ").join(
            SQL("(%s, %s, %s::date)", *values) for values in sorted(touched)
        )
        self.env["referral.participant"].flush_model(["program_id", "partner_id"])
        self.env["referral.program"].flush_model(["liability_account_id"])
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO referral_statement_mark (participant_id, date)
                SELECT holder.participant_id, touched.date
                  FROM (VALUES %s) touched(account_id, partner_id, date)
                  JOIN referral_program program
                    ON program.liability_account_id = touched.account_id
                  JOIN (%s) holder
                    ON holder.program_id = program.id
                   AND holder.partner_id = touched.partner_id
                """,
                values,
                CONTACTS,
            )
        )
