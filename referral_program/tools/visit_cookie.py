"""The cookie that remembers whose link a visitor opened.

Necessary for what the visitor asked for, to be counted as that participant's client:
it holds the participant, which of their links it was and the end of the attribution
window, signed by the server, and nothing about the visitor.
"""

import binascii
from datetime import timedelta

from odoo.tools.misc import hash_sign, verify_hash_signed

COOKIE = "referral"
SCOPE = "referral_program.visit"


def read_cookie(participants, request):
    """Return whose link the visitor opened, as :func:`read_visit` does.

    :return: the ``referral.participant``, empty without a valid cookie
    """
    return read_visit(participants, request)[0]


def read_visit(participants, request):
    """Return whose link the visitor opened last, or first, as the program says.

    :param participants: an empty ``referral.participant`` in superuser mode
    :param request: the HTTP request
    :return: the ``referral.participant`` and their ``referral.link``; the link is
        empty if it was the one without a name, both without a valid cookie
    """
    links = participants.env["referral.link"]
    payload = request.httprequest.cookies.get(COOKIE)
    if not payload:
        return participants, links
    try:
        opened = verify_hash_signed(participants.env, SCOPE, payload)
    except (ValueError, binascii.Error, UnicodeError, OverflowError):
        # not one of ours
        return participants, links
    # cookies from before links had names hold the participant alone
    participant_id, link_id = opened if isinstance(opened, list) else (opened, False)
    participant = participants.browse(participant_id).exists()
    link = links.browse(link_id or ()).exists()
    return participant, link.filtered(lambda own: own.participant_id == participant)


def set_cookie(response, participant, link, request):
    """Have the visitor's browser remember a participant for the program's window.

    :param link: which of the participant's ``referral.link``; empty for the one
        without a name
    """
    window = timedelta(days=participant.program_id.attribution_days)
    response.set_cookie(
        COOKIE,
        hash_sign(participant.env, SCOPE, [participant.id, link.id], expiration=window),
        max_age=int(window.total_seconds()),
        expires=None,
        secure=request.httprequest.is_secure,
        httponly=True,
        samesite="Lax",
        cookie_type="required",
    )
