from odoo import http
from odoo.http import request

from ..tools.mimetypes import MIMETYPES


def file_response(content, mimetype, name=None, inline=False, headers=None):
    """Return the answer that gives somebody a file: all of the addon's are made here.

    Browsers take the file for what its type says, and keep no copy of it.

    :param bytes content: the file
    :param str mimetype: its type, or a key of ``MIMETYPES``
    :param str name: what it is saved under, or shown under if ``inline``
    :param dict headers: further headers, or other ones
    """
    values = {
        "Content-Type": MIMETYPES.get(mimetype, mimetype),
        "Content-Length": len(content),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        **(headers or {}),
    }
    if name:
        disposition = "inline" if inline else "attachment"
        values["Content-Disposition"] = http.content_disposition(name, disposition)
    return request.make_response(content, headers=list(values.items()))
