"""What shares a link: plain addresses, which run no foreign scripts on a page, and a
picture of it.
"""

import io
from urllib.parse import quote, urlencode

import qrcode

#: Pixels of a square of a QR code that is downloaded: enough for print.
BOX = 16


def qr_png(link):
    """Return a link's QR code as the bytes of a PNG, with its white margin.

    Odoo's own way to it needs a library that not all installations have.
    """
    target = io.BytesIO()
    qrcode.make(link, box_size=BOX, border=4).save(target, format="PNG")
    return target.getvalue()


def share_addresses(link, subject, text):
    """Return where a link can be shared.

    :param str link: the link
    :param str subject: of a mail
    :param str text: what goes with the link
    :return: triples of a name, an icon's class and an address
    """

    def address(base, **query):
        return f"{base}?{urlencode(query, quote_via=quote)}"

    both = f"{text}\n{link}"
    return [
        ("E-mail", "fa-envelope-o", address("mailto:", subject=subject, body=both)),
        (
            "Telegram",
            "fa-paper-plane",
            address("https://t.me/share/url", url=link, text=text),
        ),
        ("WhatsApp", "fa-whatsapp", address("https://wa.me/", text=both)),
        ("VK", "fa-vk", address("https://vk.com/share.php", url=link, title=text)),
        ("X", "fa-twitter", address("https://x.com/intent/post", url=link, text=text)),
        (
            "LinkedIn",
            "fa-linkedin",
            address("https://www.linkedin.com/sharing/share-offsite/", url=link),
        ),
        (
            "Facebook",
            "fa-facebook",
            address("https://www.facebook.com/sharer/sharer.php", u=link),
        ),
    ]
