from odoo import http
from odoo.http import request

from ..models.balance.referral_statement_document import MIMETYPES


def file_response(content, kind, name):
    """Return the answer that gives somebody a document.

    :param bytes content: the document
    :param str kind: ``pdf`` or ``xlsx``
    :param str name: what it is saved under
    """
    return request.make_response(
        content,
        headers=[
            ("Content-Type", MIMETYPES[kind]),
            ("Content-Length", len(content)),
            ("Content-Disposition", http.content_disposition(name)),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "private, no-store"),
        ],
    )
