"""What strangers send, judged in one place: addresses, forms, calls of the API.

Whatever gets past is of the kind that its reader expects, and can be stored.
"""

import inspect
import re
from datetime import date
from functools import wraps

from odoo.exceptions import ValidationError

#: The largest number that an id can be.
MAX_ID = 2**31 - 1
#: How long a text may be that is no file.
MAX_TEXT = 10_000


def whole_number(text):
    """Return an id or the number of a page, as it was typed.

    :raise ValueError: if it is none
    """
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > MAX_ID:
        raise ValueError(text[:20])
    return int(text)


def is_plain(text):
    """Tell whether a text can be stored: no NUL, no half of a sign."""
    return "\0" not in text and not re.search("[\ud800-\udfff]", text)


# === Arguments of the API === #


def number(env, value):
    """Refuse whatever is no id."""
    if type(value) is not int or not 0 <= value <= MAX_ID:
        raise ValidationError(env._("Give the client's ID as a number."))


def text(env, value, most=MAX_TEXT):
    """Refuse whatever is no text, or a text that nobody means."""
    if not isinstance(value, str) or len(value) > most or not is_plain(value):
        raise ValidationError(
            env._("Send a text of at most %(most)s characters.", most=most)
        )


def key(env, value):
    """Refuse whatever is no key of the caller's own."""
    if not value:
        raise ValidationError(env._("Send a key with the registration."))
    text(env, value, 200)


def number_or_text(env, value):
    """Refuse whatever is neither an id nor a text."""
    (number if type(value) is int else text)(env, value)


def day(env, value):
    """Refuse whatever is no day such as 2026-01-31."""
    try:
        if not isinstance(value, str) or len(value) != 10:
            raise ValueError
        date.fromisoformat(value)
    except ValueError as error:
        raise ValidationError(
            env._(
                "%(text)s is not a date. Write it like 2026-01-31.",
                text=ascii(value)[:20],
            )
        ) from error


def files(env, value):
    """Refuse whatever is no list of files with name and content."""
    for file in _listed(env, value):
        if (
            not isinstance(file, dict)
            or not isinstance(file.get("content"), str)
            or not isinstance(file.get("name"), str)
            or not is_plain(file["name"])
        ):
            raise ValidationError(
                env._("Send each file with a name and with its content in Base64.")
            )


def accepted(env, value):
    """Refuse whatever is no list of accepted texts with id, hash and language."""
    for one in _listed(env, value):
        if (
            not isinstance(one, dict)
            or type(one.get("id")) is not int
            or not isinstance(one.get("hash"), str)
            or not isinstance(one.get("lang") or "", str)
        ):
            raise ValidationError(
                env._("Send the id, the hash and the language of each accepted text.")
            )


def _listed(env, value):
    if not isinstance(value, (list, tuple)) or len(value) > 100:
        raise ValidationError(env._("Send a list of at most 100."))
    return value


def checked(**kinds):
    """Have a public method's arguments refused before it begins, if they are wrong.

    An argument that is left out, or given as its default, is not looked at.

    :param kinds: for each argument one of the functions above
    """

    def decorate(method):
        signature = inspect.signature(method)

        @wraps(method)
        def checking(self, *args, **kwargs):
            given = signature.bind(self, *args, **kwargs).arguments
            for name, kind in kinds.items():
                default = signature.parameters[name].default
                if name in given and given[name] is not default:
                    kind(self.env, given[name])
            return method(self, *args, **kwargs)

        return checking

    return decorate
