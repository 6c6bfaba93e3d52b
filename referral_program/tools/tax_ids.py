"""Tax ids as people write them, brought into the form in which they are compared.

Each function and its query are one rule, said in Python and in SQL.
"""

import re

from odoo.tools import SQL

#: Numbers that countries give to whoever has none, and that people make up, without
#: the country's letters: foreigners and the public in Mexico (``XEXX010101000``,
#: ``XAXX010101000``), foreigners in Colombia, what comes first to a mind.
NOBODYS = (
    "XX010101000",
    "444444444000",
    "444444444001",
    "0123456789",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "12345678901",
    "123456789012",
)
#: Countries that write other letters before a tax id than their code has.
LETTERS = {"EL": "GR", "XI": "GB"}


def plain_tax_id(text):
    """Return a tax id without its country's letters, spaces and signs.

    :param text: as it is written, or nothing
    :return str: empty if the number stands for nobody: without digits, of zeros, of
        one digit five times or more, or one of :const:`NOBODYS`

    >>> plain_tax_id("RU 7707-083-893")
    '7707083893'
    >>> plain_tax_id("XEXX010101000")
    ''
    """
    plain = re.sub(r"^[A-Z]{2}", "", _signs(text))
    if re.search(r"^[^1-9]*$|^(.)\1{4,}$", plain) or plain in NOBODYS:
        return ""
    return plain


def plain_tax_id_query(column):
    """Return the SQL of the same.

    :param SQL column: a text
    """
    plain = SQL(
        r"REGEXP_REPLACE(REGEXP_REPLACE(%s, '^[A-Z]{2}', ''),"
        r" '^[^1-9]*$|^(.)\1{4,}$', '')",
        _signs_query(column),
    )
    nobodys = "|".join(NOBODYS)
    return SQL("REGEXP_REPLACE(%s, %s, '')", plain, f"^({nobodys})$")


def tax_id_country(text, code):
    """Return the country that gave a tax id.

    :param text: the tax id as it is written, or nothing
    :param code: that of its owner's country, or nothing
    :return str: the letters before the number, else the owner's country; empty if
        neither is known

    >>> tax_id_country("EL123456789", "RU")
    'GR'
    """
    letters = re.match(r"[A-Z]{2}", _signs(text))
    if letters:
        return LETTERS.get(letters[0], letters[0])
    return code or ""


def tax_id_country_query(alias):
    """Return the SQL of the same.

    :param str alias: of ``res_partner``: whose tax id, and whose country
    """
    letters = SQL(
        "SUBSTRING(%s FROM '^[A-Z]{2}')", _signs_query(SQL.identifier(alias, "vat"))
    )
    others = SQL(" ").join(
        SQL("WHEN %s THEN %s", written, code) for written, code in LETTERS.items()
    )
    return SQL(
        """
        COALESCE(
            CASE %(letters)s %(others)s ELSE %(letters)s END,
            (SELECT code FROM res_country WHERE id = %(country_id)s),
            '')
        """,
        letters=letters,
        others=others,
        country_id=SQL.identifier(alias, "country_id"),
    )


def same_tax_id(text, code, other_text, other_code):
    """Tell whether two tax ids name one and the same, however they are written.

    Equal digits of two countries do not; where a country is not known, digits decide.

    :param text: a tax id as it is written, or nothing
    :param code: that of its owner's country, or nothing
    """
    plain = plain_tax_id(text)
    if not plain or plain != plain_tax_id(other_text):
        return False
    countries = tax_id_country(text, code), tax_id_country(other_text, other_code)
    return "" in countries or countries[0] == countries[1]


def same_tax_id_query(one, other):
    """Return the SQL of the same, of two contacts.

    :param str one: an alias of ``res_partner``
    :param str other: another one
    """
    return SQL(
        """
        (%(plain)s <> '' AND %(plain)s = %(other_plain)s
         AND (%(country)s = '' OR %(other_country)s = ''
              OR %(country)s = %(other_country)s))
        """,
        plain=plain_tax_id_query(SQL.identifier(one, "vat")),
        other_plain=plain_tax_id_query(SQL.identifier(other, "vat")),
        country=tax_id_country_query(one),
        other_country=tax_id_country_query(other),
    )


def _signs(text):
    return re.sub(r"[^A-Za-z0-9]", "", text or "").upper()


def _signs_query(column):
    return SQL(
        "UPPER(REGEXP_REPLACE(COALESCE(%s, ''), '[^A-Za-z0-9]', '', 'g')"
        ' COLLATE "C")',
        column,
    )
