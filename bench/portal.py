"""The participant's pages beside Odoo's own list of invoices, on the same database."""

import re
import statistics
import time

from odoo import Command, sql_db

from .seed import MONTH

#: The participant's pages, and the page of Odoo's that they are measured against.
PAGES = (
    "/my/referral",
    "/my/referral/referrals",
    "/my/referral/billing",
    "/my/referral/materials",
    "/my/referral/withdraw",
)
YARDSTICK = "/my/invoices"
#: Requests of each page that count, after some that only warm the server up.
REQUESTS = 30
WARM_UP = 5
#: The participant's own invoices, as of a client of three years.
OWN_INVOICES = 36
LOGIN = "bench-participant"
LOCAL = {"REMOTE_ADDR": "127.0.0.1"}


def prepare(env):
    """Make a portal user of the participant, with invoices of their own."""
    participant = env["referral.participant"].search([], order="id", limit=1)
    participant._accept(participant._agreements_to_accept())
    user = env["res.users"].create(
        {
            "name": "Bench Participant",
            "login": LOGIN,
            "password": LOGIN,
            "partner_id": participant.partner_id.id,
            "group_ids": [Command.set(env.ref("base.group_portal").ids)],
        }
    )
    participant._name_owner(user)
    invoices = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": participant.partner_id.id,
                "invoice_date": MONTH,
                "invoice_line_ids": [
                    Command.create({"name": "Servers", "price_unit": 100 + number})
                ],
            }
            for number in range(OWN_INVOICES)
        ]
    )
    invoices.action_post()
    participant.mail_statement = False
    env["referral.statement"]._cron_statements()
    env["referral.estimate"]._cron_estimate()
    env.cr.commit()
    return len(participant.referral_ids)


def browse(env):
    """Ask for each page in turn, as a browser does, through Odoo's own WSGI server.

    :return: for each page the median seconds, and the most queries of a request
    """
    client = _log_in(env)
    pages = (YARDSTICK, *PAGES)
    seconds, queries = {page: [] for page in pages}, {page: [] for page in pages}
    for number in range(WARM_UP + REQUESTS):
        # who begins changes, so that nobody gains by the order
        for page in pages if number % 2 else pages[::-1]:
            before, start = sql_db.sql_counter, time.perf_counter()
            response = client.get(page, environ_overrides=LOCAL)
            seconds[page].append(time.perf_counter() - start)
            queries[page].append(sql_db.sql_counter - before)
            if response.status_code != 200:
                raise AssertionError(f"{page} answered {response.status}")
    return {
        page: {
            "seconds": statistics.median(seconds[page][WARM_UP:]),
            "queries": max(queries[page][WARM_UP:]),
        }
        for page in pages
    }


def _log_in(env):
    from werkzeug.test import Client

    import odoo.http
    from odoo.tools import config

    database = env.cr.dbname
    config["dbfilter"] = f"^{re.escape(database)}$"
    config["db_name"] = [database]
    client = Client(odoo.http.root)
    page = client.get("/web/login", environ_overrides=LOCAL).get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
    client.post(
        "/web/login",
        data={"csrf_token": token, "login": LOGIN, "password": LOGIN},
        environ_overrides=LOCAL,
    )
    return client
