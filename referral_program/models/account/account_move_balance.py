from odoo import models

#: Changes of an entry that change a balance, or the month that it changes in.
MOVING = frozenset({"state", "date", "partner_id"})
#: The same of an item.
MOVING_ITEM = frozenset({"partner_id", "account_id", "move_id", "date"})


class AccountMove(models.Model):
    """Whatever moves a referral balance comes out in the next statement."""

    _inherit = "account.move"

    def write(self, vals):
        if MOVING.isdisjoint(vals):
            return super().write(vals)
        marks = self.env["referral.statement.mark"]
        if vals.keys() & MOVING != {"state"}:
            # the one who had it before gets a statement too
            marks._mark(self.filtered(lambda move: move.state == "posted"))
        result = super().write(vals)
        marks._mark(self)
        return result


class AccountMoveLine(models.Model):
    """The same, for items that are edited by themselves."""

    _inherit = "account.move.line"

    def write(self, vals):
        if MOVING_ITEM.isdisjoint(vals):
            return super().write(vals)
        marks = self.env["referral.statement.mark"]
        # sudo: as for entries
        posted = self.sudo().filtered(lambda item: item.parent_state == "posted")
        marks._mark_items(posted)
        result = super().write(vals)
        marks._mark_items(posted)
        return result
