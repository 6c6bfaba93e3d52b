from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.auth_signup.controllers.main import AuthSignupHome
from odoo.addons.web.controllers.home import SIGN_UP_REQUEST_PARAMS

SIGN_UP_REQUEST_PARAMS.add("referral_code")


class ReferralSignup(AuthSignupHome):
    def _prepare_signup_values(self, qcontext):
        """Take the code that was typed in along, if there is such a participant.

        :raise UserError: if there is none, before anything is made
        """
        values = super()._prepare_signup_values(qcontext)
        code = (qcontext.get("referral_code") or "").strip()
        if code:
            # sudo: whoever signs up reads no participants
            participants = request.env["referral.participant"].sudo()
            if not participants._find_by_code(code):
                raise UserError(
                    request.env._(
                        "There is no such referral code. Correct it, or leave it empty."
                    )
                )
            values["referral_code"] = code
        return values
