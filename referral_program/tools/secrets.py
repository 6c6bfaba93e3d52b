"""Encrypting what the database must not tell, with keys that it does not hold.

The keys are in the server's environment or configuration, separated by commas: the
first one encrypts, all of them decrypt.
"""

import base64
import hashlib
import hmac
import os

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from odoo.tools import config

#: Where the keys are: in the environment or, without that, in the configuration.
VARIABLE = "REFERRAL_PROGRAM_KEY"
OPTION = "referral_program_key"
#: How a key is made.
COMMAND = (
    'python3 -c "import base64, os; '
    'print(base64.urlsafe_b64encode(os.urandom(32)).decode())"'
)
#: What all that is encrypted begins with: Fernet's version and the time's first bytes.
MARK = b"\x80\x00\x00\x00"


class NoKey(Exception):
    """There is no key, or what is there is none."""


class OtherKey(Exception):
    """It is encrypted with none of the keys, or not at all."""


def is_ready():
    """Tell whether there is a usable key."""
    try:
        return bool(_fernets())
    except NoKey:
        return False


def encrypt(content):
    """Return bytes encrypted with the first key.

    :raise NoKey: without a usable key
    """
    return base64.urlsafe_b64decode(_fernets()[0].encrypt(content))


def decrypt(secret):
    """Return the bytes that were encrypted with any of the keys.

    :raise NoKey: without a usable key
    :raise OtherKey: if none of the keys fits
    """
    return _decrypt(MultiFernet(_fernets()), secret)


def is_encrypted(content):
    """Tell whether bytes have been encrypted, with whatever key."""
    return content.startswith(MARK)


def is_current(content):
    """Tell whether bytes are encrypted with the first key.

    :raise NoKey: without a usable key
    """
    try:
        _decrypt(_fernets()[0], content)
    except OtherKey:
        return False
    return True


def digest(text):
    """Return what equal texts have in common, and nobody without the key computes.

    :raise NoKey: without a usable key
    """
    _fernets()  # the keys are such
    own = hmac.digest(_keys()[0].encode(), b"digest of texts", hashlib.sha256)
    return hmac.new(own, text.encode(), hashlib.sha256).hexdigest()


def _keys():
    text = os.environ.get(VARIABLE) or config.get(OPTION) or ""
    found = [key.strip() for key in text.split(",") if key.strip()]
    if not found:
        raise NoKey
    return found


def _fernets():
    try:
        return [Fernet(key) for key in _keys()]
    except ValueError:
        # without its text, which has the key in it
        raise NoKey from None


def _decrypt(fernet, content):
    try:
        return fernet.decrypt(base64.urlsafe_b64encode(content))
    except InvalidToken:
        raise OtherKey from None
