"""A streaming replica: who reads there, and who has just written does not."""

import http.cookiejar
import re
import time
import urllib.parse
import urllib.request

from .shell import SetupError, progress

#: Whom ``bench.portal`` makes.
LOGIN = "bench-participant"
PAGES = (
    "/my/referral",
    "/my/referral/referrals",
    "/my/referral/billing",
    "/my/referral/materials",
    "/my/referral/withdraw",
)
#: Times that each page is asked for.
ROUNDS = 10
SETTING = re.compile(r'<input[^>]*id="mail_statement"[^>]*>')
COUNT = (
    "SELECT xact_commit + xact_rollback FROM pg_stat_database"
    " WHERE datname = current_database()"
)
#: Seconds after which a server process has told of its transactions.
TOLD = 2


class Browser:
    """Somebody's browser, logged in."""

    def __init__(self, url):
        self.url = url
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)
        self.send("/web/login", "/web/login", login=LOGIN, password=LOGIN)

    def open(self, path, data=None):
        with self.opener.open(f"{self.url}{path}", data, timeout=120) as answer:
            return answer.read().decode()

    def send(self, path, page, **values):
        """Send a form with the token of a page."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.open(page))
        values = {"csrf_token": token.group(1), **values}
        return self.open(path, urllib.parse.urlencode(values).encode())

    def wants_statements(self):
        """Tell what the overview says of a setting."""
        return "checked" in SETTING.search(self.open("/my/referral")).group()

    def forget_writing(self):
        """Be as somebody who wrote a while ago."""
        for handler in self.opener.handlers:
            if isinstance(handler, urllib.request.HTTPCookieProcessor):
                for cookie in list(handler.cookiejar):
                    if cookie.name == "referral_wrote":
                        handler.cookiejar.clear(cookie.domain, cookie.path, cookie.name)


def show(source, primary, replica):
    """Have pages served by a replica, and say how many transactions went where.

    :return: a sentence for the documentation
    :raise SetupError: if the wrong one serves a page
    """
    database = source.fresh("replica")
    with progress("accruing a month for its pages"):
        source.stage.run("ours", database)
        source.stage.run("portal", database)
    with progress("copying the cluster into a replica"):
        replica.copy(primary)
    host = source.host(
        1, database, 1,
        db_replica_host=str(replica.socket), db_replica_port="5432",
    )  # fmt: skip
    try:
        host.wait()
        said = _reading(host, primary, replica, database)
        _writing(host, replica, database)
    finally:
        host.kill()
    return said


def _reading(host, primary, replica, database):
    browser = Browser(host.url)
    browser.forget_writing()
    for page in PAGES:
        browser.open(page)
    counts = []
    for wanted in (0, ROUNDS * len(PAGES)):
        for number in range(wanted):
            browser.open(PAGES[number % len(PAGES)])
        time.sleep(TOLD)
        counts.append(
            [int(cluster.query(COUNT, database)[0]) for cluster in (primary, replica)]
        )
    at_primary, at_replica = (
        after - before for before, after in zip(*counts, strict=True)
    )
    requests = ROUNDS * len(PAGES)
    if at_replica < requests:
        raise SetupError(
            f"of {requests} pages the replica served {at_replica}",
            f"read {host.log}: a page that writes is served anew",
        )
    return (
        f"Of {requests} requests for the participant's pages the replica did "
        f"{at_replica} transactions, PostgreSQL itself {at_primary} (sessions, "
        "scheduled actions). While the replica stood still, whoever sent a form saw "
        "what they had done, and another session saw it once the replica went on."
    )


def _writing(host, replica, database):
    """Check that whoever writes sees it, while the replica stands still."""
    writer, other = Browser(host.url), Browser(host.url)
    writer.forget_writing()
    other.forget_writing()
    before = writer.wants_statements()
    replica.query("SELECT pg_wal_replay_pause()")
    while replica.query("SELECT pg_get_wal_replay_pause_state()") != ["paused"]:
        time.sleep(0.1)
    change = {} if before else {"mail_statement": "1"}
    writer.send("/my/referral/mail", "/my/referral", **change)
    seen = {
        "the writer": writer.wants_statements() is not before,
        "another, of the replica": other.wants_statements() is before,
    }
    replica.query("SELECT pg_wal_replay_resume()")
    end = time.monotonic() + 30
    while other.wants_statements() is before and time.monotonic() < end:
        time.sleep(0.2)
    seen["another, when it went on"] = other.wants_statements() is not before
    wrong = [who for who, right in seen.items() if not right]
    if wrong:
        raise SetupError(f"{', '.join(wrong)} did not see it", f"read {host.log}")
