"""The cookie that remembers whose link a visitor opened.

Necessary for what the visitor asked for, to be counted as that participant's client:
it holds the participant and the end of the attribution window, signed by the server,
and nothing about the visitor.
"""

import binascii
from datetime import timedelta

from odoo.tools.misc import hash_sign, verify_hash_signed

COOKIE = "referral"
SCOPE = "referral_program.visit"


def read_cookie(participants, request):
    """Return whose link the visitor opened last, or first, as the program says.

    :param participants: an empty ``referral.participant`` in superuser mode
    :param request: the HTTP request
    :return: the ``referral.participant``, empty without a valid cookie
    """
    payload = request.httprequest.cookies.get(COOKIE)
    if not payload:
        return participants
    try:
        participant_id = verify_hash_signed(participants.env, SCOPE, payload)
    except (ValueError, binascii.Error, UnicodeError, OverflowError):
        # not one of ours
        return participants
    return participants.browse(participant_id).exists()


def set_cookie(response, participant, request):
    """Have the visitor's browser remember a participant for the program's window."""
    window = timedelta(days=participant.program_id.attribution_days)
    response.set_cookie(
        COOKIE,
        hash_sign(participant.env, SCOPE, participant.id, expiration=window),
        max_age=int(window.total_seconds()),
        expires=None,
        secure=request.httprequest.is_secure,
        httponly=True,
        samesite="Lax",
        cookie_type="required",
    )
