from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: Changes of an invoice that change what its lines earn.
WATCHED = frozenset(
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


class AccountMove(models.Model):
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
    referral_line_count = fields.Integer(
        compute="_compute_referral_line_count",
        groups="referral_program.group_reader",
    )
    referral_explained = fields.Boolean(
        compute="_compute_referral_explained",
        groups="referral_program.group_reader",
        help="A referral program can tell what the lines earned, and why.",
    )

    @api.depends("move_type", "state", "company_id")
    def _compute_referral_explained(self):
        for move in self:
            move.referral_explained = (
                move.is_sale_document()
                and (move.state == "posted" or move.referral_line_count)
                and bool(move._referral_program())
            )

    def _referral_program(self):
        """Return the program that counts the company's invoices, if there is one.

        An active one comes first. None, if the user may not read it.
        """
        self.ensure_one()
        pairs, _bank = self.env["referral.program"]._counting()
        programs = self.env["referral.program"].with_context(active_test=False)
        return programs.search(
            [
                (
                    "id",
                    "in",
                    [
                        program
                        for program, company in pairs
                        if company == self.company_id.id
                    ],
                )
            ],
            order="active desc, id",
            limit=1,
        )

    def _compute_referral_line_count(self):
        counts = dict(
            self.env["referral.accrual.line"]._read_group(
                [("group_key", "in", self._referral_group_keys())],
                ["group_key"],
                ["__count"],
            )
        )
        for move in self:
            move.referral_line_count = sum(
                counts.get(key, 0) for key in move._referral_group_keys()
            )

    def _referral_group_keys(self):
        """Return the ids of the invoices whose groups these moves belong to."""
        groups = set()
        for move in self:
            follows = (
                move.move_type == "out_refund"
                and move.reversed_entry_id.move_type == "out_invoice"
            )
            groups.add((move.reversed_entry_id if follows else move).id)
        return [key for key in groups if key]

    def _compute_delivery_date(self):
        # recomputed without a write: a service may be rendered on another day now
        self.env["referral.mark"]._mark_moves(self)
        return super()._compute_delivery_date()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        self.env["referral.mark"]._note_new(moves)
        # sudo: whoever makes entries need not see the program's part of them
        own = moves.sudo()
        if not self.env.su and (own.referral_accrual_id or own.referral_redemption_id):
            self._refuse_forged_entry()
        return moves

    def write(self, vals):
        own = {"referral_accrual_id", "referral_redemption_id"} & vals.keys()
        if any(vals[name] for name in own) and not self.env.su:
            self._refuse_forged_entry()
        undone = "state" in vals and vals["state"] != "posted"
        if undone or own:
            self._check_no_accrual_entry()
        marks = self.env["referral.mark"]
        if not WATCHED.isdisjoint(vals):
            # a credit note that is moved to another invoice touches both
            marks._mark_moves(self | self.reversed_entry_id)
        result = super().write(vals)
        if "reversed_entry_id" in vals:
            marks._mark_moves(self | self.reversed_entry_id)
            self._regroup_evidence()
        return result

    def unlink(self):
        self._check_no_accrual_entry()  # before its items are deleted
        credit_notes = self.reversal_move_ids - self
        marks = self.env["referral.mark"]
        marks._mark_moves(self | self.reversed_entry_id | credit_notes)
        marks._mark_lost(self.ids)
        result = super().unlink()
        credit_notes.invalidate_recordset(["reversed_entry_id"])
        credit_notes._regroup_evidence()
        return result

    def button_draft(self):
        self._check_no_accrual_entry()
        return super().button_draft()

    def _refuse_forged_entry(self):
        raise UserError(
            self.env._(
                "Only the program makes the entries of accruals and redemptions."
            )
        )

    def _check_no_accrual_entry(self):
        """Refuse to undo the entry of an accrual or a redemption.

        :raise UserError: naming the entries and what to do instead
        """
        # sudo: an accountant without this program's groups gets the same answer
        posted = self.sudo().filtered(lambda move: move.state == "posted")
        redeemed = posted.filtered(
            lambda move: move.referral_redemption_id
            or move.reversed_entry_id.referral_redemption_id
        )
        if redeemed:
            raise UserError(
                self.env._(
                    "%(entries)s: the entry of a redemption can be neither reset to "
                    "draft, cancelled, edited nor deleted, nor can its reversal. "
                    "Reverse it, or undo its reconciliation with the invoice: the "
                    "balance is restored then.",
                    entries=", ".join(redeemed.mapped("display_name")),
                )
            )
        entries = posted.filtered("referral_accrual_id")
        if entries:
            raise UserError(
                self.env._(
                    "%(entries)s: the entry of a referral accrual can be neither reset "
                    "to draft, cancelled nor deleted, because the participants were "
                    "told these amounts. Late payments, refunds and corrections come "
                    "out in the next accrual; for anything else post another entry on "
                    "the liability account.",
                    entries=", ".join(entries.mapped("display_name")),
                )
            )

    def _regroup_evidence(self):
        """Let the evidence of credit notes follow them to another invoice."""
        if not self.ids:
            return
        self.flush_recordset(["reversed_entry_id"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE referral_accrual_line line
                   SET group_key = CASE WHEN move.move_type = 'out_refund'
                                             AND reversed.move_type = 'out_invoice'
                                        THEN reversed.id ELSE move.id END
                  FROM account_move_line item
                  JOIN account_move move ON move.id = item.move_id
                  LEFT JOIN account_move reversed
                    ON reversed.id = move.reversed_entry_id
                 WHERE line.line_key = item.id AND move.id IN %s
                """,
                tuple(self.ids),
            )
        )
        self.env["referral.accrual.line"].invalidate_model(["group_key"])

    # === ACTION METHODS === #

    def action_referral_why(self):
        """Explain what the lines of this invoice and its credit notes earned.

        :raise AccessError: if the user may not read the invoice or the program
        :raise UserError: if no program counts the company's invoices
        """
        self.ensure_one()
        self.check_access("read")
        program = self._referral_program()
        if not program:
            raise UserError(
                self.env._(
                    "No referral program counts the invoices of %(company)s.",
                    company=self.company_id.display_name,
                )
            )
        groups = SQL(
            "SELECT UNNEST(%s) AS group_id", self._referral_group_keys() or [0]
        )
        return self.env["referral.explain"]._ask(program, groups)

    def action_view_referral_lines(self):
        """Open what this invoice and its credit notes gave."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "referral_program.referral_accrual_line_action"
        )
        action["domain"] = [("group_key", "in", self._referral_group_keys())]
        action["context"] = {}
        return action
