"""Numbers that people type: brought into one form, or refused.

Where python-stdnum has a validator it decides; SNILS has its own check digits.
"""

import re

from stdnum import bic as swift
from stdnum.exceptions import ValidationError as NumberError
from stdnum.ru import inn


def ru_passport(text):
    """Return series and number of a Russian passport, such as ``4510 123456``.

    :raise ValueError: if there are not ten digits
    """
    digits = _digits(text)
    if len(digits) != 10 or not digits.strip("0"):
        raise ValueError(text)
    return f"{digits[:4]} {digits[4:]}"


def passport(text):
    """Return series and number of any country's passport, such as ``AB 1234567``.

    :raise ValueError: if they cannot be one
    """
    plain = " ".join(re.sub(r"[^0-9A-Za-zА-Яа-я ]", " ", text).upper().split())
    if not 5 <= len(plain.replace(" ", "")) <= 20 or not re.search(r"\d{3}", plain):
        raise ValueError(text)
    return plain


def snils(text):
    """Return an insurance number of the Russian Pension Fund, ``112-233-445 95``.

    The last two digits are the sum of the first nine, each times its place from
    the right, modulo 101 (100 gives 00). Numbers up to 001-001-998 have none.

    :raise ValueError: if the check digits do not fit
    """
    digits = _digits(text)
    if len(digits) != 11:
        raise ValueError(text)
    body, check = digits[:9], int(digits[9:])
    weighted = sum(int(digit) * (9 - place) for place, digit in enumerate(body))
    if int(body) > 1001998 and weighted % 101 % 100 != check:
        raise ValueError(text)
    return f"{body[:3]}-{body[3:6]}-{body[6:]} {digits[9:]}"


def ru_inn(text):
    """Return a Russian tax number of 10 or 12 digits.

    :raise ValueError: if the check digits do not fit
    """
    try:
        return inn.validate(text)
    except NumberError as error:
        raise ValueError(text) from error


def ru_bic(text):
    """Return the nine digits of a Russian bank's BIC, such as ``044525225``.

    :raise ValueError: if it is none
    """
    digits = _digits(text)
    if len(digits) != 9 or not digits.startswith("04"):
        raise ValueError(text)
    return digits


def swift_bic(text):
    """Return a bank's BIC by ISO 9362, such as ``DEUTDEFF500``.

    :raise ValueError: if it is none
    """
    try:
        return swift.validate(text)
    except NumberError as error:
        raise ValueError(text) from error


def ru_account(text, bic):
    """Return a Russian bank account's twenty digits, checked with the bank's BIC.

    By the Central Bank's order of 8 September 1997, No. 515: the last three digits
    of the BIC (for an account with the Central Bank itself, a zero and the fifth and
    sixth) and the account, weighed 7, 1, 3 by turns, add up to a multiple of ten.

    :param str bic: what :func:`ru_bic` returned
    :raise ValueError: if the key digit does not fit
    """
    digits = _digits(text)
    if len(digits) != 20:
        raise ValueError(text)
    own = bic[6:] in ("000", "001", "002")
    checked = (f"0{bic[4:6]}" if own else bic[6:]) + digits
    weighed = sum(
        int(digit) * (7, 1, 3)[place % 3] for place, digit in enumerate(checked)
    )
    if weighed % 10:
        raise ValueError(text)
    return digits


def _digits(text):
    if re.search(r"[^0-9\s№N.\-]", text):
        raise ValueError(text)
    return re.sub(r"\D", "", text)


#: By what a requirement says.
VALIDATORS = {
    "passport": passport,
    "ru_passport": ru_passport,
    "ru_snils": snils,
    "ru_inn": ru_inn,
}
