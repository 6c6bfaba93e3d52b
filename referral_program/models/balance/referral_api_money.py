from decimal import Decimal

from odoo import api, fields, models

from ...tools import inputs
from ...tools.amounts import exact
from ...tools.refusals import refusal


class ReferralApi(models.AbstractModel):
    """A participant's money: what there is, what moved it, and withdrawing it."""

    _inherit = "referral.api"

    # === READING === #

    @api.model
    @api.readonly
    @inputs.checked(partner_id=inputs.number)
    def balance(self, partner_id):
        """Return a participant's referral balance and what of it is available.

        :return: ``balance``, ``reserved``, ``available`` and ``minimum_withdrawal`` as
            texts, ``currency``, and ``why_no_payout`` (False if nothing speaks
            against withdrawing)
        """
        participant = self._participant(partner_id)
        return {
            **self._amounts(
                participant.currency_id,
                balance=participant.balance,
                reserved=participant.reserved_balance,
                available=participant.available_balance,
                minimum_withdrawal=participant.program_id.min_withdrawal,
            ),
            "why_no_payout": participant._why_no_payout() or False,
        }

    @api.model
    @api.readonly
    @inputs.checked(
        partner_id=inputs.number,
        date_from=inputs.day,
        date_to=inputs.day,
        limit=inputs.rows,
        offset=inputs.identifier,
    )
    def movements(self, partner_id, date_from=None, date_to=None, limit=100, offset=0):
        """Return what moved a participant's balance, from the general ledger.

        :param int partner_id: the client
        :param str date_from: the first day, inclusive; from the beginning if left out
        :param str date_to: the last day, inclusive; until now if left out
        :return: ``opening`` and ``closing`` of all these days, ``count``, and a page of
            ``movements``, the oldest first: ``id``, ``date``, ``kind``, ``entry``,
            ``title`` and ``amount``
        """
        participant = self._participant(partner_id)
        items = self.env["account.move.line"].sudo()  # sudo: as for the balance
        own = participant._ledger_item_domain()
        since = [("date", ">=", date_from)] if date_from else []
        until = [("date", "<=", date_to)] if date_to else []
        [[before]] = items._read_group(
            [*own, ("date", "<", date_from or "0001-01-01")], [], ["balance:sum"]
        )
        within = [*own, *since, *until]
        [[moved, count]] = items._read_group(within, [], ["balance:sum", "__count"])
        page = items.search(within, order="date, id", limit=limit, offset=offset)
        currency = participant.currency_id
        return {
            **self._amounts(
                currency, opening=-before, closing=-currency.round(before + moved)
            ),
            "count": count,
            "movements": [
                {
                    "id": item.id,
                    "date": fields.Date.to_string(item.date),
                    "kind": item.referral_kind,
                    "entry": item.move_name,
                    "title": participant._describe_movement(item)["title"],
                    "amount": exact(-item.balance, currency.decimal_places),
                }
                for item in page
            ],
        }

    @api.model
    @api.readonly
    @inputs.checked(partner_id=inputs.number)
    def accounts(self, partner_id):
        """Return the bank accounts that a participant can be paid to."""
        participant = self._participant(partner_id)
        return [
            self._account(participant, account)
            for account in participant._payee_accounts()
        ]

    @api.model
    @api.readonly
    @inputs.page
    def withdrawals(self, partner_id, limit=100, offset=0):
        """Return a participant's withdrawals, the latest first, with their steps."""
        own = [("participant_id", "=", self._participant(partner_id).id)]
        return self._page(
            "withdrawals", self._withdrawal, "referral.withdrawal", own, limit, offset
        )

    # === MOVING === #

    @api.model
    @inputs.checked(
        partner_id=inputs.number, number=inputs.text, bic=inputs.text, bank=inputs.text
    )
    def add_account(self, partner_id, number, bic="", bank=""):
        """Add one of a participant's bank accounts, which staff have yet to trust.

        :param str number: an IBAN, or a Russian account's twenty digits
        :param str bic: the bank's; needed for a Russian account
        :param str bank: what the participant calls the bank
        :return: the account, as :meth:`accounts` gives it; a known one as it is
        """
        participant = self._participant(partner_id)
        account = participant._add_payee_account(number[:60], bic, bank)
        return self._account(participant, account)

    @api.model
    @inputs.checked(
        key=inputs.key,
        partner_id=inputs.number,
        amount=inputs.amount,
        currency=inputs.text,
        account_id=inputs.identifier,
    )
    def withdraw(self, key, partner_id, amount, currency, account_id):
        """Ask for money from a participant's balance, once for each key.

        :param str key: the caller's own
        :param str amount: such as ``"12500.50"``
        :param str currency: the balance's, such as ``RUB``
        :param int account_id: one of :meth:`accounts`
        :return: the withdrawal, as :meth:`withdrawals` gives it
        """
        participant = self._participant(partner_id)
        self._check_currency(participant, currency)
        account = participant._payee_accounts().filtered(lambda a: a.id == account_id)

        def step():
            withdrawal = self.env["referral.withdrawal"]._request(
                participant, float(amount), account
            )
            return self._withdrawal(withdrawal)

        asked = {
            "partner_id": partner_id,
            "amount": self._plain(amount),
            "account_id": account_id,
        }
        return self._once(participant, key, "withdraw", asked, step)

    @api.model
    @inputs.checked(
        key=inputs.key, partner_id=inputs.number, withdrawal_id=inputs.identifier
    )
    def cancel_withdrawal(self, key, partner_id, withdrawal_id):
        """Take a participant's request back, before there is a bill.

        :param str key: the caller's own
        :param int withdrawal_id: one of :meth:`withdrawals`
        :return: the withdrawal
        """
        participant = self._participant(partner_id)
        own = participant.withdrawal_ids.filtered(lambda w: w.id == withdrawal_id)
        if not own:
            raise refusal(
                "unknown_withdrawal",
                self.env._("The participant has no such withdrawal."),
            )

        def step():
            own._cancel()
            return self._withdrawal(own)

        asked = {"partner_id": partner_id, "withdrawal_id": withdrawal_id}
        return self._once(participant, key, "cancel_withdrawal", asked, step)

    # === HELPERS === #

    def _once(self, participant, key, method, arguments, step):
        calls = self.env["referral.api.call"]
        return calls._once(participant, key, method, arguments, step)

    def _amounts(self, currency, **amounts):
        """Return amounts as exact texts, with the currency that they are in."""
        return {
            **{
                name: exact(value, currency.decimal_places)
                for name, value in amounts.items()
            },
            "currency": currency.name,
        }

    def _plain(self, amount):
        """Return an amount as it is written shortest: ``"10.50"`` is ``"10.5"``."""
        return f"{Decimal(amount).normalize():f}"

    def _check_currency(self, participant, currency):
        """Refuse an amount that the caller means in another currency."""
        own = participant.currency_id.name
        if currency != own:
            raise refusal(
                "wrong_currency",
                self.env._("The balance is in %(currency)s.", currency=own),
            )

    def _account(self, participant, account):
        return {
            "id": account.id,
            "number": f"…{account.sanitized_acc_number[-4:]}",
            "bank": account._referral_bank() or False,
            "trusted": account._is_trusted_by(participant.company_id),
        }

    def _withdrawal(self, withdrawal):
        # sudo: the caller reads no withdrawals; it was found as the participant's
        withdrawal = withdrawal.sudo()
        bill = withdrawal.bill_id
        return {
            "id": withdrawal.id,
            "number": withdrawal.name,
            "state": withdrawal.state,
            "reason": withdrawal.reason or False,
            **self._amounts(withdrawal.currency_id, amount=withdrawal.amount),
            "account_id": withdrawal.bank_account_id.id,
            "requested_on": self._moment(withdrawal.requested_on),
            "approved_on": self._moment(withdrawal.approved_on),
            "billed_on": fields.Date.to_string(bill.invoice_date) or False,
            "due_on": fields.Date.to_string(bill.invoice_date_due) or False,
        }

    def _moment(self, moment):
        """Return a moment in UTC, such as ``2026-01-31T12:00:00Z``, or False."""
        return bool(moment) and f"{moment.replace(microsecond=0).isoformat()}Z"
