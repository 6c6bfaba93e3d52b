from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

from .account_move_line import DELETING

#: Changes of an invoice that change what its lines earn, see ``_watched_fields``.
EARNING = frozenset(
    {
        "state",
        "invoice_date",
        "date",
        "delivery_date",
        "partner_id",
        "reversed_entry_id",
        "currency_id",
        "invoice_currency_rate",
        "move_type",
        "journal_id",
    }
)
#: Changes of an entry that change a balance, or the month that it changes in.
MOVING = frozenset({"state", "date", "partner_id"})
#: Only the program says that an entry is its own.
OWN = frozenset({"referral_accrual_id", "referral_redemption_id", "referral_root_id"})


class AccountMove(models.Model):
    """Invoices that earn, entries and bills that move a balance.

    What the program does when one is written is named in ``create``, ``write`` and
    ``unlink``, in its order: guard, mark what there was, write, mark what there is,
    follow.
    """

    _inherit = "account.move"

    referral_accrual_id = fields.Many2one(
        "referral.accrual",
        "Referral Accrual",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="referral_program.group_reader",
        help="The accrual that this entry posts.",
    )
    referral_root_id = fields.Many2one(
        "account.move",
        "Invoice It Belongs To",
        compute="_compute_referral_root_id",
        store=True,
        recursive=True,
        index="btree_not_null",
        help="The invoice that this document reverses in the end, with whatever else "
        "reverses it; empty for whatever reverses nothing.",
    )
    referral_withdrawal_ids = fields.One2many(
        "referral.withdrawal",
        "bill_id",
        "Referral Withdrawal",
        readonly=True,
        groups="referral_program.group_reader",
    )
    referral_redemption_id = fields.Many2one(
        "referral.redemption",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="referral_program.group_reader",
        help="The redemption that this entry posts.",
    )
    referral_redemption_ids = fields.One2many(
        "referral.redemption",
        "invoice_id",
        "Redemptions",
        readonly=True,
        groups="referral_program.group_reader",
    )
    referral_payable = fields.Boolean(
        compute="_compute_referral_payable",
        groups="referral_program.group_reader",
        help="The client has a referral balance that can pay this invoice.",
    )

    def _auto_init(self):
        # by SQL: there may be millions of invoices, and hardly any has a root
        if not column_exists(self.env.cr, "account_move", "referral_root_id"):
            create_column(self.env.cr, "account_move", "referral_root_id", "int4")
            self.env.cr.execute(
                """
                WITH RECURSIVE member(id, root_id) AS (
                    SELECT move.id, root.id
                      FROM account_move move
                      JOIN account_move root ON root.id = move.reversed_entry_id
                     WHERE move.move_type IN ('out_invoice', 'out_refund')
                       AND root.move_type IN ('out_invoice', 'out_refund')
                       AND root.reversed_entry_id IS NULL
                     UNION ALL
                    SELECT move.id, member.root_id
                      FROM member
                      JOIN account_move move ON move.reversed_entry_id = member.id
                     WHERE move.move_type IN ('out_invoice', 'out_refund')
                )
                UPDATE account_move
                   SET referral_root_id = member.root_id
                  FROM member
                 WHERE member.id = account_move.id
                """
            )
        return super()._auto_init()

    # === COMPUTE METHODS === #

    @api.depends(
        "move_type", "reversed_entry_id.move_type", "reversed_entry_id.referral_root_id"
    )
    def _compute_referral_root_id(self):
        """Say which invoice's group a move belongs to: the only place that does.

        An invoice and whatever reverses it, to any depth, are one group.
        """
        for move in self:
            reversed_ = move.reversed_entry_id
            if move.is_sale_document() and reversed_.is_sale_document():
                move.referral_root_id = reversed_.referral_root_id or reversed_
            else:
                move.referral_root_id = False

    def _below(self):
        """Return these moves and whatever reverses them, to any depth."""
        found, last = self, self
        while last := last.reversal_move_ids - found:
            found |= last
        return found

    def _referral_groups(self):
        """Return the invoices whose groups these moves belong to."""
        saved = self.filtered("id")
        return saved.referral_root_id | saved.filtered(
            lambda move: not move.referral_root_id
        )

    @api.depends("state", "amount_residual")
    def _compute_referral_payable(self):
        redemptions = self.env["referral.redemption"]
        for move in self:
            move.referral_payable = (
                move.move_type == "out_invoice"
                and move.state == "posted"
                and move.amount_residual
                and redemptions._visible_payer_of(move).available_balance > 0
            )

    @api.depends("referral_accrual_id", "referral_redemption_id")
    def _compute_show_reset_to_draft_button(self):
        result = super()._compute_show_reset_to_draft_button()
        # sudo: the button is hidden from whoever may not see the program, too
        own = self.sudo()
        for move in own._of_accruals() | own._of_redemptions():
            move.with_env(self.env).show_reset_to_draft_button = False
        return result

    def _compute_delivery_date(self):
        # recomputed without a write: a service may be rendered on another day now
        self.env["referral.mark"]._mark_moves(self)
        return super()._compute_delivery_date()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any("referral_root_id" in vals for vals in vals_list):
            self._refuse_forged_entry()
        moves = super().create(vals_list)
        self.env["referral.mark"]._note_new(moves)
        moves._guard_new_entries()
        return moves

    def write(self, vals):
        if not vals.keys() & (self._watched_fields() | MOVING | OWN):
            return super().write(vals)
        posted = self.filtered(lambda move: move.state == "posted")
        with self._guarding_balances("state" in vals):
            if vals.get("state") == "posted":
                self.env["referral.redemption"]._undo_by_reversals(self)
            self._mark_moved(posted, vals, before=True)
            self._guard_entries(vals)
            self._mark_earning(vals)
            result = super().write(vals)
            self._mark_earning(vals, after=True)
            self._mark_moved(self, vals)
            self._follow_state(posted, vals)
        return result

    def unlink(self):
        if not self:
            return super().unlink()
        self._follow_deletion()
        posted = self.filtered(lambda move: move.state == "posted")
        with posted._guarding_balances():
            self._check_no_accrual_entry()  # before its items are deleted
            left = self._below() - self
            marks = self.env["referral.mark"]
            marks._mark_moves(self | self.reversed_entry_id | left)
            marks._mark_lost(self.ids)
            going = self.with_context(referral_deleting=DELETING)
            result = super(AccountMove, going).unlink()
            left.invalidate_recordset(["reversed_entry_id", "referral_root_id"])
            self.env.add_to_compute(self._fields["referral_root_id"], left)
            left._regroup_evidence()
        return result

    def button_draft(self):
        if not self:
            return super().button_draft()
        self._check_no_accrual_entry()
        # sudo: an accountant without this program's groups resets bills all the same
        withdrawals = self.sudo()._purchase_documents().referral_withdrawal_ids
        paid = withdrawals.filtered(lambda w: w.state == "paid")
        result = super().button_draft()
        paid._warn_of_payment()
        return result

    def _reverse_moves(self, default_values_list=None, cancel=False):
        # what Odoo unmatches to reverse it is not undone a second time
        self = self.with_context(referral_reversing=frozenset(self.ids))  # noqa: PLW0642
        return super()._reverse_moves(default_values_list, cancel)

    # === GUARDING === #

    def _guarding_balances(self, needed=True):
        """Return a context that refuses to take from a balance what is not there."""
        moves = self if needed else self.browse()
        return self.env["referral.participant"]._guarding_balances(moves)

    def _guard_new_entries(self):
        # sudo: whoever makes entries need not see the program's part of them
        own = self.sudo()
        if not self.env.su and (own.referral_accrual_id or own.referral_redemption_id):
            self._refuse_forged_entry()

    def _guard_entries(self, vals):
        own = OWN & vals.keys()
        # computed, so that only who forges it writes it
        forged = "referral_root_id" in own or any(vals[name] for name in own)
        if forged and not self.env.su:
            self._refuse_forged_entry()
        if own or vals.get("state", "posted") != "posted":
            self._check_no_accrual_entry()

    def _refuse_forged_entry(self):
        raise UserError(
            self.env._(
                "Entries of accruals and redemptions can be created only by the "
                "program itself."
            )
        )

    def _check_no_accrual_entry(self):
        """Refuse to undo the entry of an accrual or a redemption.

        :raise UserError: naming the entries and what to do instead
        """
        # sudo: an accountant without this program's groups gets the same answer
        posted = self.sudo().filtered(lambda move: move.state == "posted")
        if redeemed := posted._of_redemptions():
            raise UserError(
                self.env._(
                    "%(entries)s: the entry of a redemption, and its reversal, cannot "
                    "be reset to draft, cancelled, edited or deleted. To restore the "
                    "balance, reverse the entry of the redemption, or undo its "
                    "reconciliation with the invoice.",
                    entries=", ".join(redeemed.mapped("display_name")),
                )
            )
        if entries := posted._of_accruals():
            raise UserError(
                self.env._(
                    "%(entries)s: the entry of a referral accrual cannot be reset to "
                    "draft, cancelled or deleted, because its amounts have been "
                    "reported to the participants. Late payments, refunds and "
                    "corrections are included in the next accrual; for anything else, "
                    "post another entry on the liability account.",
                    entries=", ".join(entries.mapped("display_name")),
                )
            )

    def _of_accruals(self):
        return self.filtered("referral_accrual_id")

    def _of_redemptions(self):
        """Return the entries of redemptions, and those that undo one."""
        return self.filtered(
            lambda move: move.referral_redemption_id
            or move.reversed_entry_id.referral_redemption_id
        )

    # === MARKING === #

    def _watched_fields(self):
        """Return the fields whose changes have the next accrual look at the invoice.

        :rtype: frozenset
        """
        return EARNING

    def _mark_earning(self, vals, after=False):
        """Have the next accrual look at what an invoice's change touches."""
        watched = self._watched_fields()
        if watched.isdisjoint(vals) or after and "reversed_entry_id" not in vals:
            return
        if "partner_id" in vals and not after:
            # sudo: whoever addresses an invoice to somebody else need not see them
            self.env["referral.kept.invoice"].sudo()._let_go(self)
        # a credit note that is moved to another invoice touches both
        self.env["referral.mark"]._mark_moves(self | self.reversed_entry_id)
        if after:
            self._below()._regroup_evidence()

    def _mark_moved(self, moves, vals, before=False):
        """Have the next statements look at the balances that an entry moves.

        :param bool before: for whoever had it until now; nobody had what is posted now
        """
        moving = MOVING & vals.keys()
        if moving and not (before and moving == {"state"}):
            self.env["referral.statement.mark"]._mark(moves)

    def _regroup_evidence(self):
        """Let the evidence of credit notes follow them to another invoice."""
        if not self.ids:
            return
        self.flush_recordset(["referral_root_id"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE referral_accrual_line line
                   SET group_key = COALESCE(move.referral_root_id, move.id)
                  FROM account_move_line item
                  JOIN account_move move ON move.id = item.move_id
                 WHERE line.line_key = item.id AND move.id IN %s
                """,
                tuple(self.ids),
            )
        )
        self.env["referral.accrual.line"].invalidate_model(["group_key"])

    # === FOLLOWING === #

    def _follow_state(self, posted, vals):
        """Have withdrawals and redemptions follow what became of their entries.

        :param posted: those of the moves that were posted before
        """
        if "state" not in vals:
            return
        if vals["state"] == "posted":
            # sudo: an accountant without this program's groups bills all the same
            bills = self.sudo()._purchase_documents()
            bills.referral_withdrawal_ids._on_bill_posted()
            self._send_self_billed()
            self.env["referral.redemption.mark"]._mark(self)
        else:
            posted._unmatch_unbooked()

    def _follow_deletion(self):
        # sudo: as above
        self.sudo()._purchase_documents().referral_withdrawal_ids._on_bill_deleted()

    def _unmatch_unbooked(self):
        """Have what is not booked any more settle nothing.

        A refund that stayed matched would leave the bill settled, and the withdrawal
        cancelled, although nothing is given back.
        """
        items = self._referral_items()
        refunds = items.move_id.filtered(lambda move: move.move_type == "in_refund")
        (items | refunds.line_ids).remove_move_reconcile()

    def _purchase_documents(self):
        return self.filtered(
            lambda move: move.is_purchase_document(include_receipts=True)
        )

    def _referral_items(self):
        """Return the items of bills that take from a referral balance or give back."""
        accounts = self.env["referral.program"]._liability_accounts()
        return self._purchase_documents().line_ids.filtered(
            lambda item: item.account_id.id in accounts
        )
