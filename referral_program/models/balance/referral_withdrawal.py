from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.refusals import refusal

#: What staff or the participant may decide before there is a bill.
DECISIONS = [("refused", "Refused"), ("cancelled", "Cancelled")]
#: What a bill's payment is when there is nothing left to pay.
SETTLED = ("in_payment", "paid", "reversed")
ACTIVITY = "referral_program.mail_activity_withdrawal"
#: Withdrawals of one participant that may be open at a time.
MAX_OPEN = 20


class ReferralWithdrawal(models.Model):
    """A request for money; becomes a vendor bill.

    It holds its amount of the balance until the bill is posted, because from then
    on the ledger itself is lower. The state follows the decision and the bill;
    nobody sets it.
    """

    _name = "referral.withdrawal"
    _description = "Referral Withdrawal"
    _inherit = [
        "referral.payment.mixin",
        "referral.sight.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "id desc"
    _rec_names_search = ["name", "participant_id"]
    _check_company_auto = True

    amount = fields.Monetary(
        "Amount Requested",
        required=True,
        readonly=True,
        aggregator=None,
        help="The amount that the participant requested.",
    )
    billed_amount = fields.Monetary(
        "Billed",
        readonly=True,
        copy=False,
        aggregator=None,
        help="The amount that the bill deducts from the balance: the sum of its lines "
        "on the program's liability account, when it was last posted.",
    )
    reserved_amount = fields.Monetary(
        "Reserved",
        compute="_compute_state",
        store=True,
        help="The amount of the balance that the withdrawal reserves until its bill "
        "is posted.",
    )
    bank_account_id = fields.Many2one(
        "res.partner.bank",
        "Payee Account",
        readonly=True,
        required=True,
        check_company=True,
    )
    account_trusted = fields.Boolean(
        compute="_compute_account_trusted",
        search="_search_account_trusted",
        help="Somebody of the program's company trusted the account: those of other "
        "companies may trust the accounts of contacts that all share, too.",
    )
    requested_on = fields.Datetime(
        readonly=True, default=fields.Datetime.now, copy=False
    )
    requester_id = fields.Many2one(
        "res.users",
        "Requested By",
        readonly=True,
        copy=False,
        default=lambda self: self.env.user,
    )
    approved_on = fields.Datetime(readonly=True, copy=False, tracking=True)
    approver_id = fields.Many2one(
        "res.users", "Approved By", readonly=True, copy=False, tracking=True
    )
    decision = fields.Selection(DECISIONS, readonly=True, copy=False, tracking=True)
    reason = fields.Char(
        readonly=True, copy=False, tracking=True, help="Shown to the participant."
    )
    problem = fields.Char(
        readonly=True,
        copy=False,
        tracking=True,
        help="Why the scheduled action could not create the bill.",
    )
    bill_id = fields.Many2one(
        "account.move",
        "Vendor Bill",
        readonly=True,
        copy=False,
        ondelete="restrict",
        tracking=True,
        check_company=True,
    )
    request_key = fields.Char(
        readonly=True,
        copy=False,
        help="The form's own key: if it is sent twice, only one withdrawal is created.",
    )
    bill_payment_state = fields.Selection(
        related="bill_id.payment_state", string="Bill Payment Status"
    )
    state = fields.Selection(
        [
            ("requested", "Requested"),
            ("billed", "Billed"),
            ("paid", "Paid"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_state",
        store=True,
        tracking=True,
        index=True,
    )

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "Enter an amount above zero."
    )
    _request_key_unique = models.UniqueIndex(
        "(participant_id, request_key) WHERE request_key IS NOT NULL"
    )
    _bill_unique = models.UniqueIndex("(bill_id) WHERE bill_id IS NOT NULL")
    _reserved_idx = models.Index("(participant_id) WHERE reserved_amount <> 0")

    # === COMPUTE METHODS === #

    @api.depends(
        "decision",
        "amount",
        "billed_amount",
        "bill_id.state",
        "bill_id.payment_state",
    )
    def _compute_state(self):
        for withdrawal in self:
            # sudo: the state is for whoever reads the withdrawal, not the bill
            bill = withdrawal.sudo().bill_id
            state = withdrawal.decision or "requested"
            if bill and not withdrawal.decision:
                state = withdrawal._state_of_bill(bill)
            is_reserved = (
                state == "requested" or state == "billed" and bill.state == "draft"
            )
            withdrawal.state = state
            withdrawal.reserved_amount = (
                (withdrawal.billed_amount or withdrawal.amount) if is_reserved else 0.0
            )

    def _state_of_bill(self, bill):
        if bill.state == "cancel":
            return "cancelled"
        if bill.state != "posted" or bill.payment_state not in SETTLED:
            return "billed"
        if bill.payment_state == "reversed" and self._is_given_back(bill):
            return "cancelled"
        return "paid"

    def _is_given_back(self, bill):
        """Return whether the refunds of a bill gave its amount back to the balance.

        A refund of something else that the participant sold settles the bill
        without giving anything back.
        """
        refunds = bill._get_reconciled_amls().move_id
        refunded = -sum(refunds._referral_items().mapped("balance"))
        taken = sum(bill._referral_items().mapped("balance"))
        return self.currency_id.compare_amounts(refunded, taken) >= 0

    @api.depends(
        "bank_account_id.allow_out_payment", "bank_account_id.referral_truster_id"
    )
    def _compute_account_trusted(self):
        for withdrawal in self:
            # sudo: whoever reads withdrawals need not read accounts
            account = withdrawal.sudo().bank_account_id
            withdrawal.account_trusted = account._is_trusted_by(withdrawal.company_id)

    def _search_account_trusted(self, operator, value):
        if operator != "in":
            return NotImplemented
        accounts = self.env["res.partner.bank"]
        # sudo: a domain finds nothing of companies that the reader does not see
        programs = self.env["referral.program"].sudo().with_context(active_test=False)
        return Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("bank_account_id", "any!", accounts._trusted_by_domain(company))
            for company in programs.search([]).company_id
        )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise UserError(
                self.env._(
                    "Withdrawals cannot be entered directly. Use the button Withdraw "
                    "of the participant."
                )
            )
        for vals in vals_list:
            participant = self.env["referral.participant"].browse(
                vals["participant_id"]
            )
            program = participant.program_id
            vals["name"] = program._next_number("referral.withdrawal")
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and vals.keys() & self._protected_fields():
            raise UserError(
                self.env._(
                    "A withdrawal cannot be edited. Use its buttons, or change its "
                    "bill."
                )
            )
        return super().write(vals)

    def _protected_fields(self):
        """Return the fields that say something about money."""
        return {
            name for name, field in self._fields.items()
            if field.store and not name.startswith(("activity_", "message_"))
        }  # fmt: skip

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._("Withdrawals cannot be deleted. Refuse them instead.")
        )

    # === REQUESTING === #

    def _request(self, participant, amount, bank_account, *, by_staff=False, key=False):
        """Ask for money from a participant's balance.

        :param participant: whose balance
        :param float amount: in the company's currency
        :param bank_account: the participant's own ``res.partner.bank``
        :param bool by_staff: staff may settle what an ended participation left,
            below the minimum too
        :param str key: the caller's own; the same one returns the same withdrawal
        :return: the ``referral.withdrawal``
        :raise UserError: saying why it cannot be; nothing is kept then
        """
        participant.ensure_one()
        # sudo: participants create no records; what they may is checked here
        participant = participant.sudo()
        participant._lock_money()
        if key and (
            done := participant.withdrawal_ids.filtered(lambda w: w.request_key == key)
        ):
            return done
        participant._check_available(amount)
        self._check_payout(participant, by_staff=by_staff)
        if not by_staff:
            self._check_minimum(participant, amount)
            still_open = [("reserved_amount", "!=", 0)]
            if participant.withdrawal_ids.filtered_domain(still_open)[MAX_OPEN - 1 :]:
                raise refusal(
                    "too_many_open",
                    self.env._("Wait until your other withdrawals are paid."),
                )
            self._check_day(participant)
        if not participant._owns_account(bank_account):
            raise refusal(
                "unknown_account",
                self.env._("Choose one of the participant's own accounts."),
            )
        withdrawal = self.sudo().create(
            {
                "participant_id": participant.id,
                "amount": amount,
                "bank_account_id": bank_account.id,
                "requester_id": self.env.user.id,
                "request_key": key,
                "by_staff": by_staff,
            }
        )
        if by_staff:
            withdrawal._involve()
        withdrawal._after_request()
        return withdrawal

    def _check_minimum(self, participant, amount):
        """Refuse amounts below the program's minimum; staff are not asked."""
        minimum = participant.program_id.min_withdrawal
        if participant.currency_id.compare_amounts(amount, minimum) < 0:
            raise refusal(
                "below_minimum",
                self.env._(
                    "The minimum withdrawal is %(minimum)s. Enter at least that "
                    "amount.",
                    minimum=participant._money(minimum),
                ),
            )

    def _after_request(self):
        """Tell the participant, and the accountant if there is something to do."""
        self._mail_soon()
        program = self.program_id
        if program.withdrawal_policy == "review" or not self.account_trusted:
            self._ask_accountant()

    def _ask_accountant(self, note=""):
        """Plan the accountant's activity about the withdrawal."""
        program = self.program_id
        program._plan_for(program._accountant(), self, ACTIVITY, note)

    # === DECIDING === #

    def _check_may_decide(self):
        """Refuse whoever is not an accountant of the program."""
        self.check_access("write")
        self.env["referral.program"]._check_accountant()

    def action_approve(self):
        """Let the scheduled action make the bills of these withdrawals."""
        self._check_may_decide()
        self._check_not_by_me()
        self._approve()

    def _approve(self):
        waiting = self.sudo()._to_approve()
        waiting.write(
            {"approved_on": fields.Datetime.now(), "approver_id": self.env.user.id}
        )
        waiting.activity_feedback([ACTIVITY])

    def action_refuse(self):
        """Ask for the reason, then refuse."""
        self._check_may_decide()
        return self.env["referral.reason"]._ask(
            self.env._("Refuse"), "refuse_withdrawals", withdrawal_ids=self
        )

    def _refuse(self, reason):
        """Give the amount back to the balance, and tell the participant why.

        :param str reason: in words for the participant
        :raise UserError: if one of them has a bill
        """
        self._check_may_decide()
        self._decide("refused", reason)

    def _cancel(self):
        """Take a request back, before there is a bill.

        :raise UserError: if there is one
        """
        self._decide("cancelled", False)

    def _decide(self, decision, reason):
        # sudo: participants write no records; the state is checked here
        withdrawals = self.sudo()
        withdrawals.participant_id._lock_money()
        late = withdrawals.filtered(lambda w: w.state != "requested")
        if late:
            raise refusal(
                "already_decided",
                self.env._(
                    "%(numbers)s: already decided or billed. To undo a bill, cancel "
                    "or reverse it.",
                    numbers=", ".join(late.mapped("name")),
                ),
            )
        withdrawals.write({"decision": decision, "reason": reason, "problem": False})
        withdrawals.activity_unlink([ACTIVITY])

    # === WHAT IT TELLS === #

    def _money(self):
        """Return the amount as the viewer reads it."""
        self.ensure_one()
        return self.participant_id._money(self.billed_amount or self.amount)

    # === ACTION METHODS === #

    def action_view_bill(self):
        """Open the vendor bill."""
        self.ensure_one()
        return self.bill_id._get_records_action(context={})
