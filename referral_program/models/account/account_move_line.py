from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: Changes of a line that change what it earns.
WATCHED = frozenset(
    {
        "start_date",
        "end_date",
        "product_id",
        "discount",
        "quantity",
        "price_unit",
        "tax_ids",
        "balance",
        "debit",
        "credit",
        "amount_currency",
        "display_type",
        "move_id",
    }
)
#: What the ledger says about a compensation.
LEDGER = frozenset(
    {
        "account_id",
        "partner_id",
        "balance",
        "debit",
        "credit",
        "amount_currency",
        "currency_id",
        "move_id",
    }
)


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.move_id._check_no_accrual_entry()
        added = lines.move_id._referral_items() & lines
        if posted := added.filtered(lambda line: line.parent_state == "posted"):
            posted._refuse_editing()
        return lines

    def write(self, vals):
        if not LEDGER.isdisjoint(vals):
            self._check_no_compensation(vals)
        if not WATCHED.isdisjoint(vals):
            self.env["referral.mark"]._mark_moves(self.move_id)
        return super().write(vals)

    def unlink(self):
        self.move_id._check_no_accrual_entry()
        self.env["referral.mark"]._mark_moves(self.move_id)
        line_ids = tuple(self.ids)
        result = super().unlink()
        if line_ids:
            # The evidence outlives its line: it only forgets where the line was.
            self.env.cr.execute(
                SQL(
                    "UPDATE referral_accrual_line SET move_line_id = NULL "
                    "WHERE line_key IN %s",
                    line_ids,
                )
            )
            self.env["referral.accrual.line"].invalidate_model(["move_line_id"])
        return result

    def _check_no_compensation(self, vals):
        """Refuse to edit what a posted accrual wrote into the ledger.

        :raise UserError: if one of the items belongs to an accrual's posted entry
        """
        move_model = self.env["account.move"]
        accounts = self.env["referral.program"]._liability_accounts()
        for line in self:
            # sudo: an accountant without this program's groups gets the same answer
            move = line.sudo().move_id
            if line.parent_state != "posted" or not (
                move.referral_accrual_id
                or move.referral_redemption_id
                or move.reversed_entry_id.referral_redemption_id
                or move.is_purchase_document(include_receipts=True)
                and accounts & {line.account_id.id, vals.get("account_id")}
            ):
                continue
            if any(
                move_model._field_will_change(line, vals, name)
                for name in LEDGER & vals.keys()
            ):
                line._refuse_editing()

    def _refuse_editing(self):
        raise UserError(
            self.env._(
                "%(entry)s is an entry of the referral program: what it says about a "
                "balance cannot be edited. Correct an accrual or a redemption by "
                "another entry; reset a bill to draft.",
                entry=self[:1].move_id.display_name,
            )
        )
