from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """Vendor bills that pay withdrawals, and entries of redemptions."""

    _inherit = "account.move"

    referral_withdrawal_ids = fields.One2many(
        "referral.withdrawal",
        "bill_id",
        "Referral Withdrawal",
        readonly=True,
        copy=False,
        groups="referral_program.group_reader",
    )
    referral_redemption_id = fields.Many2one(
        "referral.redemption",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="referral_program.group_reader",
        help="The redemption that this entry books.",
    )
    referral_redemption_ids = fields.One2many(
        "referral.redemption",
        "invoice_id",
        "Redemptions",
        readonly=True,
        copy=False,
        groups="referral_program.group_reader",
    )

    referral_payable = fields.Boolean(
        compute="_compute_referral_payable",
        groups="referral_program.group_reader",
        help="The client has a referral balance that can pay this invoice.",
    )

    @api.depends("state", "amount_residual")
    def _compute_referral_payable(self):
        for move in self:
            move.referral_payable = (
                move.move_type == "out_invoice"
                and move.state == "posted"
                and move.amount_residual
                and move._referral_payer().available_balance > 0
            )

    def _referral_payer(self):
        """Return the participant whose balance can pay this invoice, if there is one.

        :return: in superuser mode; who may use it is the caller's to say
        """
        self.ensure_one()
        # sudo: neither portal users nor all accountants read participants
        return (
            self.env["referral.participant"]
            .sudo()
            .search(
                [
                    ("partner_id", "=", self.commercial_partner_id.id),
                    ("company_id", "parent_of", self.company_id.id),
                    ("program_id.active", "=", True),
                ],
                limit=1,
            )
        )

    def _referral_portal_payer(self, user):
        """Return a portal user's own membership, if its balance can pay this.

        :param user: who looks at the page, on which the invoice itself is a superuser's
        :return: in superuser mode; empty for everybody else, who may have opened the
            invoice by a link that was sent to them
        """
        self.ensure_one()
        own = user.sudo().partner_id.commercial_partner_id
        payer = self._referral_payer()
        if (
            user._is_public()
            or own != self.commercial_partner_id
            or payer.available_balance <= 0
            or self.env["referral.redemption"]._why_not(payer, self.sudo())
        ):
            return payer.browse()
        return payer

    # === GUARDING BALANCES === #

    def write(self, vals):
        if "state" not in vals:
            return super().write(vals)
        with self._guarding_balances():
            if vals["state"] == "posted":
                self._unmatch_reversed_redemptions()
                result = super().write(vals)
                # sudo: an accountant without this program's groups bills all the same
                bills = self.sudo()._purchase_documents()
                bills.referral_withdrawal_ids._on_bill_posted()
            else:
                posted = self.filtered(lambda move: move.state == "posted")
                result = super().write(vals)
                posted._unmatch_unbooked()
        return result

    def button_draft(self):
        # sudo: an accountant without this program's groups resets bills all the same
        withdrawals = self.sudo()._purchase_documents().referral_withdrawal_ids
        paid = withdrawals.filtered(lambda w: w.state == "paid")
        result = super().button_draft()
        paid._warn_of_payment()
        return result

    def _unmatch_unbooked(self):
        """Have what is not booked any more settle nothing.

        A refund that stayed matched would leave the bill settled, and the withdrawal
        cancelled, although nothing is given back.
        """
        items = self._referral_items()
        refunds = items.move_id.filtered(lambda move: move.move_type == "in_refund")
        (items | refunds.line_ids).remove_move_reconcile()

    def unlink(self):
        # sudo: as above
        self.sudo()._purchase_documents().referral_withdrawal_ids._on_bill_deleted()
        with self.filtered(lambda move: move.state == "posted")._guarding_balances():
            return super().unlink()

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

    @contextmanager
    def _guarding_balances(self):
        """Refuse what makes an available balance fall below zero, or lower still.

        Accruals take back whatever they have to, and entries made by hand are the
        accountant's; bills never take what is not there, nor do refunds of them
        that are undone.
        """
        participants = self._referral_participants()
        if not participants:
            yield
            return
        participants._lock_money()
        before = participants._availables()
        yield
        self.env.flush_all()
        participants |= self.exists()._referral_participants()
        for participant, after in participants._availables().items():
            currency = participant.currency_id
            if (
                currency.compare_amounts(after, 0) < 0
                and currency.compare_amounts(after, before.get(participant, 0.0)) < 0
            ):
                raise UserError(
                    self.env._(
                        "This would take %(missing)s more from the referral balance of "
                        "%(participant)s than is available.",
                        missing=participant._money(-after),
                        participant=participant.display_name,
                    )
                )

    def _referral_participants(self):
        """Return the participants whose balances these bills touch."""
        items = self._referral_items()
        # sudo: as above
        bills = self.sudo()._purchase_documents()
        participants = bills.referral_withdrawal_ids.participant_id
        if items:
            participants |= participants.search(
                [
                    ("partner_id", "in", items.partner_id.ids),
                    (
                        "program_id.liability_account_id",
                        "in",
                        items.account_id.ids,
                    ),
                ]
            )
        return participants

    # === ENTRIES OF REDEMPTIONS === #

    def _reverse_moves(self, default_values_list=None, cancel=False):
        # what Odoo unmatches to reverse it is not undone a second time
        self = self.with_context(referral_reversing=self.ids)  # noqa: PLW0642
        return super()._reverse_moves(default_values_list, cancel)

    def _unmatch_reversed_redemptions(self):
        """Have redemptions undone by the reversals of their entries that get posted.

        :raise UserError: if the balance would not be what it was before
        """
        # sudo: an accountant without this program's groups undoes them all the same
        for reversal in self.sudo().filtered("reversed_entry_id"):
            entry = reversal.reversed_entry_id
            if entry.reversed_entry_id.referral_redemption_id:
                raise UserError(
                    self.env._(
                        "%(redemption)s is undone and stays so. Pay the invoice with "
                        "the balance anew.",
                        redemption=entry.reversed_entry_id.referral_redemption_id.name,
                    )
                )
            redemption = entry.referral_redemption_id
            if not redemption:
                continue
            if redemption.state == "undone":
                raise UserError(
                    self.env._(
                        "%(redemption)s is undone already.", redemption=redemption.name
                    )
                )
            if reversal._ledger_signature(-1) != entry._ledger_signature(1):
                raise UserError(
                    self.env._(
                        "%(redemption)s is undone as a whole: its reversal has the "
                        "same items, the other way round.",
                        redemption=redemption.name,
                    )
                )
            entry.line_ids.with_context(
                referral_reversing=entry.ids
            ).remove_move_reconcile()

    def _ledger_signature(self, sign):
        """Return what an entry does to which accounts and partners."""
        return sorted(
            (
                item.account_id.id,
                item.partner_id.id,
                item.currency_id.id,
                item.company_currency_id.round(sign * item.balance),
                item.currency_id.round(sign * item.amount_currency),
            )
            for item in self.line_ids
            if item.account_id
        )
