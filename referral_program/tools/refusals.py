"""Refusals that a program understands: a code beside the text for people.

The code travels in the error's context, which Odoo sends along with its text; the
error stays an ordinary ``UserError`` for whoever shows or catches it.
"""

from odoo.exceptions import AccessError, UserError, ValidationError


def refusal(code, text):
    """Return the error that refuses something.

    :param str code: what a program goes by, such as ``below_minimum``; it never changes
    :param str text: what people read
    """
    return with_code(UserError(text), code)


def with_code(error, code):
    """Give an error a code, unless it has one."""
    if "code" not in getattr(error, "context", {}):
        error.context = {**getattr(error, "context", {}), "code": code}
    return error


def code_of(error):
    """Return an error's code; one of few general ones if it has none of its own."""
    general = "refused"
    if isinstance(error, AccessError):
        general = "access_denied"
    elif isinstance(error, ValidationError):
        general = "invalid"
    return getattr(error, "context", {}).get("code", general)
