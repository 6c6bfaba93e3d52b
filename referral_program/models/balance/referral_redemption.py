from odoo import Command, api, fields, models
from odoo.exceptions import RedirectWarning, UserError

from ...tools.refusals import refusal
from ..participant.referral_representative import MONEY_ROLES


class ReferralRedemption(models.Model):
    """Referral balance used to pay the participant's own invoice.

    One balanced entry, liability → receivable, reconciled on both sides at once.
    It is undone as a whole: by reversing the entry, or by taking its
    reconciliation with the invoice back.
    """

    _name = "referral.redemption"
    _description = "Referral Redemption"
    _inherit = ["referral.payment.mixin", "referral.sight.mixin"]
    _order = "id desc"
    _rec_names_search = ["name", "participant_id"]
    _check_company_auto = True

    invoice_id = fields.Many2one(
        "account.move", required=True, readonly=True, index=True, copy=False
    )
    amount = fields.Monetary(
        "Deducted from the Balance",
        required=True,
        readonly=True,
        aggregator=None,
        help="The amount deducted from the balance.",
    )
    invoice_currency_id = fields.Many2one("res.currency", readonly=True, required=True)
    invoice_amount = fields.Monetary(
        "Amount on the Invoice",
        readonly=True,
        required=True,
        aggregator=None,
        currency_field="invoice_currency_id",
        help="The part of the invoice that it paid, in the invoice's currency.",
    )
    move_id = fields.Many2one(
        "account.move",
        "Journal Entry",
        readonly=True,
        ondelete="restrict",
        index=True,
        copy=False,
    )
    date = fields.Date(related="move_id.date", store=True)
    user_id = fields.Many2one(
        "res.users", "Paid By", readonly=True, default=lambda self: self.env.user
    )
    request_key = fields.Char(
        readonly=True,
        copy=False,
        help="The form's own key: if it is sent twice, the invoice is paid only once.",
    )
    state = fields.Selection(
        [("done", "Paid"), ("undone", "Undone")],
        compute="_compute_state",
        store=True,
        index=True,
    )

    _request_key_unique = models.UniqueIndex(
        "(participant_id, request_key) WHERE request_key IS NOT NULL"
    )
    _amount_positive = models.Constraint(
        "CHECK (amount > 0 AND invoice_amount > 0)", "Enter an amount above zero."
    )

    # === COMPUTE METHODS === #

    @api.depends("move_id.state", "move_id.reversal_move_ids.state")
    def _compute_state(self):
        for redemption in self:
            # sudo: the state is for whoever reads the redemption, not the entry
            entry = redemption.sudo().move_id
            undone = entry.state != "posted" or any(
                reversal.state == "posted" for reversal in entry.reversal_move_ids
            )
            redemption.state = "undone" if entry and undone else "done"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_by_program()
        return super().create(vals_list)

    def write(self, vals):
        self._check_by_program()
        return super().write(vals)

    def _check_by_program(self):
        if not self.env.su:
            raise UserError(
                self.env._(
                    "Use the buttons to pay an invoice from the balance or to undo "
                    "such a payment."
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Redemptions cannot be deleted. Undo them instead."))

    # === REDEEMING === #

    def _redeem(self, participant, invoice, amount, *, by_staff=False, key=False):
        """Pay one of the participant's own invoices with the balance.

        :param participant: whose balance
        :param invoice: the participant's own open invoice
        :param float amount: in the company's currency; less is taken if less is
            worth what it pays in the invoice's currency
        :param bool by_staff: staff may do it for who does not take part any more,
            below the minimum and as often as they like
        :param str key: the caller's own; the same one returns the same redemption
        :return: the ``referral.redemption``
        :raise UserError: saying why it cannot be; nothing is kept then
        """
        participant.ensure_one()
        # sudo: participants create no records; what they may is checked here
        participant, invoice = participant.sudo(), invoice.sudo()
        participant._lock_money()
        if key and (
            done := participant.redemption_ids.filtered(lambda r: r.request_key == key)
        ):
            return done
        taken, on_invoice = self._check_can_redeem(
            participant, invoice, amount, by_staff=by_staff
        )
        redemption = self.sudo().create(
            {
                "name": participant.program_id._next_number("referral.redemption"),
                "participant_id": participant.id,
                "invoice_id": invoice.id,
                "amount": taken,
                "invoice_currency_id": invoice.currency_id.id,
                "invoice_amount": on_invoice,
                "user_id": self.env.user.id,
                "request_key": key,
                "by_staff": by_staff,
            }
        )
        try:
            redemption._book()
        except RedirectWarning as error:
            # the way that it shows is one for staff
            raise UserError(error.args[0]) from error
        redemption._mail_soon()
        return redemption

    def _payer_of(self, invoice):
        """Return the participant whose balance can pay this invoice, if there is one.

        :return: in superuser mode; who may use it is the caller's to say
        """
        # sudo: neither portal users nor all accountants read participants
        participants = self.env["referral.participant"].sudo()
        return participants.search(
            [
                ("partner_id", "=", invoice.commercial_partner_id.id),
                ("company_id", "parent_of", invoice.company_id.id),
                ("program_id.active", "=", True),
            ],
            limit=1,
        )

    def _visible_payer_of(self, invoice):
        """Return who can pay this invoice, for staff; empty if they may not see them.

        Those of a branch see its invoices, and not who takes part in the program of
        the company above.
        """
        return self._payer_of(invoice).sudo(False)._filtered_access("read")

    def _portal_payer_of(self, invoice, user):
        """Return the membership whose money a user moves, if its balance can pay it.

        :param user: who looks at the page, on which the invoice itself is a superuser's
        :return: in superuser mode; empty for everybody else, who may have opened the
            invoice by a link that was sent to them
        """
        payer = self._payer_of(invoice)
        if (
            not payer._acts(user, *MONEY_ROLES)
            or payer.available_balance <= 0
            or self._why_not(payer, invoice.sudo())
        ):
            return payer.browse()
        return payer

    def _why_not(self, participant, invoice, *, by_staff=False):
        """Return why an invoice cannot be paid with a balance, or an empty text.

        :param participant: whose balance, in superuser mode
        :param invoice: the invoice, in superuser mode
        """
        program = participant.program_id
        if not program.redemption_allowed:
            return self.env._("Invoices cannot be paid from the referral balance.")
        if not by_staff and participant.state != "active":
            return self.env._(
                "Only active participants can pay from the referral balance."
            )
        own = participant.partner_id.commercial_partner_id
        if (
            invoice.move_type != "out_invoice"
            or invoice.commercial_partner_id != own
            or invoice.company_id not in program._companies()
        ):
            return self.env._(
                "The balance can pay only the participant's own invoices."
            )
        if invoice.state != "posted" or not invoice.amount_residual:
            return self.env._("There is nothing to pay on this invoice.")
        if not self._open_amount(invoice):
            return self.env._("A payment of this invoice is on its way.")
        if (
            invoice.currency_id != participant.currency_id
            and program.foreign_redemption == "refuse"
        ):
            return self.env._(
                "The balance is in %(own)s and the invoice in %(other)s, so it cannot "
                "be paid with the balance.",
                own=participant.currency_id.name,
                other=invoice.currency_id.name,
            )
        return ""

    def _check_can_redeem(self, participant, invoice, amount, *, by_staff=False):
        """Refuse to pay what cannot be paid with the balance.

        :return: a pair of what the balance loses, and what it pays of the invoice in
            the invoice's currency
        :raise UserError: saying why not
        """
        if problem := self._why_not(participant, invoice, by_staff=by_staff):
            raise refusal("not_payable", problem)
        participant._check_available(amount)
        due = self._due(participant, invoice)
        if participant.currency_id.compare_amounts(amount, due) > 0:
            if self._open_amount(invoice) < invoice.amount_residual:
                raise refusal(
                    "more_than_due",
                    self.env._(
                        "A payment of %(invoice)s is on its way: only %(due)s is "
                        "still to be paid.",
                        due=participant._money(due),
                        invoice=invoice.name,
                    ),
                )
            raise refusal(
                "more_than_due",
                self.env._(
                    "Only %(due)s of %(invoice)s is still to be paid.",
                    due=participant._money(due),
                    invoice=invoice.name,
                ),
            )
        if not by_staff:
            self._check_limits(participant, amount, due)
        taken, on_invoice = self._settlement(participant, invoice, amount)
        if invoice.currency_id.is_zero(on_invoice):
            raise refusal(
                "invalid_amount",
                self.env._(
                    "That is less than the smallest amount in %(currency)s. Enter a "
                    "larger amount.",
                    currency=invoice.currency_id.name,
                ),
            )
        return taken, on_invoice

    def _book(self):
        """Post the entry and reconcile both of its sides."""
        self.ensure_one()
        invoice, program = self.invoice_id, self.program_id
        receivable = invoice.line_ids.filtered(
            lambda item: item.display_type == "payment_term" and not item.reconciled
        ).sorted(lambda item: (item.date_maturity or item.date, item.id))
        if len(receivable.account_id) > 1:
            raise refusal(
                "not_payable",
                self.env._(
                    "The invoice is open on several accounts; ask the accountant."
                ),
            )
        moves = self.env["account.move"].with_company(invoice.company_id)
        entry = moves.with_context(skip_invoice_sync=True).create(
            {
                "move_type": "entry",
                "journal_id": program.journal_id.id,
                "company_id": invoice.company_id.id,
                "date": self.program_id._today(),
                "ref": f"{self.name}, {invoice.name}",
                "referral_redemption_id": self.id,
                "line_ids": [
                    Command.create(vals) for vals in self._prepare_items(receivable)
                ],
            }
        )
        entry._post(soft=False)
        self.move_id = entry
        own = entry.line_ids.filtered(
            lambda item: item.account_id == receivable.account_id
        )
        (own | receivable).reconcile()
        self.participant_id._settle_ledger()

    def _prepare_items(self, receivable):
        """Return the values of the entry's two items."""
        partner = self.participant_id.partner_id
        name = f"{self.name}, {self.invoice_id.name}"
        return [
            {
                "account_id": self.program_id.liability_account_id.id,
                "partner_id": partner.id,
                "name": name,
                "balance": self.amount,
                "currency_id": self.currency_id.id,
                "amount_currency": self.amount,
            },
            {
                "account_id": receivable.account_id.id,
                "partner_id": receivable.partner_id[:1].id or partner.id,
                "name": name,
                "balance": -self.amount,
                "currency_id": self.invoice_currency_id.id,
                "amount_currency": -self.invoice_amount,
            },
        ]

    # === UNDOING === #

    def action_undo(self):
        """Give the amounts back to the balance: the invoices are open again."""
        self.check_access("write")
        self.env["referral.program"]._check_accountant()
        # sudo: accountants undo by this button only
        self.sudo()._undo()

    def _undo(self):
        """Reverse the entries of what is not undone yet: the balance has it again.

        The button comes here, and whoever takes the reconciliation with the invoice
        back (``unlink`` of ``account.partial.reconcile``). What an accountant reverses
        goes through :meth:`_undo_by_reversals`.
        """
        self.participant_id._lock_money()
        for redemption in self.filtered(lambda r: r.state == "done"):
            redemption.move_id._reverse_moves(
                [
                    {
                        "date": redemption.program_id._today(),
                        "ref": f"{redemption.name}, {redemption.invoice_id.name}",
                    }
                ],
                cancel=True,
            )

    # === ACTION METHODS === #

    def action_view_entry(self):
        """Open the journal entry."""
        self.ensure_one()
        return self.move_id._get_records_action(context={})
