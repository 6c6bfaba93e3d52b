from odoo.exceptions import UserError
from odoo.http import request

from .money import ReferralMoney
from .routes import portal_form


class ReferralStanding(ReferralMoney):
    """What happens to the balance by itself: withdrawn monthly, used for invoices."""

    @portal_form("/my/referral/withdraw/monthly")
    def referral_monthly(self, **post):
        """Set up the monthly withdrawal."""
        participant = self._require_tab("withdraw")
        try:
            with request.env.cr.savepoint():
                participant._set_standing(
                    self._amount(post.get("from_amount")),
                    self._account(participant, {"account": post.get("payee")}),
                )
        except UserError as error:
            return self._withdraw_page(
                participant, errors={"monthly": error.args[0]}, post=post
            )
        return request.redirect("/my/referral/withdraw#automatic")

    @portal_form("/my/referral/withdraw/monthly/stop")
    def referral_monthly_stop(self, **_post):
        """Stop the monthly withdrawal."""
        participant = self._require_tab("withdraw")
        participant._stop_standing()
        return request.redirect("/my/referral/withdraw#automatic")

    @portal_form("/my/referral/withdraw/invoices")
    def referral_automatic_invoices(self, **post):
        """Switch on or off that own invoices are paid when they are issued."""
        participant = self._require_tab("withdraw")
        try:
            with request.env.cr.savepoint():
                if post.get("automatic") == "on":
                    participant._start_auto_redeem()
                else:
                    participant._stop_auto_redeem()
        except UserError as error:
            return self._withdraw_page(participant, errors={"invoices": error.args[0]})
        return request.redirect("/my/referral/withdraw#automatic")
