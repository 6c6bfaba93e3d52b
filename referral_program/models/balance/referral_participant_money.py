from math import isfinite

from odoo import fields, models
from odoo.fields import NO_ACCESS
from odoo.tools import SQL, float_compare, format_date, formatLang

from ...tools.actions import window
from ...tools.counting import count_of
from ...tools.refusals import refusal


class ReferralParticipant(models.Model):
    """The participant's money: the balance, and what of it can go out."""

    _inherit = "referral.participant"

    balance = fields.Monetary(
        "Referral Balance",
        compute="_compute_balance",
        help="What the company owes the participant: the sum of the posted items on "
        "the program's liability account.",
    )
    reserved_balance = fields.Monetary(
        "Reserved",
        compute="_compute_balance",
        help="The amount reserved by open withdrawals until they are billed.",
    )
    available_balance = fields.Monetary(
        compute="_compute_balance",
        help="The part of the balance that can be withdrawn or used now: the balance "
        "less the amounts reserved by open withdrawals.",
    )
    withdrawal_ids = fields.One2many(
        "referral.withdrawal", "participant_id", "Withdrawals"
    )
    withdrawal_count = fields.Integer(
        compute=count_of("withdrawal_count", "referral.withdrawal", "participant_id")
    )
    redemption_ids = fields.One2many(
        "referral.redemption", "participant_id", "Redemptions"
    )
    redemption_count = fields.Integer(
        compute=count_of("redemption_count", "referral.redemption", "participant_id")
    )
    mail_statement = fields.Boolean(
        "E-mail Statements",
        default=True,
        tracking=True,
        help="E-mail the participant each monthly statement.",
    )
    money_steps = fields.Integer(
        default=0,
        required=True,
        readonly=True,
        copy=False,
        groups=NO_ACCESS,  # nobody sets it to where counting ends
        help="Steps taken so far.",
    )

    # === COMPUTE METHODS === #

    def _compute_balance(self):
        balances, reserved = self._balances(), self._reserved()
        for participant in self:
            balance = balances.get(participant, 0.0)
            amount = reserved.get(participant, 0.0)
            participant.balance = balance
            participant.reserved_balance = amount
            participant.available_balance = max(
                participant.currency_id.round(balance - amount), 0.0
            )

    # === BALANCE === #

    def _balance(self):
        """Return what the company owes this participant, from the general ledger.

        :return float: in the company's currency; negative if the participant
            owes the company
        """
        self.ensure_one()
        return self._balances().get(self, 0.0)

    def _balances(self):
        """Return the balance of each participant.

        :return dict: participant → amount in the company's currency
        """
        # sudo: the balance is the participant's own; who may read the participant
        # may read it, but not the journal items behind it
        items = self.env["account.move.line"].sudo()
        balances = {}
        for program, participants in self.grouped("program_id").items():
            by_partner = dict(
                items._read_group(
                    [
                        *program._ledger_domain(),
                        ("partner_id", "in", participants._ledger_contacts().ids),
                    ],
                    ["partner_id"],
                    ["balance:sum"],
                )
            )
            for participant in participants:
                balance = sum(
                    by_partner.get(contact, 0.0)
                    for contact in participant._ledger_contacts()
                )
                balances[participant] = program.currency_id.round(-balance)
        return balances

    def _ledger_contacts(self):
        """Return the contacts whose items the balances consist of.

        Besides the clients themselves those from whom a membership was moved.
        """
        # sudo: as in :meth:`_balances`
        return self.partner_id | self.sudo().former_contact_ids.partner_id

    def _reserved(self):
        """Return what open withdrawals hold of each balance.

        :return dict: participant → amount in the company's currency, if there is any
        """
        # sudo: as in :meth:`_balances`
        withdrawals = self.env["referral.withdrawal"].sudo()
        return dict(
            withdrawals._read_group(
                [("participant_id", "in", self.ids), ("reserved_amount", "!=", 0)],
                ["participant_id"],
                ["reserved_amount:sum"],
            )
        )

    def _availables(self):
        """Return balance less reservations of each participant, below zero too.

        :return dict: participant → amount in the company's currency
        """
        reserved = self._reserved()
        return {
            participant: participant.currency_id.round(
                balance - reserved.get(participant, 0.0)
            )
            for participant, balance in self._balances().items()
        }

    def _ledger_item_domain(self):
        """Return the domain of the posted items that the balance consists of."""
        self.ensure_one()
        return [
            *self.program_id._ledger_domain(),
            ("partner_id", "in", self._ledger_contacts().ids),
        ]

    def _settle_ledger(self):
        """Reconcile what was taken with what was earned, the oldest first."""
        # sudo: the items are the program's; an accountant of it may not own the rest
        items = self.env["account.move.line"].sudo()
        for program, participants in self.grouped("program_id").items():
            still_open = items.search(
                [
                    *program._ledger_domain(),
                    ("partner_id", "in", participants._ledger_contacts().ids),
                    ("reconciled", "=", False),
                ]
            )
            plan = [
                own
                for own in still_open.grouped("partner_id").values()
                if min(own.mapped("balance")) < 0 < max(own.mapped("balance"))
            ]
            if plan:
                # reconciling changes no line of a bill, so that none is made anew
                items.with_context(skip_invoice_sync=True)._reconcile_plan(plan)

    # === TAKING FROM IT === #

    def _lock_money(self):
        """Let one transaction at a time take from these balances.

        The lock alone would not do: whoever got it just after another transaction's
        commit would still look at the balance from before. Counting the step makes
        PostgreSQL refuse such a one, and Odoo runs it again.
        """
        if not self.ids:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE referral_participant
                   SET money_steps = money_steps + 1
                 WHERE id IN (SELECT id FROM referral_participant
                               WHERE id IN %s ORDER BY id FOR NO KEY UPDATE)
                """,
                tuple(self.ids),
            )
        )
        self.invalidate_recordset(["money_steps"])

    def _check_amount(self, amount):
        """Refuse what is no amount of money above zero.

        :param float amount: in the company's currency
        :raise UserError: saying what to enter
        """
        self.ensure_one()
        currency = self.currency_id
        # rounding multiplies, which breaks down where that is infinite
        if not isfinite(amount * 1e9) or currency.compare_amounts(amount, 0) <= 0:
            raise refusal("invalid_amount", self.env._("Enter an amount above zero."))
        if float_compare(amount, currency.round(amount), precision_digits=6):
            raise refusal(
                "invalid_amount",
                self.env._(
                    "Amounts in %(currency)s can have at most %(decimals)s decimals.",
                    currency=currency.name,
                    decimals=currency.decimal_places,
                ),
            )

    def _check_available(self, amount):
        """Refuse to take more than there is, or nothing.

        :param float amount: in the company's currency
        :raise UserError: saying what is available
        """
        self._check_amount(amount)
        currency = self.currency_id
        available = self._availables()[self]
        if currency.compare_amounts(amount, available) > 0:
            raise refusal(
                "insufficient_balance",
                self.env._(
                    "Only %(available)s is available.",
                    available=self._money(max(available, 0.0)),
                ),
            )

    def _owns_account(self, bank_account):
        """Return whether money for this participant may go to a bank account."""
        self.ensure_one()
        # sudo: participants read no bank accounts
        account = bank_account.sudo()
        own = self.partner_id.commercial_partner_id
        return account.active and account.partner_id.commercial_partner_id == own

    def _money(self, amount, currency=None):
        """Return an amount as the viewer reads it."""
        return formatLang(
            self.env, amount, currency_obj=currency or self.currency_id
        ).replace("\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}")

    def _why_no_payout(self, *, settling=False):
        """Return why the participant cannot withdraw anything now, or an empty text.

        Asked when money is requested, and once more when it is billed.

        :param bool settling: staff pay what an ended participation left: then it
            needs neither documents nor agreements any more
        """
        self.ensure_one()
        if settling and self.state == "closed":
            return ""
        if self.state in ("draft", "submitted"):
            return self.env._("Your documents are not verified yet.")
        if self.state == "suspended":
            return self.env._("Your participation is suspended.")
        if self.state != "active":
            return self.env._(
                "Your participation has ended. Contact us about the remaining balance."
            )
        if self._open_documents():
            return self.env._("Documents have to be uploaded or verified first.")
        if not self.agreements_current:
            return self.env._("Accept the agreements first.")
        return ""

    # === WHAT HAPPENED TO IT === #

    def _by_month(self, count):
        """Return what the participant got in the last posted months.

        :param int count: how many months
        :return: pairs of a month's first day and the amount, oldest first
        """
        self.ensure_one()
        accruals = self.env["referral.accrual"].search_fetch(
            [("program_id", "=", self.program_id.id), ("state", "=", "posted")],
            ["period_start"],
            order="period_start desc",
            limit=count,
        )
        amounts = {
            compensation.accrual_id: compensation.amount
            for compensation in self.env["referral.compensation"].search_fetch(
                [
                    ("participant_id", "=", self.id),
                    ("accrual_id", "in", accruals.ids),
                ],
                ["accrual_id", "amount"],
            )
        }
        return [
            (accrual.period_start, amounts.get(accrual, 0.0))
            for accrual in accruals.sorted("period_start")
        ]

    def _movements(self, limit):
        """Return the latest movements of the balance, as plain data.

        :param int limit: how many
        :return: a list of dictionaries with ``date``, ``title``, ``url`` (of the
            document in the portal, or False) and ``amount``, latest first
        """
        self.ensure_one()
        # sudo: as in :meth:`_balances`
        items = self.env["account.move.line"].sudo()
        found = items.search_fetch(
            self._ledger_item_domain(),
            ["date", "balance", "move_id"],
            order="date desc, id desc",
            limit=limit,
        )
        found.move_id.fetch(["name", "reversed_entry_id", "referral_accrual_id"])
        self.statement_ids.fetch(["accrual_id"])
        return [
            {
                "date": item.date,
                "amount": -item.balance,
                **self._describe_movement(item),
            }
            for item in found
        ]

    def _describe_movement(self, item):
        """Return title and address of what moved the balance."""
        move, kind = item.move_id, item.referral_kind
        undone = bool(move.reversed_entry_id)
        url = False
        if kind == "accrual":
            accrual = move.referral_accrual_id
            month = format_date(self.env, accrual.period_start, date_format="LLLL y")
            title = self.env._("Compensation for %(month)s", month=month)
            statement = self.statement_ids.filtered(lambda s: s.accrual_id == accrual)
            url = f"/my/referral/billing/{statement.id}" if statement else False
        elif kind == "withdrawn":
            bills = move | move.reversed_entry_id
            withdrawal = bills.referral_withdrawal_ids[:1]
            title = (
                self.env._("Withdrawal %(number)s returned", number=withdrawal.name)
                if undone
                else self.env._("Withdrawal %(number)s", number=withdrawal.name)
            )
            url = "/my/referral/withdraw"
        elif kind == "used_for_invoices":
            entries = move | move.reversed_entry_id
            invoice = entries.referral_redemption_id[:1].invoice_id
            title = (
                self.env._("Payment of %(invoice)s undone", invoice=invoice.name)
                if undone
                else self.env._("Payment of %(invoice)s", invoice=invoice.name)
            )
            url = invoice.access_url
        else:
            title = self.env._("Correction %(entry)s", entry=move.name)
        return {"title": title, "url": url}

    # === ACTION METHODS === #

    def action_view_ledger(self):
        """Open the journal items that the balance consists of."""
        self.ensure_one()
        return window(
            self.env,
            "account.action_account_moves_all",
            [
                *self.program_id._ledger_domain(),
                ("partner_id", "in", self._ledger_contacts().ids),
            ],
        )

    def action_view_withdrawals(self):
        """Open the withdrawals of these participants."""
        return self._window("referral_withdrawal_action")

    def action_view_redemptions(self):
        """Open the redemptions of these participants."""
        return self._window("referral_redemption_action")
