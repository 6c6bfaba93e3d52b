"""What the routes of a kind have in common."""

from functools import partial

from odoo import http

from ..tools.replica import only_reads

#: A page of the portal, which only reads unless it says otherwise.
portal_page = partial(
    http.route,
    type="http",
    auth="user",
    website=True,
    methods=["GET"],
    readonly=only_reads,
)
#: What a form of the portal is sent to.
portal_form = partial(
    http.route, type="http", auth="user", website=True, methods=["POST"]
)
#: A file for whoever may read it, at an address that is on no page of the website.
file_route = partial(
    http.route, type="http", auth="user", methods=["GET"], sitemap=False
)
