from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.refusals import refusal
from ...tools.roles import check_role

#: Withdrawals that one participant may request a day, whatever became of them.
MAX_A_DAY = 5


class ReferralWithdrawal(models.Model):
    """What is asked when money is requested, and once more when it is billed."""

    _inherit = "referral.withdrawal"

    by_staff = fields.Boolean(
        "Settled by Staff",
        readonly=True,
        copy=False,
        tracking=True,
        help="Staff decided to pay this. Only so is something paid out after a "
        "participation has ended.",
    )
    participant_state = fields.Selection(
        related="participant_id.state", string="Participant State"
    )
    requested_number = fields.Char(
        "Account Number as Requested", readonly=True, copy=False, tracking=True
    )
    requested_holder = fields.Char(
        "Account Holder as Requested", readonly=True, copy=False, tracking=True
    )
    requested_bank = fields.Char(
        "Bank as Requested", readonly=True, copy=False, tracking=True
    )
    account_changed = fields.Boolean(
        compute="_compute_account_changed",
        compute_sudo=True,
        help="Number, holder or bank of the account are not as they were when the "
        "withdrawal was requested.",
    )

    @api.depends(
        "requested_number",
        "requested_holder",
        "requested_bank",
        "bank_account_id.acc_number",
        "bank_account_id.acc_holder_name",
        "bank_account_id.bank_id.name",
        "bank_account_id.bank_id.bic",
        "bank_account_id.referral_bank_name",
        "bank_account_id.referral_bic",
    )
    def _compute_account_changed(self):
        for withdrawal in self:
            details = self._account_details(withdrawal.bank_account_id)
            withdrawal.account_changed = any(
                withdrawal[name] != value for name, value in details.items()
            )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            # refused, whatever was sent
            return super().create(vals_list)
        accounts = self.env["res.partner.bank"]
        return super().create(
            [
                {
                    **vals,
                    **self._account_details(accounts.browse(vals["bank_account_id"])),
                }
                for vals in vals_list
            ]
        )

    def _account_details(self, account):
        """Return the values that keep where the money is to go."""
        # sudo: participants read no bank accounts
        account = account.sudo()
        return {
            "requested_number": account.sanitized_acc_number,
            "requested_holder": account.acc_holder_name or account.partner_id.name,
            "requested_bank": account._referral_bank() or False,
        }

    # === ASKED WHEN REQUESTING === #

    def _check_day(self, participant):
        """Refuse more requests a day than anybody needs, cancelled ones included.

        :raise UserError: if there were as many today
        """
        program = participant.program_id
        # sudo: participants read no withdrawals; these are counted only
        today = self.sudo().search_count(
            [
                ("participant_id", "=", participant.id),
                ("by_staff", "=", False),
                ("requested_on", ">=", program._beginning_of(program._today())),
            ],
            limit=MAX_A_DAY,
        )
        if today >= MAX_A_DAY:
            raise refusal(
                "too_many_today",
                self.env._(
                    "At most %(count)s withdrawals can be requested a day, cancelled "
                    "ones included. Try again tomorrow.",
                    count=MAX_A_DAY,
                ),
            )

    def _check_payout(self, participant, *, by_staff=False):
        """Refuse to pay whoever may not be paid now.

        :param bool by_staff: whether staff decided to pay
        :raise UserError: in words for the participant, or for staff if they ask
        """
        reason = participant._why_no_payout(settling=by_staff)
        if reason and by_staff:
            reason = self._payout_problem(participant, reason)
        if reason:
            raise refusal("payout_not_allowed", reason)

    def _payout_problem(self, participant, reason):
        """Return for staff why a participant is not paid."""
        return self.env._(
            "%(participant)s cannot be paid now. The participant is told: %(reason)s",
            participant=participant.display_name,
            reason=reason,
        )

    # === ASKED ONCE MORE WHEN BILLING === #

    def _check_as_requested(self):
        """Refuse to bill what would be refused today, or go elsewhere.

        :raise UserError: saying what has changed since the request
        """
        self.ensure_one()
        participant = self.participant_id
        if reason := participant._why_no_payout(settling=self.by_staff):
            raise UserError(self._payout_problem(participant, reason))
        if self.account_changed:
            now = self._account_details(self.bank_account_id)
            raise UserError(
                self.env._(
                    "%(withdrawal)s: the account was changed after the request, from "
                    "%(old)s to %(new)s. Ask the participant, then confirm the "
                    "account, or refuse the withdrawal so that it can be requested "
                    "again.",
                    withdrawal=self.name,
                    old=", ".join(filter(None, (self[name] for name in now))),
                    new=", ".join(filter(None, now.values())),
                )
            )

    # === ACTION METHODS === #

    def action_trust_account(self):
        """Trust the payee accounts: money may be sent to them."""
        self._check_may_decide()
        check_role(
            self.env,
            self.env._("You may not trust bank accounts. Ask an accountant."),
            "account.group_validate_bank_account",
        )
        # sudo: Odoo also asks for the right to edit contacts
        self.bank_account_id.sudo().write({"allow_out_payment": True})

    def action_confirm_account(self):
        """Take the payee accounts as they are now."""
        self._check_may_decide()
        waiting = self.filtered(lambda w: w.state == "requested")
        waiting._involve()
        # sudo: accountants confirm accounts by this button only
        for withdrawal in waiting.sudo():
            withdrawal.write(
                {
                    **self._account_details(withdrawal.bank_account_id),
                    "problem": False,
                }
            )

    def action_settle(self):
        """Let what ended participations asked for before they ended be paid."""
        self._check_may_decide()
        ended = self.filtered(
            lambda w: w.state == "requested" and w.participant_state == "closed"
        )
        ended._involve()
        # sudo: accountants settle by this button only
        ended.sudo().write({"by_staff": True, "problem": False})
