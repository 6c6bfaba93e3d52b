"""Sending something to an address that somebody typed, and nowhere else.

Only HTTPS, only to addresses of the public Internet, and no redirects: what is in the
provider's own network must not be reached by way of a setting. The name is looked up
once, and the connection made to what was found and judged.
"""

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from contextlib import suppress
from urllib.parse import urlsplit

#: Seconds to wait for each step of an answer, and for all of it.
TIMEOUT = 10
DEADLINE = 30
#: Addresses of a name that are tried: each may take its time not to answer.
MOST_ADDRESSES = 3
#: Longest address that is looked at.
MAX_LENGTH = 500
#: IPv4 addresses in disguise.
NAT64 = ipaddress.ip_network("64:ff9b::/32")


class BadAddress(ValueError):
    """Nothing is sent there, whoever asks for it."""


def check_address(address, loopback=False):
    """Judge an address by what is written in it.

    :param str address: such as ``https://panel.example.com/referral-events``
    :param bool loopback: allow this very machine, and plain HTTP to it: for tests
    :return: its parts, as :func:`urllib.parse.urlsplit` has them
    :raise BadAddress: with the reason as a code: ``address``, ``scheme``, ``private``
    """
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
        plain = address.isascii() and address.isprintable() and " " not in address
    except (ValueError, AttributeError) as error:
        raise BadAddress("address") from error
    if not (host and plain and len(address) <= MAX_LENGTH) or (
        parts.username is not None or parts.password is not None or parts.fragment
    ):
        raise BadAddress("address")
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        local = host == "localhost"
    else:
        local = literal.is_loopback
        if not (local and loopback) and not is_public(host):
            raise BadAddress("private")
    if local and not loopback:
        raise BadAddress("private")
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise BadAddress("scheme")
    return parts


def is_public(address):
    """Tell whether an IP address is one of the public Internet, and none in disguise.

    :param str address: IPv4 or IPv6
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6 and (
        ip.ipv4_mapped or ip.sixtofour or ip.teredo or ip in NAT64 or ip.is_site_local
    ):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def sign(secret, timestamp, body):
    """Return the header that proves who sent a body, and when.

    :param str secret: what both sides know
    :param int timestamp: seconds since 1970, in the signature so that it gets old
    :param bytes body: what is sent
    :return str: such as ``t=1767268800,v1=5257a8…``: HMAC-SHA256 of ``TIMESTAMP.BODY``
    """
    message = f"{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def post(address, body, headers, loopback=False):
    """Send a body and return the status of the answer, whose text is not read.

    :param bytes body: what is sent
    :param dict headers: besides host and length
    :param bool loopback: as in :func:`check_address`
    :return int: the status; redirects are not followed
    :raise BadAddress: if nothing is sent there
    :raise OSError: if there was no answer, or none in time
    :raise http.client.HTTPException: if there was none that could be understood
    """
    parts = check_address(address, loopback)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    sock = _connect(_judged(parts.hostname, port, loopback))
    if secure:
        sock = ssl.create_default_context().wrap_socket(
            sock, server_hostname=parts.hostname, do_handshake_on_connect=False
        )
    closing = threading.Timer(DEADLINE, _shut, [sock])
    closing.start()
    try:
        if secure:
            sock.do_handshake()
        connection = http.client.HTTPConnection(parts.hostname, port)
        connection.sock = sock
        path = f"{parts.path or '/'}{parts.query and '?'}{parts.query}"
        connection.request("POST", path, body, {**headers, "Host": parts.netloc})
        return connection.getresponse().status
    finally:
        closing.cancel()
        sock.close()


def _judged(host, port, loopback):
    """Return where a name leads, unless that is anywhere in private."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_kind, (ip, *_rest) in found:
        ours = loopback and ipaddress.ip_address(ip.partition("%")[0]).is_loopback
        if not ours and not is_public(ip):
            raise BadAddress("private")
    return found


def _connect(found):
    """Return a connection with the first of these addresses that answers."""
    failure = OSError("no address")
    for family, kind, protocol, _name, address in found[:MOST_ADDRESSES]:
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(TIMEOUT)
        try:
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            failure = error
    raise failure


def _shut(sock):
    with suppress(OSError):  # it is over already
        sock.shutdown(socket.SHUT_RDWR)
