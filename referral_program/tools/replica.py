"""What a replica of the database may serve: whoever writes sees what they did."""

from odoo.http import request

#: The cookie of whoever has just sent a form, and for how many seconds: a replica may
#: lag behind, so that they are served by the database itself.
WROTE = "referral_wrote"
WROTE_FOR = 60


def only_reads(_controller, _rule, _arguments):
    """Tell whether a request may be served by a replica: what is ``readonly``.

    A form may not, nor may a page for whoever has just sent one.
    """
    http_request = request.httprequest
    return http_request.method in ("GET", "HEAD") and WROTE not in http_request.cookies


def note_writing(response):
    """Have whoever sends a form be served by the database itself for a while.

    :param response: the answer, which gets the cookie if it answers a form
    """
    is_form = request.dispatcher.routing_type == "http"
    if is_form and request.httprequest.method == "POST":
        response.set_cookie(
            WROTE, "1", max_age=WROTE_FOR, httponly=True, samesite="Lax"
        )
