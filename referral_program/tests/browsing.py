"""A window of a real Chromium that goes from page to page, with real keys."""

import json
import time
from contextlib import contextmanager
from urllib.parse import urljoin

from odoo.tests.common import HOST, ChromeBrowser

#: Sizes of the window: a desk's and a phone's.
DESK = (1400, 900)
PHONE = (390, 844)
#: Seconds that something on a page has to appear.
PATIENCE = 30
#: What the DevTools protocol has to know of a key: its code, its number, its text.
KEYS = {
    "Tab": ("Tab", 9, ""),
    "Enter": ("Enter", 13, "\r"),
    " ": ("Space", 32, " "),
    "ArrowDown": ("ArrowDown", 40, ""),
}
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
    """

    def __init__(self, case):
        self.case = case
        self.browser = ChromeBrowser(case)
        # who asks for a file gets one of these instead of a dialog
        self.files = []
        self.browser._handlers["Page.fileChooserOpened"] = self._choose_files
        self.command("Page.setInterceptFileChooserDialog", enabled=True)

    def _choose_files(self, backendNodeId, **_event):
        self.browser._websocket_send(
            "DOM.setFileInputFiles",
            params={"files": self.files, "backendNodeId": backendNodeId},
        )

    def command(self, method, **params):
        """Send a command of the DevTools protocol and return its result."""
        return self.browser._websocket_request(method, params=params, timeout=PATIENCE)

    def evaluate(self, expression):
        """Run JavaScript and return its value; promises are awaited."""
        result = self.command(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in result:
            raise AssertionError(json.dumps(result["exceptionDetails"]))
        return result["result"].get("value")

    def wait(self, condition):
        """Wait until an expression is true."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            result = self.command(
                "Runtime.evaluate", expression=f"Boolean({condition})"
            )
            if result["result"].get("value"):
                return
            time.sleep(0.05)
        raise AssertionError(
            f"{condition} did not come on {self.evaluate('location.href')}"
        )

    # === Where it is === #

    def resize(self, size):
        width, height = size
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def speak(self, lang):
        """Have the pages that follow in a language."""
        self.browser.set_cookie("frontend_lang", lang, "/", HOST)

    def open(self, path):
        """Open a page of the server and wait until it is there."""
        self.leave()
        self.browser.navigate_to(urljoin(self.case.base_url(), path))
        self.arrive()

    def leave(self):
        """Mark the page, so that the next one is known by not having the mark."""
        self.evaluate("window.isLeft = true")

    def arrive(self, condition="true"):
        """Wait for the page after the one that was left."""
        self.wait(f"!window.isLeft && {READY} && {condition}")

    # === Keys === #

    def press(self, key, times=1):
        """Press and release a key, as a hand does."""
        code, number, text = KEYS[key]
        for _time in range(times):
            for kind in ("keyDown", "keyUp"):
                self.command(
                    "Input.dispatchKeyEvent",
                    type=kind,
                    key=key,
                    code=code,
                    windowsVirtualKeyCode=number,
                    text=text if kind == "keyDown" else "",
                )

    def type(self, text):
        """Type a text into what has the focus, in place of what is in it."""
        self.evaluate("document.activeElement.select()")
        self.command("Input.insertText", text=text)

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

    @contextmanager
    def _window(self, user=None):
        """Give a window in which a user is logged in.

        What a test needs in the database has to be there before.
        """
        window = Window(self)
        try:
            with self.allow_requests(browser=window.browser):
                login = user and user.login
                self.authenticate(login, login, browser=window.browser)
                self.cr.flush()
                self.cr.clear()
                yield window
                self._wait_remaining_requests()
            self.assertFalse(window.browser.had_failure, "an error in the console")
        finally:
            window.browser.stop()
        # what the pages have written is seen from here on
        self.env.invalidate_all()
