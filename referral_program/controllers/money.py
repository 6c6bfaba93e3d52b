import secrets

from odoo.exceptions import UserError, ValidationError
from odoo.http import request

from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..models.participant.referral_representative import MONEY_ROLES, OWNER
from ..tools.amounts import parse_amount
from .portal import ReferralPortal
from .routes import portal_form, portal_page

#: Withdrawals on a page.
PAGE_SIZE = 20


class ReferralMoney(ReferralPortal):
    # === READING WHAT WAS TYPED === #

    def _amount(self, text):
        """Return the amount that was typed.

        :raise ValidationError: if it is none
        """
        lang = request.env["res.lang"]._get_data(code=request.env.lang or "en_US")
        try:
            return parse_amount(text, lang.decimal_point or ".")
        except ValueError as error:
            raise ValidationError(
                request.env._("Enter an amount such as 12500 or 12500.50.")
            ) from error

    def _typed(self, participant, amount):
        """Return an amount as a form takes it."""
        return f"{amount:.{participant.currency_id.decimal_places}f}"

    def _key(self, post):
        """Return the key of a form; none of it is one that the program itself uses."""
        return bool(post.get("key")) and f"form-{post['key'][:40]}"

    # === WITHDRAWING === #

    @portal_page(
        ["/my/referral/withdraw", "/my/referral/withdraw/page/<referral_id:page>"]
    )
    def referral_withdraw(self, page=1, done=None, **_query):
        """Show what can be withdrawn, the form for it, and what was withdrawn."""
        participant = self._require_tab("withdraw", lead_on=True)
        return self._withdraw_page(participant, page=page, done=done)

    def _withdraw_page(self, participant, page=1, **values):
        # sudo: portal users read no withdrawals; these are their own
        withdrawals = request.env["referral.withdrawal"].sudo()
        own = [("participant_id", "=", participant.id)]
        pager = portal_pager(
            url="/my/referral/withdraw",
            total=withdrawals.search_count(own),
            page=page,
            step=PAGE_SIZE,
        )
        return self._page(
            "portal_withdraw",
            participant,
            title=request.env._("Withdraw money"),
            accounts=participant._payee_accounts(),
            withdrawals=withdrawals.search(
                own, limit=PAGE_SIZE, offset=pager["offset"]
            ),
            pager=pager,
            refusal=participant._why_no_payout(),
            **{"errors": {}, "post": {}, "done": None, **values},
        )

    @portal_form("/my/referral/withdraw")
    def referral_withdraw_post(self, **post):
        """Check what was typed, and ask whether it is meant."""
        participant = self._require_tab("withdraw", lead_on=True)
        errors = {}
        amount = account = None
        try:
            amount = self._amount(post.get("amount"))
            participant._check_available(amount)
            withdrawals = request.env["referral.withdrawal"]
            withdrawals._check_minimum(participant, amount)
            withdrawals._check_day(participant)
        except UserError as error:
            errors["amount"] = error.args[0]
        if refusal := participant._why_no_payout():
            errors["amount"] = refusal
        try:
            # an account is kept only if the rest is right
            if not errors:
                account = self._account(participant, post)
        except UserError as error:
            errors["account"] = error.args[0]
        if errors:
            return self._withdraw_page(participant, errors=errors, post=post)
        return self._page(
            "portal_withdraw_confirm",
            participant,
            title=request.env._("Please confirm"),
            amount=amount,
            typed=self._typed(participant, amount),
            account=account,
            key=secrets.token_urlsafe(12),
        )

    def _account(self, participant, post):
        """Return the account that was chosen, or the one that was typed.

        :raise ValidationError: if it is none of the participant's
        """
        chosen = post.get("account") or ""
        if chosen.isdecimal():
            found = participant._payee_accounts().filtered(
                lambda account: str(account.id) == chosen
            )
            if not found:
                raise ValidationError(request.env._("Choose one of your accounts."))
            return found
        if not (post.get("number") or "").strip():
            raise ValidationError(
                request.env._("Choose an account, or enter the number of a new one.")
            )
        return participant._add_payee_account(
            post["number"][:60], (post.get("bic") or "")[:20], post.get("bank")
        )

    @portal_form("/my/referral/withdraw/confirm")
    def referral_withdraw_confirm(self, **post):
        """Ask for the money, once however often the form is sent."""
        participant = self._require_tab("withdraw", lead_on=True)
        try:
            with request.env.cr.savepoint():
                withdrawal = request.env["referral.withdrawal"]._request(
                    participant,
                    self._amount(post.get("amount")),
                    self._account(participant, {"account": post.get("account")}),
                    key=self._key(post),
                )
        except UserError as error:
            return self._withdraw_page(
                participant, errors={"amount": error.args[0]}, post=post
            )
        return request.redirect(f"/my/referral/withdraw?done={withdrawal.id}")

    @portal_form("/my/referral/withdraw/<referral_id:withdrawal_id>/cancel")
    def referral_withdraw_cancel(self, withdrawal_id, **_post):
        """Take a request back."""
        participant = self._require_tab("withdraw")
        own = participant.withdrawal_ids.filtered(lambda w: w.id == withdrawal_id)
        if not own:
            raise request.not_found()
        try:
            own._cancel()
        except UserError as error:
            return self._withdraw_page(participant, errors={"history": error.args[0]})
        return request.redirect("/my/referral/withdraw")

    # === PAYING OWN INVOICES === #

    def _own_invoice(self, participant, invoice_id):
        """Return the participant's own invoice, or answer that there is none."""
        # sudo: whose invoice it is, is checked here
        invoice = request.env["account.move"].sudo().browse(invoice_id).exists()
        own = participant.partner_id.commercial_partner_id
        if (
            invoice.move_type != "out_invoice"
            or invoice.commercial_partner_id != own
            or invoice.state != "posted"
        ):
            raise request.not_found()
        return invoice

    def _pay_page(self, participant, invoice, **values):
        redemptions = request.env["referral.redemption"].sudo()
        due = redemptions._due(participant, invoice)
        return self._page(
            "portal_pay",
            participant,
            title=request.env._("Pay %s with the referral balance", invoice.name),
            invoice=invoice,
            due=due,
            most=min(due, participant.available_balance),
            refusal=redemptions._why_not(participant, invoice),
            **{"errors": {}, "post": {}, **values},
        )

    @portal_page("/my/referral/pay/<referral_id:invoice_id>")
    def referral_pay(self, invoice_id, **_query):
        """Show how much of an own invoice the balance can pay."""
        participant = self._require_role(*MONEY_ROLES)
        invoice = self._own_invoice(participant, invoice_id)
        return self._pay_page(participant, invoice)

    @portal_form("/my/referral/pay/<referral_id:invoice_id>")
    def referral_pay_post(self, invoice_id, **post):
        """Ask whether it is meant; once confirmed, pay."""
        participant = self._require_role(*MONEY_ROLES)
        invoice = self._own_invoice(participant, invoice_id)
        redemptions = request.env["referral.redemption"]
        try:
            amount = self._amount(post.get("amount"))
            if post.get("key"):
                with request.env.cr.savepoint():
                    redemptions._redeem(
                        participant, invoice, amount, key=self._key(post)
                    )
                return request.redirect(invoice.get_portal_url())
            taken, _paid = redemptions._check_can_redeem(participant, invoice, amount)
        except UserError as error:
            return self._pay_page(
                participant,
                invoice,
                errors={"amount": error.args[0]},
                post=post,
            )
        return self._page(
            "portal_pay_confirm",
            participant,
            title=request.env._("Please confirm"),
            invoice=invoice,
            amount=taken,
            typed=self._typed(participant, taken),
            key=secrets.token_urlsafe(12),
        )

    # === MAIL === #

    @portal_form("/my/referral/mail")
    def referral_mail(self, **post):
        """Keep which mails the participant wants."""
        participant = self._require_role(OWNER)
        try:
            participant._choose_mails(post)
        except UserError as error:
            return self._overview_page(participant, mail_problem=error.args[0])
        return request.redirect("/my/referral")
