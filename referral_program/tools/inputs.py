"""What strangers send, judged in one place: addresses, forms, calls of the API.

Whatever gets past is of the kind that its reader expects, and can be stored.
"""

import inspect
import re
from datetime import date
from functools import wraps

from odoo.exceptions import UserError, ValidationError

from .refusals import code_of, with_code

#: The largest number that an id can be.
MAX_ID = 2**31 - 1
#: How long a text may be that is no file.
MAX_TEXT = 10_000
#: How many rows of a list are answered at once.
MAX_ROWS = 500
#: What a caller's context may say. Anything else would be a default of what is made, or
#: a switch that is not the caller's.
CONTEXT = ("lang", "tz", "allowed_company_ids")


def whole_number(text):
    """Return an id or the number of a page, as it was typed.

    :raise ValueError: if it is none
    """
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > MAX_ID:
        raise ValueError(text[:20])
    return int(text)


#: What a participant may call a link: a part of an address, in small letters.
LINK_NAME = re.compile("[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


def link_name(text):
    """Return the name of a link as it is kept.

    :raise ValueError: if it cannot be one
    """
    name = text.strip().lower() if len(text) <= 100 else ""
    if not LINK_NAME.fullmatch(name):
        raise ValueError(text[:20])
    return name


def is_plain(text):
    """Tell whether a text can be stored: no NUL, no half of a sign."""
    return "\0" not in text and not re.search("[\ud800-\udfff]", text)


# === Arguments of the API === #


def number(env, value):
    """Refuse whatever is no id."""
    if type(value) is not int or not 0 <= value <= MAX_ID:
        raise ValidationError(env._("Give the client's ID as a number."))


def identifier(env, value):
    """Refuse whatever is no id of a withdrawal, an account, an invoice…"""
    if type(value) is not int or not 0 <= value <= MAX_ID:
        raise ValidationError(env._("Give IDs as numbers."))


def rows(env, value):
    """Refuse whatever does not say how many rows of a list to answer."""
    if type(value) is not int or not 1 <= value <= MAX_ROWS:
        raise ValidationError(
            env._("Ask for 1 to %(most)s rows at a time.", most=MAX_ROWS)
        )


def amount(env, value):
    """Refuse whatever is no amount such as ``"12500.50"``: a text, exact."""
    if not isinstance(value, str) or not re.fullmatch(
        r"[0-9]{1,15}(\.[0-9]{1,6})?", value, re.ASCII
    ):
        raise with_code(
            ValidationError(env._('Send amounts as texts such as "12500.50".')),
            "invalid_amount",
        )


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

    An argument that is left out, or given as its default, is not looked at. Whatever
    the method itself refuses has a code as well. Of the caller's context the method
    gets ``CONTEXT`` only.

    :param kinds: for each argument one of the functions above
    """

    def decorate(method):
        signature = inspect.signature(method)

        @wraps(method)
        def checking(self, *args, **kwargs):
            given = signature.bind(self, *args, **kwargs).arguments
            try:
                for name, kind in kinds.items():
                    default = signature.parameters[name].default
                    if name in given and given[name] is not default:
                        kind(self.env, given[name])
                context = self.env.context
                plain = {name: context[name] for name in CONTEXT if name in context}
                own = self.with_env(self.env(context=plain))
                return method(own, *args, **kwargs)
            except UserError as error:
                with_code(error, code_of(error))
                raise

        return checking

    return decorate


#: For methods that return a page of what a participant has.
page = checked(partner_id=number, limit=rows, offset=identifier)
