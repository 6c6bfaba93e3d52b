from odoo import http
from odoo.http import request

#: The pages that have the form; it leads back to them only.
PAGES = ("/shop/cart", "/shop/checkout", "/shop/payment")


class ReferralCode(http.Controller):
    @http.route(
        "/referral/shop/code",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def referral_code(self, code=None, page="", **_post):
        """Take a code that a visitor typed, and say if nobody has it."""
        order = request.cart
        back = page if page in PAGES else PAGES[0]
        if not order or not order._takes_referral_code():
            return request.redirect(back)
        # a file that somebody sends instead is left out
        if code is None or not order._enter_referral_code(code):
            back = f"{back}?referral_code=unknown"
        return request.redirect(back)
