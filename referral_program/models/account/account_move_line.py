from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..balance import ledger

#: Changes of a line that change what it earns, see ``_watched_fields``.
EARNING = frozenset(
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
#: What the ledger says about a balance, see ``_protected_fields``. Of the entry there
#: are copies, which Odoo lets accountants write alone.
SEALED = frozenset(
    {
        "parent_state",
        "date",
        "company_id",
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
#: Changes of an item that change a balance, or the month that it changes in.
MOVING = frozenset({"partner_id", "account_id", "move_id", "date"})
#: Says that items go with their entry; no request can say so.
DELETING = object()


class AccountMoveLine(models.Model):
    """Lines that earn, and items that move a balance."""

    _inherit = "account.move.line"

    referral_kind = fields.Selection(
        [
            ("accrual", "Referral accrual"),
            ("withdrawn", "Referral withdrawal"),
            ("used_for_invoices", "Payment with the referral balance"),
            ("adjusted", "Correction of a referral balance"),
        ],
        "Referral Movement",
        compute="_compute_referral_kind",
        search="_search_referral_kind",
        help="What moved the liability to the participants; empty for all items that "
        "are not posted on a referral program's liability account.",
    )

    def _compute_referral_kind(self):
        kinds = {}
        if self.ids:
            self._flush_referral_kinds()
            kinds = dict(
                self.env.execute_query(
                    SQL(
                        "SELECT id, kind FROM (%s) item WHERE id IN %s",
                        ledger.kinds(self.env),
                        tuple(self.ids),
                    )
                )
            )
        for item in self:
            item.referral_kind = kinds.get(item._origin.id, False)

    def _search_referral_kind(self, operator, value):
        if operator != "in":
            return NotImplemented
        self._flush_referral_kinds()
        found = Domain(
            "id",
            "in",
            SQL(
                "(SELECT id FROM (%s) item WHERE kind = ANY(%s))",
                ledger.kinds(self.env),
                [kind for kind in value if kind],
            ),
        )
        if False in value:
            found |= Domain(
                "id",
                "not in",
                SQL("(SELECT id FROM (%s) item)", ledger.kinds(self.env)),
            )
        return found

    def _flush_referral_kinds(self):
        sources = self.env["referral.liability.movement"]._depends
        for model, names in sources.items():
            self.env[model].flush_model(names)

    def _watched_fields(self):
        """Return the fields whose changes have the next accrual look at the invoice.

        :rtype: frozenset
        """
        return EARNING

    def _protected_fields(self):
        """Return what nobody edits on a posted item that moved a balance.

        :rtype: frozenset
        """
        return SEALED

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.move_id._check_no_accrual_entry()
        lines._check_not_of_posted_bills()
        return lines

    def write(self, vals):
        moving = self.browse()
        if not MOVING.isdisjoint(vals):
            # sudo: as for entries
            moving = self.sudo().filtered(lambda item: item.parent_state == "posted")
        statement_marks = self.env["referral.statement.mark"]
        statement_marks._mark_items(moving)
        if not self._protected_fields().isdisjoint(vals):
            self._check_no_compensation(vals)
        if not self._watched_fields().isdisjoint(vals):
            self.env["referral.mark"]._mark_moves(self.move_id)
        result = super().write(vals)
        statement_marks._mark_items(moving)
        return result

    def unlink(self):
        if not self:
            return super().unlink()
        self.move_id._check_no_accrual_entry()
        if self.env.context.get("referral_deleting") is not DELETING:
            # by a request's context Odoo deletes single items of what is posted
            self._check_not_of_posted_bills()
        self.env["referral.mark"]._mark_moves(self.move_id)
        line_ids = tuple(self.ids)
        result = super().unlink()
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

    def _check_not_of_posted_bills(self):
        """Refuse to add or delete what a posted bill takes from a balance.

        :raise UserError: if one of the items is such
        """
        taking = self.move_id._referral_items() & self
        if posted := taking.filtered(lambda line: line.parent_state == "posted"):
            posted._refuse_editing()

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
                for name in self._protected_fields() & vals.keys()
            ):
                line._refuse_editing()

    def _refuse_editing(self):
        raise UserError(
            self.env._(
                "%(entry)s is an entry of the referral program: the fields that "
                "determine a balance cannot be edited. Correct an accrual or a "
                "redemption by another entry; to correct a bill, reset it to draft.",
                entry=self[:1].move_id.display_name,
            )
        )
