from urllib.parse import quote_plus

from odoo import http
from odoo.http import request

#: The pages that have the form; it leads back to them only.
PAGES = ("/shop/cart", "/shop/checkout", "/shop/payment")
#: Characters that the form's field takes.
LENGTH = 64


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
        """Take a code that a visitor typed, or give it back if nobody has it."""
        order = request.cart
        back = page if page in PAGES else PAGES[0]
        if not order or not order._takes_referral_code():
            return request.redirect(back)
        # a file that somebody sends instead is left out
        if code is None or not order._enter_referral_code(code):
            typed = quote_plus((code or "")[:LENGTH])
            back = f"{back}?unknown_code={typed}"
        return request.redirect(back)
