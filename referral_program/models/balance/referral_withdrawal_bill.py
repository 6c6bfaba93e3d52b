import logging

from odoo import Command, models
from odoo.exceptions import UserError

from ...tools.actions import notification, run_soon
from ...tools.batches import batches
from ...tools.failures import BUSY, failure_text, log_failure

_logger = logging.getLogger(__name__)

#: Bills that are made together and kept together. Each batch has Odoo sum up the
#: accruals' entries anew that it is matched with: larger ones are much faster.
BILL_BATCH_SIZE = 200
#: A failing bill is looked for in parts of a batch, then alone.
BILL_PART_SIZE = 20
#: Withdrawals that the button bills while its user waits; more are left to the
#: scheduled action, which begins at once.
BUTTON_LIMIT = 200


class ReferralWithdrawal(models.Model):
    """Making vendor bills of withdrawals: one each, in batches."""

    _inherit = "referral.withdrawal"

    # === CHOOSING === #

    def _cron_bill(self):
        """Bill what may be billed, of all programs, oldest first.

        As a scheduled action it commits each batch. A withdrawal that cannot be
        billed keeps the reason as its problem and does not stop the others.
        """
        programs = self.env["referral.program"]
        # sudo: what is billed here was approved, or needs no approval
        waiting = self.sudo().search(self._to_bill_domain(), order="id")
        programs._checkpoint(remaining=len(waiting))
        programs._in_steps(batches(waiting, BILL_BATCH_SIZE), "_bill_step")

    def _to_bill_domain(self):
        return [
            ("state", "=", "requested"),
            ("account_trusted", "=", True),
            *self._decided_domain(),
        ]

    def _decided_domain(self):
        """Return the domain of withdrawals that need no approval, or have it."""
        return [
            "|",
            ("approved_on", "!=", False),
            "&",
            ("program_id.withdrawal_policy", "=", "automatic"),
            # what staff asked for has somebody to approve it
            "|",
            ("by_staff", "=", False),
            ("program_id.four_eyes", "=", "never"),
        ]

    def action_bill(self):
        """Approve these withdrawals and make their bills.

        One that cannot be billed keeps the reason as its problem and does not stop
        the others.

        :return: a notification
        :raise UserError: naming what stands in the way, if it is one only
        """
        self._check_may_decide()
        waiting = self.filtered(lambda w: w.state == "requested")
        if not waiting:
            raise UserError(self.env._("None of these withdrawals can be billed."))
        alone = len(waiting) == 1
        if alone:
            waiting._check_not_by_me()
        mine = waiting._not_by_me()
        for withdrawal, why in mine.items():
            # sudo: accountants write no withdrawals; the others are billed
            withdrawal.sudo().problem = why
        billing = waiting.filtered(lambda w: w not in mine)
        billing._approve()
        if len(billing) > BUTTON_LIMIT:
            run_soon(self.env, "ir_cron_bill")
            return notification(
                "info",
                self.env._(
                    "%(count)s withdrawals are approved. Their bills are being "
                    "created in the background.",
                    count=len(billing),
                ),
            )
        # sudo: accountants make bills by this button only
        if alone:
            billing.sudo()._bill_or_draft()
        else:
            billing.sudo()._bill_each()
        return waiting._report_bills()

    def action_pay(self):
        """Open Odoo's window that pays the posted bills of these withdrawals.

        :raise UserError: if there is none to pay
        """
        self._check_may_decide()
        bills = self.filtered(lambda w: w.state == "billed").bill_id
        posted = bills.filtered(lambda bill: bill.state == "posted")
        if not posted:
            raise UserError(
                self.env._(
                    "None of these withdrawals has a posted bill to pay. Create the "
                    "bills and post them first."
                )
            )
        return posted.action_register_payment()

    def _report_bills(self):
        """Return a notification: how many were billed, and why each other was not."""
        unbilled = self.filtered(lambda w: w.state == "requested")
        lines = [self.env._("Bills created: %s.", len(self - unbilled))]
        if unbilled:
            lines.append(self.env._("Not created: %s.", len(unbilled)))
        # a problem may begin with the withdrawal's number already
        lines += [
            f"{w.name}: {(w.problem or '').removeprefix(f'{w.name}: ')}"
            for w in self.filtered("problem")
        ]
        return notification("warning" if lines[1:] else "success", " ".join(lines))

    # === BILLING === #

    def _bill_step(self):
        """Bill what of a batch waits still; try it again soon if others are at it."""
        programs = self.env["referral.program"]
        waiting = self.with_context(mail_notify_force_send=False)
        try:
            waiting.filtered_domain(self._to_bill_domain())._bill_each()
            programs._checkpoint(len(self))
        except BUSY as error:
            if not programs._in_job():
                raise
            # somebody took from the same balances meanwhile; nothing of ours is kept
            programs._give_way(error, "ir_cron_bill")
            programs._checkpoint(len(self))

    def _bill_each(self):
        """Bill together; if that fails, in parts, keeping what is wrong with each."""
        try:
            with self.env.cr.savepoint():
                self._bill()
            return
        except BUSY:
            raise
        except Exception:  # whatever it is, it is one withdrawal's
            self.env.invalidate_all()
        if len(self) > BILL_PART_SIZE:
            for part in batches(self, BILL_PART_SIZE):
                part._bill_each()
            return
        for withdrawal in self:
            try:
                withdrawal._bill_or_draft()
            except BUSY:
                raise
            except Exception as error:  # as above
                self.env.invalidate_all()
                log_failure(withdrawal, error)
                withdrawal._report_problem(failure_text(error))

    def _bill_or_draft(self):
        """Make the bill; if it cannot be posted, leave it a draft to be completed.

        Some countries ask for what only a person knows, such as a document number.

        :raise Exception: what speaks against billing, if it is not the posting
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._bill()
            return
        except BUSY:
            raise
        except Exception as error:  # whatever a localisation raises
            self.env.invalidate_all()
            reason = error
        try:
            with self.env.cr.savepoint():
                self._bill(post=False)
        except BUSY:
            raise
        except Exception:
            self.env.invalidate_all()
            raise reason from None
        _logger.info("The bill of withdrawal %s stays a draft: %s", self.id, reason)
        self._report_problem(
            self.env._(
                "The bill is a draft. Complete it and post it: %(reason)s",
                reason=failure_text(reason),
            )
        )

    def _report_problem(self, text):
        """Keep why there is no bill, and tell the accountant once."""
        if self.problem == text:
            return
        _logger.info("Withdrawal %s was not billed: %s", self.id, text)
        self.problem = text
        self._ask_accountant(text)

    def _bill(self, post=True):
        """Make one vendor bill of each withdrawal, and post it if the policy says so.

        :param bool post: whether the policy is asked

        :raise UserError: if one of them cannot be billed; nothing is kept then
        """
        self.participant_id._lock_money()
        self.invalidate_recordset(["state"])
        self._check_can_bill()
        for program, withdrawals in self.grouped("program_id").items():
            moves = self.env["account.move"].with_company(program.company_id)
            numbers = program._next_numbers("referral.self.billing", len(withdrawals))
            # what is logged is their posting
            bills = moves.with_context(mail_create_nolog=True).create(
                [
                    {"ref": number, **withdrawal._prepare_bill_vals()}
                    for withdrawal, number in zip(withdrawals, numbers, strict=True)
                ]
            )
            for withdrawal, bill in zip(withdrawals, bills, strict=True):
                withdrawal.write({"bill_id": bill.id, "problem": False})
                withdrawal._check_bill_amount()
            if post and program.bill_policy == "posted":
                # what Odoo reads of each of its vendors, when it counts their bills
                bills.commercial_partner_id.fetch(["user_ids"])
                bills._post(soft=False)

    def _check_can_bill(self):
        """Refuse to bill what may not be paid out, or is more than there is.

        The account has to be the participant's own, trusted, and as it was when it
        was requested.

        :raise UserError: saying what to do first
        """
        for withdrawal in self:
            if withdrawal.state != "requested":
                raise UserError(
                    self.env._(
                        "%(withdrawal)s is not waiting to be billed.",
                        withdrawal=withdrawal.name,
                    )
                )
            if not withdrawal.participant_id._owns_account(withdrawal.bank_account_id):
                raise UserError(
                    self.env._(
                        "%(withdrawal)s: the account %(account)s is archived, or no "
                        "longer belongs to the participant. Refuse the withdrawal, so "
                        "that another account can be chosen.",
                        withdrawal=withdrawal.name,
                        account=withdrawal.bank_account_id.acc_number,
                    )
                )
            if not withdrawal.account_trusted:
                raise UserError(
                    self.env._(
                        "%(withdrawal)s: the account %(account)s is not trusted yet. "
                        "Check that it belongs to the participant, by phone for "
                        "instance, and mark it as trusted.",
                        withdrawal=withdrawal.name,
                        account=withdrawal.bank_account_id.acc_number,
                    )
                )
            withdrawal._check_approved_by_another()
            withdrawal._check_as_requested()
            if not withdrawal.program_id.bill_journal_id:
                raise UserError(
                    self.env._(
                        "Choose the journal of vendor bills in %(program)s.",
                        program=withdrawal.program_id.name,
                    )
                )
        for participant, available in self.participant_id._availables().items():
            if participant.currency_id.compare_amounts(available, 0) < 0:
                raise UserError(
                    self.env._(
                        "%(participant)s: the open withdrawals exceed the balance, "
                        "because compensations have been reversed since. Refuse "
                        "withdrawals or wait for the next accruals.",
                        participant=participant.display_name,
                    )
                )

    def _prepare_bill_vals(self):
        """Return the values of the vendor bill."""
        self.ensure_one()
        program, partner = self.program_id, self.participant_id.partner_id
        # the bill is in the vendor's language, as Odoo's own are
        described = self.with_context(lang=self.participant_id._mail_lang())
        today = program._today()
        return {
            "move_type": "in_invoice",
            "journal_id": program.bill_journal_id.id,
            "company_id": self.company_id.id,
            "partner_id": partner.id,
            "currency_id": self.currency_id.id,
            "invoice_date": today,
            "date": today,
            "payment_reference": self.name,
            "partner_bank_id": self.bank_account_id.id,
            **(
                {"invoice_payment_term_id": program.bill_payment_term_id.id}
                if program.bill_payment_term_id
                else {}
            ),
            "invoice_line_ids": [
                Command.create(
                    {
                        "name": described.env._(
                            "Referral compensation, withdrawal %(number)s",
                            number=self.name,
                        ),
                        "account_id": program.liability_account_id.id,
                        "quantity": 1,
                        "price_unit": self._bill_price(),
                        # what Odoo computes from the price: it writes no line again
                        "amount_currency": self.amount,
                        "balance": self.amount,
                        "tax_ids": [Command.set(self._bill_taxes().ids)],
                        "analytic_distribution": False,
                    }
                )
            ],
        }

    def _bill_taxes(self):
        """Return the taxes and withholdings of the participant's type."""
        taxes = self.participant_id.type_id.tax_ids
        return taxes._filter_taxes_by_company(self.company_id)

    def _bill_price(self):
        """Return the price that makes the line's untaxed amount the withdrawal's.

        The amount leaves the balance; taxes come on top, withholdings off what is
        paid. A tax included in prices therefore raises the price.
        """
        included = self._bill_taxes().filtered("price_include")
        if not included:
            return self.amount
        computed = included.compute_all(
            self.amount, self.currency_id, handle_price_include=False
        )
        return computed["total_included"]

    def _check_bill_amount(self):
        """Refuse a bill that would not take the withdrawal's amount."""
        taken = self._taken_by_bill()
        if self.currency_id.compare_amounts(taken, self.amount):
            raise UserError(
                self.env._(
                    "%(withdrawal)s: with the taxes of %(type)s the bill would take "
                    "%(taken)s from the balance instead of %(amount)s. Set separate "
                    "accounts on these taxes.",
                    withdrawal=self.name,
                    type=self.participant_id.type_id.name,
                    taken=self.participant_id._money(taken),
                    amount=self.participant_id._money(self.amount),
                )
            )

    def _taken_by_bill(self):
        """Return what the bill's lines take from the participant's balance."""
        self.ensure_one()
        partner = self.participant_id.partner_id
        items = self.sudo().bill_id.line_ids.filtered(
            lambda item: item.account_id == self.program_id.liability_account_id
            and item.partner_id == partner
        )
        return self.currency_id.round(sum(items.mapped("balance")))
