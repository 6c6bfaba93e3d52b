from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .money import ReferralMoney


class ReferralStanding(ReferralMoney):
    """What happens to the balance by itself: withdrawn monthly, used for invoices."""

    @http.route(
        "/my/referral/withdraw/monthly",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def referral_monthly(self, **post):
        """Set up the monthly withdrawal."""
        program, participant = self._require_member("withdraw")
        if not participant:
            raise request.not_found()
        try:
            with request.env.cr.savepoint():
                participant._set_standing(
                    self._amount(post.get("from_amount")),
                    self._account(participant, {"account": post.get("payee")}),
                )
        except UserError as error:
            return self._withdraw_page(
                program, participant, errors={"monthly": error.args[0]}, post=post
            )
        return request.redirect("/my/referral/withdraw#automatic")

    @http.route(
        "/my/referral/withdraw/monthly/stop",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def referral_monthly_stop(self, **_post):
        """Stop the monthly withdrawal."""
        _program, participant = self._require_member("withdraw")
        if not participant:
            raise request.not_found()
        participant._stop_standing()
        return request.redirect("/my/referral/withdraw#automatic")

    @http.route(
        "/my/referral/withdraw/invoices",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def referral_automatic_invoices(self, **post):
        """Switch on or off that own invoices are paid when they are issued."""
        program, participant = self._require_member("withdraw")
        if not participant:
            raise request.not_found()
        try:
            with request.env.cr.savepoint():
                if post.get("automatic") == "on":
                    participant._start_auto_redeem()
                else:
                    participant._stop_auto_redeem()
        except UserError as error:
            return self._withdraw_page(
                program, participant, errors={"invoices": error.args[0]}
            )
        return request.redirect("/my/referral/withdraw#automatic")
