"""A window of a real Chromium that goes from page to page, with real keys."""

import json
import resource
from contextlib import contextmanager
from urllib.parse import urljoin

from odoo.tests import common

#: Sizes of the window: a desk's and a phone's.
DESK = (1400, 900)
PHONE = (390, 844)
#: Milliseconds that something on a page has to appear.
PATIENCE = 30_000
#: The page's JavaScript is at work: its words are there, and it has shown what it shows
#: at once. Whoever leaves earlier may keep the next page's JavaScript from its store.
READY = (
    "document.readyState === 'complete' && (words => words"
    " && words.translatedTerms[words.translationLoaded])"
    "(odoo.loader.modules.get('@web/core/l10n/translation'))"
    " && !document.querySelector('.o_referral_show:not(.d-none)')"
)


class Window:
    """A window of Chromium.

    :param case: the ``HttpCase`` whose server it talks to
    :param page: Playwright's
    """

    def __init__(self, case, page):
        self.case = case
        self.page = page
        #: what went wrong in the pages' JavaScript
        self.errors = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._listen)
        # listened to from the start: a chooser that opens before is Chromium's own
        page.on("filechooser", lambda chooser: None)

    def _listen(self, message):
        # an answer with an error's status is not JavaScript's, and what is elsewhere,
        # such as a website's fonts, is out of reach
        elsewhere = not message.location["url"].startswith(self.case.base_url())
        unreached = elsewhere and "ERR_NAME_NOT_RESOLVED" in message.text
        answered = "the server responded" in message.text
        if message.type == "error" and not (unreached or answered):
            self.errors.append(message.text)

    def evaluate(self, expression):
        """Run JavaScript and return its value; promises are awaited."""
        return self.page.evaluate(expression)

    def wait(self, condition):
        """Wait until an expression is true."""
        self.page.wait_for_function(condition)

    # === Where it is === #

    def resize(self, size):
        width, height = size
        self.page.set_viewport_size({"width": width, "height": height})

    def set_cookie(self, name, value, path, domain):
        """Set a cookie, as Odoo asks of its own browser."""
        cookie = {"name": name, "value": value, "path": path, "domain": domain}
        self.page.context.add_cookies([cookie])

    def speak(self, lang):
        """Have the pages that follow in a language."""
        self.set_cookie("frontend_lang", lang, "/", common.HOST)

    def open(self, path):
        """Open a page of the server and wait until it is there."""
        self.page.goto(urljoin(self.case.base_url(), path))
        self.arrive()

    def leave(self):
        """Mark the page, so that the next one is known by not having the mark."""
        self.evaluate("window.isLeft = true")

    def arrive(self, condition="true"):
        """Wait for the page after the one that was left."""
        self.wait(f"!window.isLeft && {READY} && {condition}")

    # === Keys === #

    def press(self, key):
        """Press and release a key, as a hand does."""
        self.page.keyboard.press(key)

    def type(self, text):
        """Type a text into what has the focus, in place of what is in it."""
        self.evaluate("document.activeElement.select()")
        self.page.keyboard.insert_text(text)

    def focused(self):
        """Return how the element with the focus is told from others."""
        return self.evaluate(
            "(e => e.id || e.name || e.getAttribute('href') || e.tagName)"
            "(document.activeElement)"
        )

    def tab_to(self, selector):
        """Press Tab until an element has the focus.

        :raise AssertionError: if it is never reached
        """
        there = f"document.activeElement.matches({json.dumps(selector)})"
        for _time in range(100):
            if self.evaluate(there):
                return
            self.press("Tab")
        raise AssertionError(f"{selector} is not reached with the Tab key")


class BrowsingMixin:
    """For test cases with pages."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # whoever runs other tests of the addon may do without it
        from playwright.sync_api import sync_playwright

        # Odoo limits its memory; Chromium reserves addresses beyond any such limit
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_AS, (soft, hard))
        playwright = cls.enterClassContext(sync_playwright())
        cls.chromium = cls.enterClassContext(
            playwright.chromium.launch(
                executable_path=common._find_executable(),
                # nothing but the server is reached
                args=[f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {common.HOST}"],
            )
        )

    @contextmanager
    def _window(self, user=None):
        """Give a window in which a user is logged in.

        What a test needs in the database has to be there before.
        """
        with self.chromium.new_context() as context:
            window = Window(self, context.new_page())
            with self.allow_requests(browser=window):
                login = user and user.login
                self.authenticate(login, login, browser=window)
                self.cr.flush()
                self.cr.clear()
                yield window
                self._wait_remaining_requests()
            self.assertEqual(window.errors, [])
        # what the pages have written is seen from here on
        self.env.invalidate_all()
