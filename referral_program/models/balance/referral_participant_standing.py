from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.failures import BUSY
from ..participant.referral_representative import MONEY_ROLES

#: What a standing withdrawal consists of, and automatic payment: set in the portal
#: only.
STANDING = frozenset(
    {
        "standing_amount",
        "standing_account_id",
        "standing_details",
        "standing_user_id",
        "standing_accrual_id",
        "standing_problem",
    }
)
AUTO = frozenset({"auto_redeem", "auto_redeem_user_id"})


class ReferralParticipant(models.Model):
    """What is done with the balance by itself, as the participant set it up.

    The standing withdrawal, of all that is available after each month's crediting, is
    asked for as the participant would ask, with all checks, by whoever set it up;
    nothing of it goes past approval, billing or four eyes. Own invoices are paid when
    they are posted.
    """

    _inherit = "referral.participant"

    standing_amount = fields.Monetary(
        "Withdraw Monthly From",
        readonly=True,
        copy=False,
        tracking=True,
        help="After each month's crediting all that is available is withdrawn, if it "
        "is at least this amount. Zero: only when the participant asks.",
    )
    standing_account_id = fields.Many2one(
        "res.partner.bank",
        "Monthly Payee Account",
        readonly=True,
        copy=False,
        tracking=True,
    )
    standing_details = fields.Char(
        "Monthly Account as Chosen",
        readonly=True,
        copy=False,
        help="Number, holder and bank of the account when it was chosen.",
    )
    standing_user_id = fields.Many2one(
        "res.users",
        "Monthly Withdrawal Set Up By",
        readonly=True,
        copy=False,
        tracking=True,
    )
    standing_accrual_id = fields.Many2one(
        "referral.accrual",
        "Monthly Withdrawal Done For",
        readonly=True,
        copy=False,
        help="The last month whose crediting was followed.",
    )
    standing_problem = fields.Char(
        "Why Not Withdrawn",
        readonly=True,
        copy=False,
        help="Why the last monthly withdrawal could not be made; the participant was "
        "told once. It is tried again each day.",
    )

    auto_redeem = fields.Boolean(
        "Pay Invoices Automatically",
        readonly=True,
        copy=False,
        tracking=True,
        help="The participant's own invoices are paid from the balance when they are "
        "posted, as far as it reaches.",
    )
    auto_redeem_user_id = fields.Many2one(
        "res.users",
        "Automatic Payment Switched On By",
        readonly=True,
        copy=False,
        tracking=True,
    )

    _standing_idx = models.Index("(program_id) WHERE standing_amount > 0")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_set_by_participant(vals)
        if not self.env.su:
            # neither by way of the context
            unset = dict.fromkeys(STANDING | AUTO, False)
            vals_list = [{**vals, **unset} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        self._check_set_by_participant(vals)
        return super().write(vals)

    def _check_set_by_participant(self, vals):
        """Refuse staff who have money withdrawn, or used for invoices, by itself."""
        if not self.env.su and (STANDING | AUTO) & vals.keys():
            raise UserError(
                self.env._(
                    "Only the participant sets up what is withdrawn, or used for "
                    "invoices, automatically: in the portal."
                )
            )

    # === SETTING IT UP === #

    def _set_standing(self, amount, account):
        """Have all that is available withdrawn after each month's crediting.

        The month that was credited last is over: it begins with the next one.

        :param float amount: at least that much has to be available
        :param account: one of the participant's ``res.partner.bank``, trusted
        :raise UserError: saying why it cannot be
        """
        self.ensure_one()
        if refusal := self._why_no_payout():
            raise UserError(refusal)
        self._check_amount(amount)
        self.env["referral.withdrawal"]._check_minimum(self, amount)
        if not self._owns_account(account) or not account._is_trusted_by(
            self.company_id
        ):
            raise UserError(
                self.env._("Choose one of your accounts that we have checked already.")
            )
        # sudo: participants write nothing; this is their own
        participant = self.sudo()
        participant._lock_money()
        participant._check_changes_today()
        participant.write(
            {
                "standing_amount": amount,
                "standing_account_id": account.id,
                "standing_details": self._standing_account(account),
                "standing_user_id": self.env.user.id,
                "standing_accrual_id": self._last_credited(self.program_id).id,
                "standing_problem": False,
            }
        )
        participant._notify_owners(
            lambda env: env._(
                "%(user)s set up a monthly withdrawal to the account …%(number)s, from "
                "%(amount)s on.",
                user=self.env.user.name,
                number=account.sudo().sanitized_acc_number[-4:],
                amount=participant.with_env(env)._money(amount),
            )
        )

    def action_stop_automatic(self):
        """Withdraw nothing, and pay no invoices, by itself any more.

        :raise AccessError: if the user is no accountant of the program
        """
        self.env["referral.program"]._check_accountant()
        self.check_access("read")
        self._stop_standing()
        self._stop_auto_redeem()

    def _stop_standing(self):
        """Withdraw nothing any more but what is asked for."""
        # sudo: as above
        for participant in self.sudo().filtered("standing_amount"):
            participant.write(dict.fromkeys(STANDING, False))
            participant._notify_owners(
                lambda env: env._(
                    "%(user)s stopped the monthly withdrawal.", user=self.env.user.name
                )
            )

    def _standing_account(self, account):
        """Return what a payee account is, to see whether it was changed since."""
        details = self.env["referral.withdrawal"]._account_details(account)
        return " · ".join(filter(None, details.values()))

    def _last_credited(self, program):
        """Return a program's last month that is posted; empty before the first."""
        # sudo: participants read no accruals
        accruals = self.env["referral.accrual"].sudo()
        return accruals.search(
            [("program_id", "=", program.id), ("state", "=", "posted")],
            order="period_start desc",
            limit=1,
        )

    # === MAKING IT === #

    def _cron_standing(self):
        """Make the standing withdrawals of all programs, each for itself."""
        programs = self.env["referral.program"]
        # sudo: participants' wishes are the program's to fulfil
        due = self.sudo().browse()
        for program in programs.search([]):  # pylint: disable=no-search-all
            due |= due._with_standing_due(program)
        programs._checkpoint(remaining=len(due))
        for participant in due:
            program = participant.program_id
            program._isolated(
                participant._withdraw_standing,
                partial(program._report_failure, "standing"),
                "ir_cron_standing",
            )
            if not programs._checkpoint(1):
                break

    def _with_standing_due(self, program):
        """Return whose month was credited, and not withdrawn yet."""
        credited = self._last_credited(program)
        if not credited:
            return self.browse()
        return self.search(
            [
                ("program_id", "=", program.id),
                ("standing_amount", ">", 0),
                ("state", "in", ("active", "suspended")),
                ("standing_accrual_id", "!=", credited.id),
            ],
            order="id",
        )

    def _withdraw_standing(self):
        """Ask for all that is available; say once why it cannot be."""
        self.ensure_one()
        self._lock_money()
        credited = self._last_credited(self.program_id)
        available = self._availables()[self]
        least = max(self.standing_amount, self.program_id.min_withdrawal)
        done = {"standing_accrual_id": credited.id, "standing_problem": False}
        if self.currency_id.compare_amounts(available, least) < 0:
            self.write(done)
            return
        try:
            with self.env.cr.savepoint():
                self._request_standing(available, credited)
        except BUSY:
            raise
        except UserError as error:
            self._tell_standing_problem(str(error.args[0]))
        else:
            self.write(done)

    def _request_standing(self, amount, credited):
        """Ask for an amount in the name of who set it up.

        :raise UserError: in words for the participant
        """
        user, account = self.standing_user_id, self.standing_account_id
        # in the language of who is told why not
        own = self.with_user(user).with_context(lang=self._mail_lang())
        if not self._acts(user, *MONEY_ROLES):
            raise UserError(
                own.env._(
                    "Whoever set it up may not withdraw any more. Set it up again, or "
                    "stop it."
                )
            )
        if (
            not account._is_trusted_by(self.company_id)
            or self._standing_account(account) != self.standing_details
        ):
            raise UserError(
                own.env._(
                    "The account was changed, or is being checked. Set it up again "
                    "once it is checked."
                )
            )
        own.env["referral.withdrawal"]._request(
            own, amount, account, key=f"standing-{credited.id}"
        )

    def _tell_standing_problem(self, text):
        """Keep why nothing was withdrawn, and write to the participant once."""
        is_new = not self.standing_problem
        self.standing_problem = text
        if is_new:
            self.with_context(referral_reason=text)._send(
                "referral_program.mail_template_standing_refused"
            )

    # === OWN INVOICES === #

    def _start_auto_redeem(self):
        """Have own invoices paid from the balance when they are posted.

        :raise UserError: if the balance pays no invoices, or not theirs
        """
        self.ensure_one()
        if not self.program_id.redemption_allowed:
            raise UserError(
                self.env._("Invoices cannot be paid from the referral balance.")
            )
        if self.state != "active":
            raise UserError(
                self.env._(
                    "Only active participants can pay from the referral balance."
                )
            )
        # sudo: participants write nothing; this is their own
        participant = self.sudo()
        if participant.auto_redeem:
            return
        participant._check_changes_today()
        participant.write({"auto_redeem": True, "auto_redeem_user_id": self.env.uid})
        participant._notify_owners(
            lambda env: env._(
                "%(user)s switched on that your invoices are paid from the referral "
                "balance when they are issued.",
                user=self.env.user.name,
            )
        )

    def _stop_auto_redeem(self):
        """Pay no invoices but those that somebody chooses."""
        # sudo: as above
        for participant in self.sudo().filtered("auto_redeem"):
            participant.write({"auto_redeem": False, "auto_redeem_user_id": False})
            participant._notify_owners(
                lambda env: env._(
                    "Your invoices are not paid from the referral balance by "
                    "themselves any more."
                )
            )
